/* SPDX-License-Identifier: Apache-2.0 */
/* Batches out of sightings, and the times nobody watched; see slot.h. */
#include "store/slot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/member.h"
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

/* ---- what was seen, to be shown ---- */

static const struct column count_columns[] = {
    INT_COLUMN(struct slot_count, start_ms),
    INT_COLUMN(struct slot_count, demand),
    INT_COLUMN(struct slot_count, requests),
};
static const struct row_type count_type = ROW_TYPE(struct slot_count, count_columns);

#define SELECT_COUNTS(units) "SELECT g.at_ms - g.at_ms MOD ? AS start_ms, SUM(" units "),"         \
    " COUNT(DISTINCT IF(g.request_id = '', g.resource_id, g.request_id)) FROM sightings g "
#define GROUP_COUNTS " AND g.at_ms >= ? AND g.at_ms < ? GROUP BY start_ms ORDER BY start_ms LIMIT ?"
/* What one sighting is worth of a resource; a server's size is what its boot said. */
#define UNITS "CASE ? WHEN 'VCPU' THEN COALESCE(b.vcpus, 0)"                                       \
    " WHEN 'MEMORY_MB' THEN COALESCE(b.memory_mb, 0) WHEN 'DISK_GB' THEN COALESCE(b.disk_gb, 0)"   \
    " WHEN 'gigabytes' THEN COALESCE(JSON_VALUE(p.key_json, '$.size'), 0) ELSE 1 END"

static enum series_kind kind_of_resource(const char *resource)
{
    static const struct {
        const char *name;
        enum series_kind kind;
    } resources[] = {
        { "ports", SERIES_PORT },     { "addresses", SERIES_PORT },
        { "volumes", SERIES_VOLUME }, { "gigabytes", SERIES_VOLUME },
    };

    for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
        if (strcmp(resources[i].name, resource) == 0)
            return resources[i].kind;
    return SERIES_CAPACITY;
}

static int count_series(struct store *store, const char *id, int64_t slot_ms, int64_t from_ms,
                        int64_t until_ms, size_t most, struct slot_count *ret_counts,
                        size_t *ret_count, struct error *error)
{
    return query_read(store, SELECT_COUNTS("1") "FORCE INDEX (sightings_series)"
                      " WHERE g.series_id = CAST(? AS SIGNED)" GROUP_COUNTS,
                      VALUES(INT(slot_ms), TEXT(id), INT(from_ms), INT(until_ms), INT(most)),
                      &count_type, ret_counts, most, ret_count, error);
}

static int count_flavor(struct store *store, const char *id, int64_t slot_ms, int64_t from_ms,
                        int64_t until_ms, size_t most, struct slot_count *ret_counts,
                        size_t *ret_count, struct error *error)
{
    return query_read(store, SELECT_COUNTS("1") "FORCE INDEX (sightings_time)"
                      " STRAIGHT_JOIN series s ON s.id = g.series_id"
                      " WHERE s.kind = 'capacity' AND s.flavor_id = ?" GROUP_COUNTS,
                      VALUES(INT(slot_ms), TEXT(id), INT(from_ms), INT(until_ms), INT(most)),
                      &count_type, ret_counts, most, ret_count, error);
}

static int count_resource(struct store *store, const char *id, int64_t slot_ms, int64_t from_ms,
                          int64_t until_ms, size_t most, struct slot_count *ret_counts,
                          size_t *ret_count, struct error *error)
{
    return query_read(store, SELECT_COUNTS(UNITS) "FORCE INDEX (sightings_time)"
                      " STRAIGHT_JOIN series s ON s.id = g.series_id"
                      " LEFT JOIN boots b ON b.instance_id = g.resource_id"
                      " LEFT JOIN pools p ON p.kind = CONCAT(s.kind) AND p.key_digest = s.digest"
                      " WHERE s.kind = ?" GROUP_COUNTS,
                      VALUES(INT(slot_ms), TEXT(id), TEXT(series_kind_name(kind_of_resource(id))),
                             INT(from_ms), INT(until_ms), INT(most)),
                      &count_type, ret_counts, most, ret_count, error);
}

int slot_counts_read(struct store *store, enum forecast_subject subject, const char *subject_id,
                     int64_t slot_ms, int64_t from_ms, int64_t until_ms, size_t most,
                     struct slot_count *ret_counts, size_t *ret_count, struct error *error)
{
    static int (*const readers[])(struct store *, const char *, int64_t, int64_t, int64_t, size_t,
                                  struct slot_count *, size_t *, struct error *) = {
        [FORECAST_SERIES] = count_series,
        [FORECAST_FLAVOR] = count_flavor,
        [FORECAST_RESOURCE] = count_resource,
    };

