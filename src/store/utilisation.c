/* SPDX-License-Identifier: Apache-2.0 */
/* Utilisation: written in bulk, rolled up by the database, purged in bites. */
#include "store/utilisation.h"

#include "base/cleanup.h"
#include "store/query.h"

#define DAY_S 86400

/* Those of the second and third are whole multiples of the one before. */
const struct resolution resolutions[RESOLUTIONS] = {
    { 300, DAY_S },
    { 3600, 30 * DAY_S },
    { DAY_S, 400 * DAY_S },
};

static const char *const scope_names[] = { "flavor", "project", "host" };

const char *scope_name(enum utilisation_scope scope)
{
    return choice_name(scope_names, ARRAY_SIZE(scope_names), (int)scope);
}

static const struct column utilisation_columns[] = {
    TEXT_COLUMN(struct utilisation, metric),
    CHOICE_COLUMN(struct utilisation, scope, SCOPE_CHOICES),
    TEXT_COLUMN(struct utilisation, scope_id),
    INT_COLUMN(struct utilisation, resolution_s),
    INT_COLUMN(struct utilisation, at_ms),
    FLOAT_COLUMN(struct utilisation, mean),
    FLOAT_COLUMN(struct utilisation, peak),
    INT_COLUMN(struct utilisation, samples),
};
static const struct row_type utilisation_type = ROW_TYPE(struct utilisation, utilisation_columns);

#define WRITE_OVER                                                                                 \
    " ON DUPLICATE KEY UPDATE mean = VALUES(mean), peak = VALUES(peak), samples = VALUES(samples)"

int utilisation_add(struct store *store, const struct utilisation *rows, size_t count,
                    struct error *error)
{
    return query_run_many(store, "INSERT INTO utilisation (metric, scope, scope_id, resolution_s,"
                          " at_ms, mean, peak, samples) VALUES (?, ?, ?, ?, ?, ?, ?, ?)" WRITE_OVER,
                          &utilisation_type, rows, count, NULL, error);
}

static int roll_span(struct store *store, size_t level, int64_t from_ms, struct error *error)
{
    int64_t seconds = resolutions[level].seconds;

    return query_run(store, "INSERT INTO utilisation (metric, scope, scope_id, resolution_s,"
                     " at_ms, mean, peak, samples)"
                     " SELECT metric, scope, scope_id, ?, ?, SUM(mean * samples) / SUM(samples),"
                     " MAX(peak), SUM(samples) FROM utilisation AS fine"
                     " WHERE resolution_s = ? AND at_ms >= ? AND at_ms < ?"
                     " GROUP BY metric, scope, scope_id" WRITE_OVER,
                     VALUES(INT(seconds), INT(from_ms), INT(resolutions[level - 1].seconds),
                            INT(from_ms), INT(from_ms + seconds * 1000)), NULL, error);
}

int utilisation_roll(struct store *store, size_t level, int64_t from_ms, int64_t until_ms,
                     struct error *error)
{
    int64_t span_ms = resolutions[level].seconds * 1000;
    int r = 0;

    for (int64_t at_ms = from_ms - from_ms % span_ms; at_ms < until_ms && r >= 0; at_ms += span_ms)
        r = roll_span(store, level, at_ms, error);
    return r;
}

int utilisation_purge(struct store *store, size_t level, int64_t before_ms, int64_t most,
                      int64_t *ret_removed, struct error *error)
{
    return query_run(store, "DELETE FROM utilisation WHERE resolution_s = ? AND at_ms < ? LIMIT ?",
                     VALUES(INT(resolutions[level].seconds), INT(before_ms), INT(most)),
                     ret_removed, error);
}

int utilisation_list(struct store *store, const struct utilisation_filter *filter, size_t skip,
                     size_t most, struct utilisation *ret_rows, size_t *ret_count,
                     struct error *error)
{
    const char *metric = filter->metric ? filter->metric : "";
    const char *scope_id = filter->scope_id ? filter->scope_id : "";
    const char *scope = filter->scope < 0 ? "" : scope_name((enum utilisation_scope)filter->scope);

    return query_read(store, "SELECT metric, scope, scope_id, resolution_s, at_ms, mean, peak,"
                      " samples FROM utilisation WHERE resolution_s = ? AND at_ms >= ?"
                      " AND (? = 0 OR at_ms < ?) AND (? = '' OR metric = ?)"
                      " AND (? = '' OR scope = ?) AND (? = '' OR scope_id = ?)"
                      " ORDER BY at_ms DESC, metric, scope, scope_id LIMIT ? OFFSET ?",
                      VALUES(INT(filter->resolution_s), INT(filter->from_ms),
                             INT(filter->before_ms), INT(filter->before_ms), TEXT(metric),
                             TEXT(metric), TEXT(scope), TEXT(scope), TEXT(scope_id),
                             TEXT(scope_id), INT(most), INT(skip)), &utilisation_type, ret_rows,
                      most, ret_count, error);
}
