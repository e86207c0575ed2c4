/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over demand and items, and the course of one pool's; see gain.h. */
#include "store/gain.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/query.h"

static const struct column gain_columns[] = {
    TEXT_COLUMN(struct pool_gain, id),
    CHOICE_COLUMN(struct pool_gain, kind, KIND_CHOICES),
    INT_COLUMN(struct pool_gain, floor),
    INT_COLUMN(struct pool_gain, ceiling),
    INT_COLUMN(struct pool_gain, target),
    INT_COLUMN(struct pool_gain, lead_time_ms),
    INT_COLUMN(struct pool_gain, created_ms),
    INT_COLUMN(struct pool_gain, hits),
    INT_COLUMN(struct pool_gain, misses),
    FLOAT_COLUMN(struct pool_gain, hit_seconds),
    FLOAT_COLUMN(struct pool_gain, miss_seconds),
    INT_COLUMN(struct pool_gain, timed),
    FLOAT_COLUMN(struct pool_gain, idle_seconds),
};
static const struct row_type gain_type = ROW_TYPE(struct pool_gain, gain_columns);

/* An item lies idle from when it is ready until it is, for the last time, anything else. */
static const char read_gains[] =
    "SELECT p.id, p.kind, p.floor, p.ceiling, p.target, p.lead_time_ms, p.created_ms,"
    " COALESCE(d.hits, 0), COALESCE(d.misses, 0), COALESCE(d.hit_seconds, 0),"
    " COALESCE(d.miss_seconds, 0), COALESCE(d.timed, 0), COALESCE(i.idle_ms, 0) / 1000"
    " FROM pools p LEFT JOIN (SELECT pool_id, SUM(outcome = 'hit') AS hits,"
    "  SUM(outcome = 'miss') AS misses, SUM(IF(outcome = 'hit', seconds, 0)) AS hit_seconds,"
    "  SUM(IF(outcome = 'miss', seconds, 0)) AS miss_seconds,"
    "  SUM(outcome = 'miss' AND seconds > 0) AS timed"
    "  FROM demand WHERE at_ms >= ? AND at_ms < ? GROUP BY pool_id) d ON d.pool_id = p.id"
    " LEFT JOIN (SELECT pool_id, SUM(GREATEST(0, LEAST(IF(state = 'ready', ?, changed_ms), ?)"
    "   - GREATEST(ready_ms, ?))) AS idle_ms FROM items WHERE ready_ms > 0 AND ready_ms < ?"
    "  AND (state = 'ready' OR changed_ms > ?) GROUP BY pool_id) i ON i.pool_id = p.id"
    " WHERE p.kind IN ('port','volume') ORDER BY p.id LIMIT ?";

int pool_gains_read(struct store *store, int64_t from_ms, int64_t until_ms,
                    struct pool_gain **ret_rows, size_t *ret_count, struct error *error)
{
    autofree struct pool_gain *rows = calloc(GAIN_POOLS_MOST, sizeof(*rows));
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "No memory for %d pools", GAIN_POOLS_MOST);
    r = query_read(store, read_gains,
                   VALUES(INT(from_ms), INT(until_ms), INT(until_ms), INT(until_ms), INT(from_ms),
                          INT(until_ms), INT(from_ms), INT(GAIN_POOLS_MOST)),
                   &gain_type, rows, GAIN_POOLS_MOST, ret_count, error);
    if (r == 0)
        *ret_rows = steal(&rows);
    return r;
}

int demand_outside(struct store *store, int64_t from_ms, int64_t until_ms, int64_t *ret_count,
                   struct error *error)
{
    return query_read_int(store, "SELECT COUNT(*) FROM demand WHERE pool_id = '' AND at_ms >= ?"
                          " AND at_ms < ?", VALUES(INT(from_ms), INT(until_ms)), ret_count, error);
}

static const struct column event_columns[] = {
    INT_COLUMN(struct replay_event, at_ms),
    INT_COLUMN(struct replay_event, items),
};
static const struct row_type event_type = ROW_TYPE(struct replay_event, event_columns);

int demand_events(struct store *store, const char *pool_id, int64_t after_ms, int64_t until_ms,
                  size_t most, struct replay_event *ret_events, size_t *ret_count,
                  struct error *error)
{
    return query_read(store, "SELECT at_ms, COUNT(*) FROM demand WHERE pool_id = ? AND at_ms > ?"
                      " AND at_ms < ? GROUP BY at_ms ORDER BY at_ms LIMIT ?",
                      VALUES(TEXT(pool_id), INT(after_ms), INT(until_ms), INT(most)), &event_type,
                      ret_events, most, ret_count, error);
}

struct step_row {
    struct replay_step step;
    int64_t before;
};

static const struct column step_columns[] = {
    INT_COLUMN(struct step_row, step.at_ms),
    INT_COLUMN(struct step_row, step.goal),
    INT_COLUMN(struct step_row, before),
};
static const struct row_type step_type = ROW_TYPE(struct step_row, step_columns);

int target_steps(struct store *store, const char *pool_id, int64_t from_ms, int64_t until_ms,
                 size_t most, struct replay_step *ret_steps, size_t *ret_count,
                 int64_t *ret_before, struct error *error)
{
    autofree struct step_row *rows = calloc(most + 1, sizeof(*rows));
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "No memory for %zu targets", most);
    r = query_read(store, "SELECT at_ms, target, previous FROM decisions WHERE pool_id = ?"
                   " AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, id LIMIT ?",
                   VALUES(TEXT(pool_id), INT(from_ms), INT(until_ms), INT(most)), &step_type, rows,
                   most, ret_count, error);
    for (size_t i = 0; r == 0 && i < *ret_count; i++)
        ret_steps[i] = rows[i].step;
    if (r == 0 && *ret_count)
        *ret_before = rows[0].before;
    return r;
}
