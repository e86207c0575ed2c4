/* SPDX-License-Identifier: Apache-2.0 */
/* The resource decisions: each change of a target, and why. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/tier.h"

static const struct parameter parameters[] = {
    PARAMETER_POOL,
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, before),
      .most = INT64_MAX },
};
const struct parameters decision_parameters = PARAMETERS(parameters);

void put_decision(struct json_writer *writer, const char *name, const struct decision *decision)
{
    json_begin_object(writer, name);
    json_put_int(writer, "id", decision->id);
    json_put_text(writer, "pool_id", decision->pool_id);
    json_put_time(writer, "at", decision->at_ms);
    json_put_int(writer, "target", decision->target);
    json_put_int(writer, "previous", decision->previous);
    json_put_text(writer, "tier", tier_name(decision->tier));
    json_put_float(writer, "service_level", decision->service_level);
    json_put_float(writer, "interval", (double)decision->interval_ms / 1000);
    json_put_float(writer, "mean", decision->mean);
    json_put_int(writer, "model_version", decision->model_version);
    json_put_text(writer, "reason", decision->reason);
    json_end_object(writer);
}

int decisions_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct decision *decisions = calloc(limit + 1, sizeof(*decisions));
    struct json_writer writer = reply_json(reply, 200);
    char last[32];
    int status;

    if (!decisions)
        return error_set(error, -ENOMEM, "no memory for %zu decisions", limit);
    status = decision_list(request->store, given(filter->pool_id), filter->before, limit + 1,
                           decisions, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "decisions");
    for (size_t i = 0; i < count && i < limit; i++)
        put_decision(&writer, NULL, &decisions[i]);
    snprintf(last, sizeof(last), "%" PRId64, decisions[limit - 1].id);
    reply_end_list(&writer, request, count > limit ? last : NULL);
    return 0;
}
