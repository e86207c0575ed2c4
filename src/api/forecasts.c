/* SPDX-License-Identifier: Apache-2.0 */
/* The resource forecasts: the newest of all subjects, or of one with what was seen of it. */
#include "store/forecast.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/seen.h"

#define PLACE_SIZE (NAME_SIZE + 64)
#define OF_ONE_MOST 16 /* lengths of one subject */

static const struct parameter parameters[] = {
    PARAMETER_POOL,
    { .name = "series_id", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, series_id),
      .most = INT64_MAX },
    { .name = "flavor", .type = PARAMETER_NAME, .offset = offsetof(struct filter, flavor) },
    { .name = "resource", .type = PARAMETER_NAME, .offset = offsetof(struct filter, resource) },
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NAME, .offset = offsetof(struct filter, place) },
};
const struct parameters forecast_parameters = PARAMETERS(parameters);

/* ---- writing ---- */

/* "flavor:600:m1.small": where it stands in the list. */
static void write_place(const struct forecast *forecast, char ret_place[static PLACE_SIZE])
{
    snprintf(ret_place, PLACE_SIZE, "%s:%" PRId64 ":%s", forecast_subject_name(forecast->subject),
             forecast->length_s, forecast->subject_id);
}

static void put_quantiles(struct json_writer *writer, const struct distribution *distribution)
{
    json_begin_array(writer, "quantiles");
    for (size_t i = 0; i < DISTRIBUTION_LEVELS; i++) {
        json_begin_object(writer, NULL);
        json_put_float(writer, "level", distribution_levels[i]);
        json_put_float(writer, "demand", distribution->quantiles[i]);
        json_end_object(writer);
    }
    json_end_array(writer);
}

static void put_forecast(struct json_writer *writer, const struct forecast *forecast)
{
    char place[PLACE_SIZE];

    write_place(forecast, place);
    json_begin_object(writer, NULL);
    json_put_text(writer, "id", place);
    json_put_text(writer, "subject", forecast_subject_name(forecast->subject));
    json_put_text(writer, "subject_id", forecast->subject_id);
    json_put_int(writer, "length", forecast->length_s);
    json_put_time(writer, "from", forecast->from_ms);
    json_put_time(writer, "made_at", forecast->made_ms);
    json_put_int(writer, "model_version", forecast->model_version);
    json_put_float(writer, "mean", forecast->distribution.mean);
    json_put_float(writer, "variance", forecast->distribution.variance);
    put_quantiles(writer, &forecast->distribution);
    json_end_object(writer);
}

/* ---- all of them ---- */

static int read_place(const char *place, struct forecast *ret_after, struct error *error)
{
    char subject[16], length[24];
    int used = 0;

    if (sscanf(place, "%15[a-z]:%23[0-9]:%n", subject, length, &used) == 2 && used > 0
        && text_to_int(length, 0, INT64_MAX, &ret_after->length_s) == 0)
        for (int i = FORECAST_SERIES; i <= FORECAST_RESOURCE; i++)
            if (strcmp(forecast_subject_name((enum forecast_subject)i), subject) == 0) {
                ret_after->subject = (enum forecast_subject)i;
                text_copy(ret_after->subject_id, NAME_SIZE, place + used);
                return 0;
            }
    return error_set(error, -EINVAL, "Query parameter marker must be the id of a forecast");
}

static int list_all(struct request *request, struct reply *reply, struct error *error)
{
    size_t limit = (size_t)request->filter.limit, count = 0;
    autofree struct forecast *rows = calloc(limit + 1, sizeof(*rows));
    struct json_writer writer = reply_json(reply, 200);
    struct forecast after = { 0 };
    char last[PLACE_SIZE];
    int status = 0;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu forecasts", limit);
    if (request->filter.place[0])
        status = read_place(request->filter.place, &after, error);
    if (!status)
        status = forecasts_list(request->store, &after, limit + 1, rows, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "forecasts");
    for (size_t i = 0; i < count && i < limit; i++)
        put_forecast(&writer, &rows[i]);
    write_place(&rows[limit - 1], last);
    reply_end_list(&writer, request, count > limit ? last : NULL);
    return 0;
}

/* ---- those of one subject ---- */

struct subject {
    enum forecast_subject type;
    char id[NAME_SIZE];
};

static int subject_of_pool(struct request *request, struct subject *ret_subject,
                           struct error *error)
{
    struct series series;
    int status = series_of_pool(request->store, request->filter.pool_id, &series, error);

    if (status)
        return status;
    ret_subject->type = FORECAST_SERIES;
    snprintf(ret_subject->id, sizeof(ret_subject->id), "%" PRId64, series.id);
    return 0;
}

/* 1: one is named, 0: none is. */
static int find_subject(struct request *request, struct subject *ret_subject, struct error *error)
{
    const struct filter *filter = &request->filter;
    int named = !!filter->pool_id[0] + !!filter->series_id + !!filter->flavor[0]
                + !!filter->resource[0];
    int status = 0;

    if (named > 1)
        return error_set(error, -EINVAL, "Only one of pool_id, series_id, flavor and resource can "
                         "be asked for at a time");
    if (filter->pool_id[0]) {
        status = subject_of_pool(request, ret_subject, error);
    } else if (filter->series_id) {
        ret_subject->type = FORECAST_SERIES;
        snprintf(ret_subject->id, sizeof(ret_subject->id), "%" PRId64, filter->series_id);
    } else if (named) {
        ret_subject->type = filter->flavor[0] ? FORECAST_FLAVOR : FORECAST_RESOURCE;
        text_copy(ret_subject->id, sizeof(ret_subject->id),
                  filter->flavor[0] ? filter->flavor : filter->resource);
    }
    return status < 0 ? status : named;
}

static int show_one(struct request *request, const struct subject *subject, struct reply *reply,
                    struct error *error)
{
    autofree struct forecast *rows = calloc(OF_ONE_MOST, sizeof(*rows));
    struct json_writer writer = reply_json(reply, 200);
    autofree struct seen *seen = NULL;
    size_t count = 0;
    int status;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %d forecasts", OF_ONE_MOST);
    status = forecasts_of(request->store, subject->type, subject->id, OF_ONE_MOST, rows, &count,
                          error);
    if (!status)
        status = seen_read(request, subject->type, subject->id, &seen, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    seen_put(&writer, seen);
    json_begin_array(&writer, "forecasts");
    for (size_t i = 0; i < count; i++)
        put_forecast(&writer, &rows[i]);
    reply_end_list(&writer, request, NULL);
    return 0;
}

int forecasts_show(struct request *request, struct reply *reply, struct error *error)
{
    struct subject subject;
    int status = find_subject(request, &subject, error);

    if (status < 0)
        return status;
    return status ? show_one(request, &subject, reply, error) : list_all(request, reply, error);
}
