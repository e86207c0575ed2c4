/* SPDX-License-Identifier: Apache-2.0 */
/* The resource series: the demand for one thing over time. */
#include "store/series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/seen.h"
#include "store/pool.h"

static const struct parameter parameters[] = {
    PARAMETER_KIND(SERIES_KIND_CHOICES),
    PARAMETER_PROJECT,
    PARAMETER_POOL,
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, before),
      .most = INT64_MAX },
};
const struct parameters series_parameters = PARAMETERS(parameters);

static void put_members(struct json_writer *writer, const struct series *series)
{
    json_put_int(writer, "id", series->id);
    json_put_text(writer, "kind", series_kind_name(series->kind));
    json_put_text_or_null(writer, "project_id", series->project_id);
    json_put_text_or_null(writer, "image_id", series->image_id);
    json_put_text_or_null(writer, "flavor_id", series->flavor_id);
    json_put_text_or_null(writer, "availability_zone", series->zone);
    json_put_time(writer, "began_at", series->began_ms);
    json_put_time(writer, "last_at", series->last_ms);
}

/* A pool has one series at most. */
static int find_of_pool(struct request *request, struct series *ret_series, size_t *ret_count,
                        struct error *error)
{
    int status = series_of_pool(request->store, request->filter.pool_id, ret_series, error);

    *ret_count = status == 0;
    return status == -ENOENT ? 0 : status;
}

static int find_rows(struct request *request, size_t most, struct series *ret_series,
                     size_t *ret_count, struct error *error)
{
    const struct filter *filter = &request->filter;

    if (filter->pool_id[0])
        return find_of_pool(request, ret_series, ret_count, error);
    return series_list(request->store, filter->kind, given(filter->project_id), filter->before,
                       most, ret_series, ret_count, error);
}

int series_list_all(struct request *request, struct reply *reply, struct error *error)
{
    size_t limit = (size_t)request->filter.limit, count = 0;
    autofree struct series *series = calloc(limit + 1, sizeof(*series));
    struct json_writer writer = reply_json(reply, 200);
    char last[32];
    int status;

    if (!series)
        return error_set(error, -ENOMEM, "no memory for %zu series", limit);
    status = find_rows(request, limit + 1, series, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "series");
    for (size_t i = 0; i < count && i < limit; i++) {
        json_begin_object(&writer, NULL);
        put_members(&writer, &series[i]);
        json_end_object(&writer);
    }
    snprintf(last, sizeof(last), "%" PRId64, series[limit - 1].id);
    reply_end_list(&writer, request, count > limit ? last : NULL);
    return 0;
}

int series_show(struct request *request, struct reply *reply, struct error *error)
{
    struct json_writer writer = reply_json(reply, 200);
    autofree struct seen *seen = NULL;
    struct series series;
    int64_t id = 0;
    int status;

    text_to_int(request->id, 1, INT64_MAX, &id);
    status = series_get(request->store, id, &series, error);
    if (status == -ENOENT)
        return error_set(error, status, "There is no series %" PRId64, id);
    if (!status)
        status = seen_read(request, FORECAST_SERIES, request->id, &seen, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "series");
    put_members(&writer, &series);
    seen_put(&writer, seen);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}
