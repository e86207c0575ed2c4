/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing for the planner, in bulk; see plan.h. */
#include "store/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/forecast.h"
#include "store/pool.h"
#include "store/query.h"

#define PAGE 500 /* pools read or written in one statement */

/* ---- reading ---- */

struct read_row {
    struct plan_row row;
    enum kind kind;
    enum pool_state state;
    int64_t size;
    int64_t length_s;
    struct quantiles quantiles;
};

static const struct column read_columns[] = {
    TEXT_COLUMN(struct read_row, row.id),
    CHOICE_COLUMN(struct read_row, kind, KIND_CHOICES),
    CHOICE_COLUMN(struct read_row, state, POOL_STATE_CHOICES),
    TEXT_COLUMN(struct read_row, row.pool.project_id),
    INT_COLUMN(struct read_row, size),
    INT_COLUMN(struct read_row, row.pool.lead_time_ms),
    INT_COLUMN(struct read_row, row.pool.floor),
    INT_COLUMN(struct read_row, row.pool.ceiling),
    INT_COLUMN(struct read_row, row.pool.before.target),
    INT_COLUMN(struct read_row, row.pool.before.lower_since_ms),
    INT_COLUMN(struct read_row, row.pool.before.lower_most),
    CHOICE_COLUMN(struct read_row, row.tier, TIER_CHOICES),
    TEXT_COLUMN(struct read_row, row.tier_rule),
    INT_COLUMN(struct read_row, row.target_since_ms),
    INT_COLUMN(struct read_row, length_s),
    INT_COLUMN(struct read_row, row.pool.forecast_made_ms),
    INT_COLUMN(struct read_row, row.model_version),
    FLOAT_COLUMN(struct read_row, row.pool.forecast.mean),
    FLOAT_COLUMN(struct read_row, row.pool.forecast.variance),
    BYTES_COLUMN(struct read_row, quantiles.bytes, quantiles.length),
};
static const struct row_type read_type = ROW_TYPE(struct read_row, read_columns);

/* The shortest forecast that covers the protection interval, else the longest there is.  The kind
 * is a value for each table, not a join: two ENUMs that differ compare as texts, past the index. */
#define FORECAST_OF                                                                                \
    "FROM forecasts g WHERE g.subject = 'series' AND g.subject_id = CAST(s.id AS CHAR)"
/* Not the mean: in half of the cases that would be too short. */
#define LEAD_TIME "GREATEST(p.lead_time_ms, p.lead_time_high_ms)"
static const char read_pools[] =
    "SELECT p.id, p.kind, p.state, p.project_id, COALESCE(JSON_VALUE(p.key_json, '$.size'), 0) + 0,"
    " " LEAD_TIME ", p.floor, p.ceiling, p.target, p.lower_since_ms, p.lower_most, p.tier,"
    " p.tier_rule, p.target_since_ms, COALESCE(f.length_s, 0), COALESCE(f.made_ms, 0),"
    " COALESCE(f.model_version, 0), COALESCE(f.mean, 0), COALESCE(f.variance, 0),"
    " COALESCE(f.quantiles, '')"
    " FROM pools p FORCE INDEX (PRIMARY)"
    " LEFT JOIN series s ON s.kind = ? AND s.digest = p.key_digest"
    " LEFT JOIN forecasts f ON f.subject = 'series' AND f.subject_id = CAST(s.id AS CHAR)"
    "  AND f.length_s = COALESCE((SELECT MIN(g.length_s) " FORECAST_OF
    "                             AND g.length_s * 1000 >= " LEAD_TIME " + ?),"
    "                            (SELECT MAX(g.length_s) " FORECAST_OF "))"
    " WHERE p.kind = ? AND p.id > ? ORDER BY p.id LIMIT ?";

static void take_row(const struct read_row *row, struct plan_row *ret_row)
{
    *ret_row = row->row;
    ret_row->pool.kind = row->kind == KIND_PORT ? PLAN_PORT : PLAN_VOLUME;
    ret_row->pool.active = row->state == POOL_ACTIVE;
    ret_row->pool.gigabytes = row->kind == KIND_VOLUME ? (double)row->size : 0;
    ret_row->pool.forecast_length_ms = row->length_s * 1000;
    ret_row->pool.has_forecast = row->length_s > 0
        && quantiles_read(&row->quantiles, ret_row->pool.forecast.quantiles, NULL) == 0;
}

struct reading {
    struct plan_row *rows;
    size_t count;
    struct read_row *page; /* PAGE of them */
    int64_t review_ms;
};