    return readers[subject](store, subject_id, slot_ms, from_ms, until_ms, most, ret_counts,
                            ret_count, error);
}

int subject_kind(struct store *store, enum forecast_subject subject, const char *subject_id,
                 enum series_kind *ret_kind, struct error *error)
{
    struct series series = { .kind = SERIES_CAPACITY };
    int64_t id = 0;
    int r = 0;

    if (subject == FORECAST_SERIES) {
        text_to_int(subject_id, 1, INT64_MAX, &id);
        r = series_get(store, id, &series, error);
    }
    *ret_kind = subject == FORECAST_RESOURCE ? kind_of_resource(subject_id) : series.kind;
    return r;
}

/* ---- when was watched ---- */

#define HOOKS_IDLE_MS INT64_C(604800000) /* that hooks report nothing, and are there all the same */
#define BEAT_MS MEMBER_DOWN_MS           /* the API says now and then that it is there */

static int read_span(struct store *store, const char *source, struct span *ret_span,
                     struct error *error)
{
    struct watch watch;
    int r = watch_get(store, source, &watch, error);

    *ret_span = (struct span){ 0 };
    if (r == 0)
        *ret_span = (struct span){ watch.since_ms, watch.until_ms };
    return r == -ENOENT ? 0 : r;
}

static int reporting_read(struct store *store, int64_t since_ms, struct reporting *reporting,
                          struct error *error)
{
    autofree struct gap *gaps = calloc(GAPS_MOST, sizeof(*gaps));
    int r = gaps ? read_span(store, SOURCE_API, &reporting->api, error)
                 : error_set(error, -ENOMEM, "No memory for %d gaps", GAPS_MOST);

    if (r == 0)
        r = gap_list(store, SOURCE_API, ALL_KINDS, since_ms, GAPS_MOST, gaps,
                     &reporting->gap_count, error);
    for (size_t i = 0; r == 0 && i < reporting->gap_count; i++)
        reporting->gaps[i] = (struct span){ gaps[i].from_ms, gaps[i].until_ms };
    for (enum series_kind kind = 0; r == 0 && kind < SERIES_KINDS; kind++) {
        char source[SOURCE_SIZE];

        snprintf(source, sizeof(source), SOURCE_HOOKS, series_kind_name(kind));
        r = read_span(store, source, &reporting->hooks[kind], error);
    }
    return r;
}

int watching_read(struct store *store, int64_t since_ms, struct watching *ret_watching,
                  struct error *error)
{
    struct watch watch;
    int r = watch_get(store, SOURCE_BUS, &watch, error);

    if (r < 0 && r != -ENOENT)
        return r;
    ret_watching->until_ms = r == 0 ? watch.until_ms : INT64_MAX;
    r = gap_list(store, SOURCE_BUS, ALL_KINDS, since_ms, GAPS_MOST, ret_watching->gaps,
                 &ret_watching->gap_count, error);
    if (r >= 0)
        r = reporting_read(store, since_ms, &ret_watching->reporting, error);
    if (r < 0)
        return r;
    return query_read_int(store, "SELECT COALESCE(MAX(filled_ms), 0) FROM gaps", NO_VALUES,
                          &ret_watching->filled_ms, error);
}

static bool is_missed(const struct gap *gap, enum series_kind kind, int64_t from_ms,
                      int64_t until_ms)
{
    return gap->from_ms < until_ms && gap->until_ms > from_ms && !(gap->filled & KIND_BIT(kind));
}

static bool api_was_there(const struct reporting *reporting, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < reporting->gap_count; i++)
        if (reporting->gaps[i].from_ms < until_ms && reporting->gaps[i].until_ms > from_ms)
            return false;
    return reporting->api.from_ms > 0 && reporting->api.from_ms <= from_ms
           && until_ms <= reporting->api.until_ms + BEAT_MS;
}

static bool is_reported(const struct reporting *reporting, enum series_kind kind, int64_t from_ms,
                        int64_t until_ms)
{
    const struct span *hooks = &reporting->hooks[kind];

    return hooks->from_ms > 0 && hooks->from_ms <= from_ms
           && from_ms <= hooks->until_ms + HOOKS_IDLE_MS
           && api_was_there(reporting, from_ms, until_ms);
}

static bool bus_missed(const struct watching *watching, enum series_kind kind, int64_t from_ms,
                       int64_t until_ms)
{
    for (size_t i = 0; i < watching->gap_count; i++)
        if (is_missed(&watching->gaps[i], kind, from_ms, until_ms))
            return true;
    return until_ms > watching->until_ms;
}

bool watching_misses(const struct watching *watching, enum series_kind kind, int64_t from_ms,
                     int64_t until_ms)
{
    return bus_missed(watching, kind, from_ms, until_ms)
           && !is_reported(&watching->reporting, kind, from_ms, until_ms);
}
