/* SPDX-License-Identifier: Apache-2.0 */
/* The resource pools: list, show, and the operator's change. */
#include "store/pool.h"

#include <errno.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/tier.h"
#include "store/image_pool.h"

#define POOL_ITEMS_MOST 100000 /* that a floor or ceiling may be */

static const struct parameter parameters[] = {
    PARAMETER_KIND(KIND_CHOICES),
    PARAMETER_PROJECT,
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
const struct parameters pool_parameters = PARAMETERS(parameters);

static void put_port_key(struct json_writer *writer, const struct port_key *key)
{
    json_put_text(writer, "project_id", key->project_id);
    json_put_text(writer, "network_id", key->network_id);
    json_begin_array(writer, "security_groups");
    for (size_t i = 0; i < key->group_count; i++)
        json_put_text(writer, NULL, key->groups[i]);
    json_end_array(writer);
}

static void put_volume_key(struct json_writer *writer, const struct volume_key *key)
{
    json_put_text(writer, "image_id", key->image_id);
    json_put_int(writer, "size", key->size);
    json_put_text(writer, "volume_type_id", key->type_id);
    json_put_text(writer, "availability_zone", key->zone);
}

static void put_image_key(struct json_writer *writer, const struct image_key *key)
{
    json_put_text(writer, "image_id", key->image_id);
    json_put_int(writer, "aggregate_id", key->aggregate_id);
}

static void put_key(struct json_writer *writer, const struct key *key)
{
    json_begin_object(writer, "key");
    switch (key->kind) {
    case KIND_PORT:
        put_port_key(writer, &key->port);
        break;
    case KIND_VOLUME:
        put_volume_key(writer, &key->volume);
        break;
    case KIND_IMAGE:
        put_image_key(writer, &key->image);
        break;
    }
    json_end_object(writer);
}

static void put_counts(struct json_writer *writer, const struct pool *pool)
{
    json_begin_object(writer, "items");
    json_put_int(writer, "wanted", pool->wanted);
    json_put_int(writer, "creating", pool->creating);
    json_put_int(writer, "ready", pool->ready);
    json_put_int(writer, "claimed", pool->claimed);
    json_put_int(writer, "releasing", pool->releasing);
    json_put_int(writer, "failed", pool->failed);
    json_end_object(writer);
}

static void put_members(struct json_writer *writer, const struct pool *pool)
{
    json_put_text(writer, "id", pool->id);
    json_put_text(writer, "kind", kind_name(pool->key.kind));
    json_put_text(writer, "state", pool_state_name(pool->state));
    json_put_int(writer, "target", pool->target);
    json_put_int(writer, "floor", pool->floor);
    json_put_int(writer, "ceiling", pool->ceiling);
    json_put_int(writer, "goal", pool_goal(pool));
    put_counts(writer, pool);
    if (pool->lead_time_ms > 0)
        json_put_float(writer, "lead_time", (double)pool->lead_time_ms / 1000);
    else
        json_put_null(writer, "lead_time");
    if (pool->lead_time_high_ms > 0)
        json_put_float(writer, "lead_time_high", (double)pool->lead_time_high_ms / 1000);
    else
        json_put_null(writer, "lead_time_high");
    json_put_int(writer, "failures", pool->failures);
    json_put_time(writer, "not_before", pool->not_before_ms);
    json_put_text_or_null(writer, "last_error", pool->last_error);
    put_key(writer, &pool->key);
    json_put_text(writer, "tier", pool->tier < 0 ? NULL : tier_name((enum tier)pool->tier));
    json_put_text_or_null(writer, "tier_rule_id", pool->tier_rule);
    json_put_time(writer, "target_since", pool->target_since_ms);
    json_put_time(writer, "created_at", pool->created_ms);
    json_put_time(writer, "updated_at", pool->updated_ms);
    json_put_time(writer, "demanded_at", pool->demanded_ms);
}

int pools_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct pool *pools = calloc(limit + 1, sizeof(*pools));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!pools)
        return error_set(error, -ENOMEM, "no memory for %zu pools", limit);
    status = pool_list(request->store, filter->kind, given(filter->project_id),
                       filter->marker, limit + 1, pools, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "pools");
    for (size_t i = 0; i < count && i < limit; i++) {
        json_begin_object(&writer, NULL);
        put_members(&writer, &pools[i]);
        json_end_object(&writer);
    }
    reply_end_list(&writer, request, count > limit ? pools[limit - 1].id : NULL);
    return 0;
}