static int read_page(struct store *store, struct reading *reading, const char *kind,
                     const char *marker, size_t *ret_count, struct error *error)
{
    struct plan_row *rows;
    int r = query_read(store, read_pools, VALUES(TEXT(kind), INT(reading->review_ms), TEXT(kind),
                                                 TEXT(marker), INT(PAGE)),
                       &read_type, reading->page, PAGE, ret_count, error);

    if (r < 0)
        return r;
    rows = realloc(reading->rows, (reading->count + *ret_count + 1) * sizeof(*rows));
    if (!rows)
        return error_set(error, -ENOMEM, "No memory for %zu pools", reading->count + *ret_count);
    reading->rows = rows;
    for (size_t i = 0; i < *ret_count; i++)
        take_row(&reading->page[i], &rows[reading->count++]);
    return 0;
}

static int read_kind(struct store *store, struct reading *reading, enum kind kind,
                     struct error *error)
{
    char marker[ID_SIZE] = "";
    size_t count = PAGE;
    int r = 0;

    while (r == 0 && count == PAGE) {
        r = read_page(store, reading, kind_name(kind), marker, &count, error);
        if (r == 0 && count)
            text_copy(marker, sizeof(marker), reading->rows[reading->count - 1].id);
    }
    return r;
}

int plan_read(struct store *store, int64_t review_ms, struct plan_row **ret_rows,
              size_t *ret_count, struct error *error)
{
    autofree struct read_row *page = calloc(PAGE, sizeof(*page));
    struct reading reading = { .page = page, .review_ms = review_ms };
    int r = page ? 0 : error_set(error, -ENOMEM, "No memory for a list of pools");

    if (r == 0)
        r = read_kind(store, &reading, KIND_PORT, error);
    if (r == 0)
        r = read_kind(store, &reading, KIND_VOLUME, error);
    if (r < 0) {
        free(reading.rows);
        return r;
    }
    *ret_rows = reading.rows;
    *ret_count = reading.count;
    return 0;
}

/* ---- writing ---- */

struct change {
    char id[ID_SIZE];
    int64_t target, target_since_ms, lower_since_ms, lower_most;
    enum tier tier;
    char tier_rule[ID_SIZE];
};

static const struct column change_columns[] = {
    INT_COLUMN(struct change, target),
    INT_COLUMN(struct change, target_since_ms),
    INT_COLUMN(struct change, lower_since_ms),
    INT_COLUMN(struct change, lower_most),
    CHOICE_COLUMN(struct change, tier, TIER_CHOICES),
    TEXT_COLUMN(struct change, tier_rule),
    TEXT_COLUMN(struct change, id),
};
static const struct row_type change_type = ROW_TYPE(struct change, change_columns);

static const struct column decision_columns[] = {
    INT_COLUMN(struct decision, id),
    TEXT_COLUMN(struct decision, pool_id),
    INT_COLUMN(struct decision, at_ms),
    INT_COLUMN(struct decision, target),
    INT_COLUMN(struct decision, previous),
    CHOICE_COLUMN(struct decision, tier, TIER_CHOICES),
    FLOAT_COLUMN(struct decision, service_level),
    INT_COLUMN(struct decision, interval_ms),
    FLOAT_COLUMN(struct decision, mean),
    INT_COLUMN(struct decision, model_version),
    TEXT_COLUMN(struct decision, reason),
};
static const struct row_type decision_type = ROW_TYPE(struct decision, decision_columns);
static const struct row_type new_decision_type = {
    .columns = decision_columns + 1, .count = ARRAY_SIZE(decision_columns) - 1,
    .size = sizeof(struct decision),
};

static const char *rule_of(const struct plan_row *row)
{
    return row->pool.tier.rule ? row->pool.tier.rule->id : "";
}

static bool has_new_target(const struct plan_row *row)
{
    return row->pool.answer.after.target != row->pool.before.target;
}

static bool differs(const struct plan_row *row)
{
    const struct target_state *before = &row->pool.before, *after = &row->pool.answer.after;

    return has_new_target(row) || after->lower_since_ms != before->lower_since_ms
           || after->lower_most != before->lower_most || row->tier != row->pool.tier.tier
           || !text_equal(row->tier_rule, rule_of(row));
}

static struct change change_of(const struct plan_row *row, int64_t now_ms)
{
    const struct target_state *after = &row->pool.answer.after;
    struct change change = {
        .target = after->target,
        .target_since_ms = has_new_target(row) ? now_ms : row->target_since_ms,
        .lower_since_ms = after->lower_since_ms,
        .lower_most = after->lower_most,
        .tier = row->pool.tier.tier,
    };

