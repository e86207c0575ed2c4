/* SPDX-License-Identifier: Apache-2.0 */
/* The resource report: what the last days gained, or would have gained. */
#include "role/report.h"

#include <errno.h>

#include "api/reply.h"
#include "api/resources.h"

#define DAY_MS INT64_C(86400000)
#define DAYS_MOST 31

static const struct parameter parameters[] = {
    { .name = "days", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, days),
      .most = DAYS_MOST },
    PARAMETER_LIMIT,
};
const struct parameters report_parameters = PARAMETERS(parameters);

static void put_gain(struct json_writer *writer, const struct gain *gain)
{
    json_put_int(writer, "hits", gain->hits);
    json_put_int(writer, "misses", gain->misses);
    if (gain->hits + gain->misses)
        json_put_float(writer, "hit_rate", gain_hit_rate(gain));
    else
        json_put_null(writer, "hit_rate");
    json_put_float(writer, "seconds_saved", gain->seconds_saved);
    json_put_float(writer, "idle_hours", gain->idle_seconds / 3600);
}

static void put_report(struct json_writer *writer, const struct report *report, size_t most)
{
    json_begin_object(writer, "all");
    put_gain(writer, &report->all);
    json_put_int(writer, "outside", report->outside);
    json_end_object(writer);
    json_begin_array(writer, "pools");
    for (size_t i = 0; i < report->count && i < most; i++) {
        json_begin_object(writer, NULL);
        json_put_text(writer, "pool_id", report->pools[i].id);
        json_put_text(writer, "kind", kind_name(report->pools[i].kind));
        put_gain(writer, &report->pools[i].gain);
        json_put_float(writer, "create_seconds", report->pools[i].create_s);
        json_end_object(writer);
    }
    json_end_array(writer);
}

int report_show(struct request *request, struct reply *reply, struct error *error)
{
    bool observe = request->api->claim_options->observe;
    int64_t days = request->filter.days ? request->filter.days : 1;
    int64_t from_ms = request->now_ms - days * DAY_MS;
    struct json_writer writer = reply_json(reply, 200);
    struct report report;
    int status = report_make(request->store, observe, from_ms, request->now_ms, &report, error);

    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "report");
    json_put_text(&writer, "mode", observe ? "observe" : "serve");
    json_put_time(&writer, "from", from_ms);
    json_put_time(&writer, "until", request->now_ms);
    put_report(&writer, &report, (size_t)request->filter.limit);
    json_end_object(&writer);
    json_end_object(&writer);
    report_clear(&report);
    return 0;
}
