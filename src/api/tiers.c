/* SPDX-License-Identifier: Apache-2.0 */
/* The resource tiers: rules that say how sure boots are to find what they need. */
#include <errno.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/tier.h"

static const struct parameter parameters[] = { PARAMETER_LIMIT, PARAMETER_MARKER };
const struct parameters tier_parameters = PARAMETERS(parameters);

void put_tier(struct json_writer *writer, const char *name, const struct tier_rule *rule)
{
    json_begin_object(writer, name);
    json_put_text(writer, "id", rule->id);
    json_put_text(writer, "tier", tier_name(rule->tier));
    json_put_text_or_null(writer, "pool_id", rule->pool_id);
    json_put_text_or_null(writer, "project_id", rule->project_id);
    json_put_text_or_null(writer, "flavor_id", rule->flavor_id);
    if (rule->service_level > 0)
        json_put_float(writer, "service_level", rule->service_level);
    else
        json_put_null(writer, "service_level");
    json_put_time(writer, "created_at", rule->created_ms);
    json_end_object(writer);
}

int tiers_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct tier_rule *rules = calloc(limit + 1, sizeof(*rules));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!rules)
        return error_set(error, -ENOMEM, "no memory for %zu tier rules", limit);
    status = tier_rule_list(request->store, filter->marker, limit + 1, rules, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "tiers");
    for (size_t i = 0; i < count && i < limit; i++)
        put_tier(&writer, NULL, &rules[i]);
    reply_end_list(&writer, request, count > limit ? rules[limit - 1].id : NULL);
    return 0;
}

/* ---- changing ---- */

struct body {
    int tier;
    struct tier_rule rule;
};

static const struct json_member body_members[] = {
    JSON_FIELD_CHOICE(struct body, tier, "tier", JSON_REQUIRED, TIER_CHOICES),
    JSON_FIELD(JSON_UUID, struct body, rule.pool_id, "pool_id", JSON_NULLABLE),
    JSON_FIELD(JSON_ID, struct body, rule.project_id, "project_id", JSON_NULLABLE),
    JSON_FIELD_RANGE(JSON_TEXT, struct body, rule.flavor_id, "flavor_id", JSON_NULLABLE, 1,
                     NAME_SIZE - 1),
    JSON_FIELD_RANGE(JSON_FLOAT, struct body, rule.service_level, "service_level", JSON_NULLABLE,
                     0.5, 0.9999),
};
static const struct json_shape body_shape = { "tier", body_members, ARRAY_SIZE(body_members),
                                              true };

static int read_rule(const struct request *request, struct tier_rule *ret_rule,
                     struct error *error)
{
    struct body body = { 0 };
    int status = request_read(request, &body_shape, &body, error);

    if (status)
        return status;
    body.rule.tier = (enum tier)body.tier;
    if (body.rule.service_level > 0 && body.rule.tier != TIER_GUARANTEED)
        return error_set(error, -EINVAL, "tier.service_level is for the tier guaranteed; that of "
                         "probabilistic follows from the costs in [reserve]");
    *ret_rule = body.rule;
    return 0;
}

int tiers_set(struct request *request, struct reply *reply, struct error *error)
{
    struct json_writer writer = reply_json(reply, 200);
    struct tier_rule rule;
    int status = read_rule(request, &rule, error);

    if (!status)
        status = tier_rule_set(request->store, &rule, request->now_ms, error);
    if (status)
        return status;
    request_replan(request);
    json_begin_object(&writer, NULL);
    put_tier(&writer, "tier", &rule);
    json_end_object(&writer);
    return 0;
}

int tiers_unset(struct request *request, struct reply *reply, struct error *error)
{
    int status = tier_rule_unset(request->store, request->id, error);

    if (status)
        return status;
    request_replan(request);
    reply->status = 204;
    return 0;
}