    text_copy(change.id, sizeof(change.id), row->id);
    text_copy(change.tier_rule, sizeof(change.tier_rule), rule_of(row));
    return change;
}

static struct decision decision_of(const struct plan_row *row, int64_t now_ms)
{
    const struct plan_pool *pool = &row->pool;
    struct decision decision = {
        .at_ms = now_ms,
        .target = pool->answer.after.target,
        .previous = pool->before.target,
        .tier = pool->tier.tier,
        .service_level = pool->level,
        .interval_ms = pool->interval_ms,
        .mean = pool->has_forecast ? pool->forecast.mean : 0,
        .model_version = row->model_version,
    };

    text_copy(decision.pool_id, sizeof(decision.pool_id), row->id);
    words_copy(decision.reason, sizeof(decision.reason), pool->answer.reason);
    return decision;
}

struct writing {
    const struct plan_lease *lease;
    int64_t now_ms;
    struct change changes[PAGE];
    size_t change_count;
    struct decision decisions[PAGE];
    size_t decision_count;
};

/* The lease is written in the same transaction, so of two who think that they lead only one can
 * commit: the other had its turn before this one, or finds the lease gone. */
static int write_page(struct store *store, void *context, struct error *error)
{
    struct writing *writing = context;
    int r = lease_take(store, writing->lease->name, writing->lease->owner,
                       writing->lease->length_ms, writing->now_ms, error);

    if (r == 0)
        return error_set(error, -ESTALE, "Another planner leads now");
    if (r > 0)
        r = query_run_many(store, "UPDATE pools SET target = ?, target_since_ms = ?,"
                           " lower_since_ms = ?, lower_most = ?, tier = ?, tier_rule = ?"
                           " WHERE id = ?", &change_type, writing->changes, writing->change_count,
                           NULL, error);
    if (r == 0)
        r = query_run_many(store, "INSERT INTO decisions (pool_id, at_ms, target, previous, tier,"
                           " service_level, interval_ms, mean, model_version, reason)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &new_decision_type,
                           writing->decisions, writing->decision_count, NULL, error);
    return r;
}

static int flush(struct store *store, struct writing *writing, int64_t *changed,
                 struct error *error)
{
    int r = 0;

    if (writing->change_count)
        r = store_transaction(store, write_page, writing, error);
    if (r == 0)
        *changed += (int64_t)writing->decision_count;
    writing->change_count = writing->decision_count = 0;
    return r;
}

int plan_write(struct store *store, const struct plan_lease *lease, const struct plan_row *rows,
               size_t count, int64_t now_ms, int64_t *ret_changed, struct error *error)
{
    autofree struct writing *writing = calloc(1, sizeof(*writing));
    int r = 0;

    if (!writing)
        return error_set(error, -ENOMEM, "No memory to write targets");
    writing->lease = lease;
    writing->now_ms = now_ms;
    *ret_changed = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (!differs(&rows[i]))
            continue;
        writing->changes[writing->change_count++] = change_of(&rows[i], now_ms);
        if (has_new_target(&rows[i]))
            writing->decisions[writing->decision_count++] = decision_of(&rows[i], now_ms);
        if (writing->change_count == PAGE)
            r = flush(store, writing, ret_changed, error);
    }
    return r < 0 ? r : flush(store, writing, ret_changed, error);
}

/* ---- decisions ---- */

int decision_list(struct store *store, const char *pool_id, int64_t before, size_t most,
                  struct decision *ret_decisions, size_t *ret_count, struct error *error)
{
    const char *pool = pool_id ? pool_id : "";

    return query_read(store, "SELECT id, pool_id, at_ms, target, previous, tier, service_level,"
                      " interval_ms, mean, model_version, reason FROM decisions"
                      " WHERE (? = 0 OR id < ?) AND (? = '' OR pool_id = ?)"
                      " ORDER BY id DESC LIMIT ?",
                      VALUES(INT(before), INT(before), TEXT(pool), TEXT(pool), INT(most)),
                      &decision_type, ret_decisions, most, ret_count, error);
}

int decisions_purge(struct store *store, int64_t before_ms, size_t most, int64_t *ret_removed,
                    struct error *error)
{
    return query_run(store, "DELETE FROM decisions WHERE at_ms < ? AND id NOT IN"
                     " (SELECT * FROM (SELECT MAX(id) FROM decisions GROUP BY pool_id) l) LIMIT ?",
                     VALUES(INT(before_ms), INT(most)), ret_removed, error);
}
