/* SPDX-License-Identifier: Apache-2.0 */
/* Batches out of sightings, and the times nobody watched; see slot.h. */
#include "store/slot.h"

#include <errno.h>

#include "store/query.h"

/* How far apart the servers of one request may come: Nova builds many servers for minutes. */
#define SPREAD_MS (10 * 60 * 1000)

static const struct column batch_columns[] = {
    INT_COLUMN(struct batch, series_id),
    INT_COLUMN(struct batch, at_ms),
    INT_COLUMN(struct batch, size),
};
static const struct row_type batch_type = ROW_TYPE(struct batch, batch_columns);

/* A request that began before the interval is not of it, so we look back for its first sighting. */
#define SELECT_BATCHES "SELECT series_id, MIN(at_ms) AS first_ms, COUNT(*) FROM sightings"
#define GROUP_BATCHES                                                                              \
    " AND at_ms >= ? AND at_ms < ?"                                                                \
    " GROUP BY series_id, request_id, IF(request_id = '', resource_id, '')"                        \
    " HAVING first_ms >= ? AND first_ms < ? ORDER BY series_id, first_ms LIMIT ?"

int batches_of_shard(struct store *store, const struct shard *shard, int64_t from_ms,
                     int64_t until_ms, size_t most, struct batch *ret_batches, size_t *ret_count,
                     struct error *error)
{
    return query_read(store, SELECT_BATCHES " FORCE INDEX (sightings_time)"
                      " WHERE series_id MOD ? = ?" GROUP_BATCHES,
                      VALUES(INT(shard->count), INT(shard->index), INT(from_ms - SPREAD_MS),
                             INT(until_ms + SPREAD_MS), INT(from_ms), INT(until_ms), INT(most)),
                      &batch_type, ret_batches, most, ret_count, error);
}

int batches_of_series(struct store *store, int64_t series_id, int64_t from_ms, int64_t until_ms,
                      size_t most, struct batch *ret_batches, size_t *ret_count,
                      struct error *error)
{
    return query_read(store, SELECT_BATCHES " FORCE INDEX (sightings_series)"
                      " WHERE series_id = ?" GROUP_BATCHES,
                      VALUES(INT(series_id), INT(from_ms - SPREAD_MS), INT(until_ms + SPREAD_MS),
                             INT(from_ms), INT(until_ms), INT(most)),
                      &batch_type, ret_batches, most, ret_count, error);
}

/* ---- when was watched ---- */

int watching_read(struct store *store, int64_t since_ms, struct watching *ret_watching,
                  struct error *error)
{
    struct watch watch = { .until_ms = INT64_MAX };
    int r = watch_get(store, SOURCE_BUS, &watch, error);

    if (r < 0 && r != -ENOENT)
        return r;
    ret_watching->until_ms = watch.until_ms;
    r = gap_list(store, SOURCE_BUS, since_ms, GAPS_MOST, ret_watching->gaps,
                 &ret_watching->gap_count, error);
    if (r < 0)
        return r;
    return query_read_int(store, "SELECT COALESCE(MAX(filled_ms), 0) FROM gaps", NO_VALUES,
                          &ret_watching->filled_ms, error);
}

bool watching_misses(const struct watching *watching, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < watching->gap_count; i++)
        if (watching->gaps[i].from_ms < until_ms && watching->gaps[i].until_ms > from_ms)
            return true;
    return until_ms > watching->until_ms;
}
