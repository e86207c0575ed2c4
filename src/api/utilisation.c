/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resource utilisation: what flavors, projects and hosts used, newest first.  A row's id is its
 * place in the list: rows that came meanwhile make a page repeat some, and leave out none.
 */
#include "store/utilisation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/reply.h"
#include "api/resources.h"
#include "base/cleanup.h"

#define METRIC_CHOICES "cpu|memory|network|disk"
#define RESOLUTION_CHOICES "300|3600|86400" /* as in resolutions[] */
#define PLACE_MOST 1000000

static const struct parameter parameters[] = {
    { .name = "metric", .type = PARAMETER_CHOICE, .offset = offsetof(struct filter, kind),
      .choices = METRIC_CHOICES },
    { .name = "scope", .type = PARAMETER_CHOICE, .offset = offsetof(struct filter, state),
      .choices = SCOPE_CHOICES },
    { .name = "resolution", .type = PARAMETER_CHOICE,
      .offset = offsetof(struct filter, resolution), .choices = RESOLUTION_CHOICES },
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, before),
      .most = PLACE_MOST },
};
const struct parameters utilisation_parameters = PARAMETERS(parameters);

static void put_utilisation(struct json_writer *writer, const struct utilisation *row, int64_t id)
{
    json_begin_object(writer, NULL);
    json_put_int(writer, "id", id);
    json_put_text(writer, "metric", row->metric);
    json_put_text(writer, "scope", scope_name(row->scope));
    json_put_text(writer, "scope_id", row->scope_id);
    json_put_int(writer, "resolution", row->resolution_s);
    json_put_time(writer, "at", row->at_ms);
    json_put_float(writer, "mean", row->mean);
    json_put_float(writer, "peak", row->peak);
    json_put_int(writer, "samples", row->samples);
    json_end_object(writer);
}

static void write_list(struct request *request, struct reply *reply,
                       const struct utilisation *rows, size_t count)
{
    const struct filter *filter = &request->filter;
    struct json_writer writer = reply_json(reply, 200);
    char last[32];

    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "utilisation");
    for (size_t i = 0; i < count && i < (size_t)filter->limit; i++)
        put_utilisation(&writer, &rows[i], filter->before + (int64_t)i + 1);
    snprintf(last, sizeof(last), "%" PRId64, filter->before + filter->limit);
    reply_end_list(&writer, request, count > (size_t)filter->limit ? last : NULL);
}

int utilisation_show(struct request *request, struct reply *reply, struct error *error)
{
    static const char *const metrics[] = { "cpu", "memory", "network", "disk" };
    const struct filter *filter = &request->filter;
    size_t most = (size_t)filter->limit + 1, count;
    autofree struct utilisation *rows = calloc(most, sizeof(*rows));
    const struct utilisation_filter wanted = {
        .metric = filter->kind < 0 ? NULL : metrics[filter->kind],
        .scope = filter->state,
        .resolution_s = resolutions[filter->resolution < 0 ? 0 : filter->resolution].seconds,
    };
    int status;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu rows of utilisation", most);
    status = utilisation_list(request->store, &wanted, (size_t)filter->before, most, rows, &count,
                              error);
    if (!status)
        write_list(request, reply, rows, count);
    return status;
}