/* Why the pool has the target that it has: the rule of its tier, and what was decided last. */
static int put_reasons(struct request *request, struct json_writer *writer,
                       const struct pool *pool, struct error *error)
{
    struct tier_rule rule = { 0 };
    struct decision decision;
    size_t count = 0;
    int status = decision_list(request->store, pool->id, 0, 1, &decision, &count, error);

    if (!status && *pool->tier_rule)
        status = tier_rule_get(request->store, pool->tier_rule, &rule, error);
    if (status && status != -ENOENT) /* the rule was taken back a moment ago */
        return status;
    if (*rule.id)
        put_tier(writer, "tier_rule", &rule);
    else
        json_put_null(writer, "tier_rule");
    if (count)
        put_decision(writer, "decision", &decision);
    else
        json_put_null(writer, "decision");
    return 0;
}

int pools_show(struct request *request, struct reply *reply, struct error *error)
{
    struct json_writer writer = reply_json(reply, 200);
    struct pool pool;
    int status = pool_get(request->store, request->id, &pool, error);

    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "pool");
    put_members(&writer, &pool);
    status = put_reasons(request, &writer, &pool, error);
    json_end_object(&writer);
    json_end_object(&writer);
    return status;
}

/* ---- making: an image, which has no boot to begin its pool by ---- */

struct making {
    struct image_key key;
    int64_t floor;
};

static const struct json_member making_members[] = {
    JSON_FIELD(JSON_UUID, struct making, key.image_id, "image_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct making, key.aggregate_id, "aggregate_id", JSON_REQUIRED, 1,
                     INT32_MAX),
    JSON_FIELD_RANGE(JSON_INT, struct making, floor, "floor", 0, 0, IMAGE_POOL_CEILING),
};
static const struct json_shape making_shape = { "pool", making_members, ARRAY_SIZE(making_members),
                                                true };

int pools_make(struct request *request, struct reply *reply, struct error *error)
{
    struct making making = { .floor = 0 };
    int status = request_read(request, &making_shape, &making, error);

    if (!status)
        status = image_pool_check_aggregate(request->store, making.key.aggregate_id, error);
    if (!status)
        status = image_pool_begin(request->store, &making.key, making.floor, request->now_ms,
                                  request->id, error);
    if (!status)
        status = pools_show(request, reply, error);
    if (!status)
        reply->status = 201;
    return status;
}

/* ---- changing ---- */

static const struct json_member change_members[] = {
    JSON_FIELD_RANGE(JSON_INT, struct pool_change, floor, "floor", 0, 0, POOL_ITEMS_MOST),
    JSON_FIELD_RANGE(JSON_INT, struct pool_change, ceiling, "ceiling", 0, 0, POOL_ITEMS_MOST),
    JSON_FIELD_CHOICE(struct pool_change, state, "state", 0, POOL_STATE_CHOICES),
};
static const struct json_shape change_shape = { "pool", change_members, ARRAY_SIZE(change_members),
                                                true };

int pools_change(struct request *request, struct reply *reply, struct error *error)
{
    struct pool_change change = { .floor = -1, .ceiling = -1, .target = -1, .state = -1 };
    int status = request_read(request, &change_shape, &change, error);

    if (!status)
        status = pool_change(request->store, request->id, &change, request->now_ms, error);
    if (status)
        return status;
    request_wake(request);
    request_replan(request);
    return pools_show(request, reply, error);
}
