/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resource demand: creates that the hooks saw Nova make without us.  What Neutron and Cinder
 * made of an ask is learned here, and only so does a pool come into being.
 */
#include "store/demand.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/ask.h"
#include "api/reply.h"
#include "api/resources.h"
#include "base/log.h"
#include "store/pool.h"
#include "store/sighting.h"

#define SECONDS_MOST 86400

LOG_MODULE("api");

static const struct parameter parameters[] = {
    PARAMETER_POOL,
    PARAMETER_PROJECT,
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, before),
      .most = INT64_MAX },
};
const struct parameters demand_parameters = PARAMETERS(parameters);

/* ---- reading a report ---- */

struct body {
    int kind;
    char request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    char instance_id[ID_SIZE];
    char resource_id[ID_SIZE];
    char reason[sizeof(((struct demand *)0)->reason)];
    double seconds;
    const struct json *port, *volume, *resolved;
};

static const struct json_member body_members[] = {
    JSON_FIELD_CHOICE(struct body, kind, "kind", JSON_REQUIRED, ITEM_KIND_CHOICES),
    JSON_FIELD(JSON_REQUEST_ID, struct body, request_id, "request_id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct body, project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct body, instance_id, "instance_id", JSON_NULLABLE),
    JSON_FIELD(JSON_UUID, struct body, resource_id, "resource_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct body, reason, "reason", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_FLOAT, struct body, seconds, "seconds", JSON_REQUIRED, 0, SECONDS_MOST),
    JSON_FIELD(JSON_VALUE, struct body, port, "port", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct body, volume, "volume", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct body, resolved, "resolved", JSON_NULLABLE),
};
static const struct json_shape body_shape = { "demand", body_members, ARRAY_SIZE(body_members),
                                              true };

/* What a port's groups and a volume's type and zone became. */
struct resolved {
    size_t group_count;
    char groups[KEY_GROUPS_MOST][ID_SIZE];
    char type_id[ID_SIZE];
    char zone[NAME_SIZE];
};

static const struct json_member port_members[] = {
    JSON_FIELD_ARRAY(struct resolved, groups, group_count, "security_groups", JSON_REQUIRED,
                     JSON_UUID, NULL),
};
static const struct json_member volume_members[] = {
    JSON_FIELD(JSON_UUID, struct resolved, type_id, "volume_type_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_TEXT, struct resolved, zone, "availability_zone", JSON_REQUIRED, 1,
                     NAME_SIZE - 1),
};
static const struct json_shape resolved_shapes[] = {
    [KIND_PORT] = { "demand.resolved", port_members, ARRAY_SIZE(port_members), true },
    [KIND_VOLUME] = { "demand.resolved", volume_members, ARRAY_SIZE(volume_members), true },
};

/* One of the words, or "not-eligible:" and a word of the hook's. */
static bool is_reason(const char *reason)
{
    static const char *const words[] = { "no-claim", "no-right", "no-item", "draining",
                                         "unreachable", "timeout", "breaker-open", "off", "stale",
                                         "quota", "failed", "observe" };
    static const char prefix[] = "not-eligible:";
    const char *rest = reason + strlen(prefix);

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(reason, words[i]) == 0)
            return true;
    return strncmp(reason, prefix, strlen(prefix)) == 0 && *rest
           && rest[strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789-_:")] == '\0';
}

struct report {
    struct body body;
    bool has_ask, has_key;
    struct ask ask;
    struct key key;
};

static int read_resolved(struct report *report, struct error *error)
{
    struct resolved resolved = { 0 };
    enum kind kind = report->ask.kind;
    int status = json_read(report->body.resolved, &resolved_shapes[kind], &resolved, error);

    if (status)
        return status;
    if (kind == KIND_PORT)
        key_of_port_ask(&report->ask, resolved.group_count,
                        (const char (*)[ID_SIZE])resolved.groups, &report->key);
    else
        key_of_volume_ask(&report->ask, resolved.type_id, resolved.zone, &report->key);
    key_normalise(&report->key);
    report->has_key = true;
    return 0;
}

static int read_report(const struct request *request, struct report *report, struct error *error)
{
    const struct body *body = &report->body;
    int status = request_read(request, &body_shape, &report->body, error);

    if (status)
        return status;
    if (!is_reason(body->reason))
        return error_set(error, -EINVAL, "demand.reason is none of the words that doc/api.md "
                         "lists");
    report->has_ask = body->port || body->volume;
    if (!report->has_ask && body->resolved)
        return error_set(error, -EINVAL, "demand.resolved needs the ask that was resolved");
    if (report->has_ask)
        status = ask_choose("demand", (enum kind)body->kind, body->port, body->volume,
                            body->project_id, &report->ask, error);
    return status || !body->resolved ? status : read_resolved(report, error);
}

/* ---- the routes ---- */

/* Which pool the ask leads to; "" when none does, or when the project may have no more pools. */
static int find_pool(struct request *request, const struct report *report, char *ret_id,
                     struct error *error)
{
    struct error reason = { 0 };
    struct pool pool;
    int status;

    ret_id[0] = '\0';
    if (report->has_key) {
        status = pool_learn(request->store, &report->ask, &report->key,
                            request->api->pool_defaults, request->now_ms, ret_id, &reason);
        if (status == -EDQUOT)
            log_warning("no pool is made of this demand: %s", reason.message);
    } else if (report->has_ask) {
        status = pool_find_by_ask(request->store, &report->ask, &pool, &reason);
        if (!status)
            text_copy(ret_id, ID_SIZE, pool.id);
    } else {
        return 0;
    }
    if (status && status != -EDQUOT && status != -ENOENT)
        return error_set(error, status, "%s", reason.message);
    return 0;
}

/* What was made belongs to a series, whether there is a pool or not. */
static int note_sighting(struct request *request, const struct report *report,
                         struct error *error)
{
    struct series series;

    if (!report->has_key || !report->body.resource_id[0])
        return 0;
    series_of_key(&report->key, request->now_ms, &series);
    return sighting_note(request->store, &series, report->body.resource_id,
                         report->body.request_id, SIGHTING_HOOK, error);
}

static int record(struct request *request, const struct report *report, char *ret_pool_id,
                  struct error *error)
{
    const struct body *body = &report->body;
    struct demand demand = { .at_ms = request->now_ms, .kind = (enum kind)body->kind,
                             .outcome = OUTCOME_MISS, .seconds = body->seconds };
    int status = find_pool(request, report, ret_pool_id, error);

    if (!status)
        status = note_sighting(request, report, error);
    if (status)
        return status;
    text_copy(demand.pool_id, sizeof(demand.pool_id), ret_pool_id);
    text_copy(demand.project_id, sizeof(demand.project_id), body->project_id);
    text_copy(demand.request_id, sizeof(demand.request_id), body->request_id);
    text_copy(demand.instance_id, sizeof(demand.instance_id), body->instance_id);
    text_copy(demand.reason, sizeof(demand.reason), body->reason);
    status = demand_add(request->store, &demand, error);
    if (!status)
        demand_count(demand.kind, OUTCOME_MISS, demand.reason);
    return status;
}

int demand_report(struct request *request, struct reply *reply, struct error *error)
{
    struct report report = { 0 };
    char pool_id[ID_SIZE];
    struct json_writer writer;
    int status = read_report(request, &report, error);

    if (!status)
        status = record(request, &report, pool_id, error);
    if (status)
        return status;
    if (report.has_key)
        request_wake(request);
    writer = reply_json(reply, 202);
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "demand");
    json_put_text_or_null(&writer, "pool_id", pool_id);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}

static void put_demand(struct json_writer *writer, const struct demand *demand)
{
    json_begin_object(writer, NULL);
    json_put_int(writer, "id", demand->id);
    json_put_time(writer, "at", demand->at_ms);
    json_put_text(writer, "kind", kind_name(demand->kind));
    json_put_text(writer, "outcome", outcome_name(demand->outcome));
    json_put_text_or_null(writer, "pool_id", demand->pool_id);
    json_put_text(writer, "project_id", demand->project_id);
    json_put_text(writer, "request_id", demand->request_id);
    json_put_text_or_null(writer, "instance_id", demand->instance_id);
    json_put_text_or_null(writer, "reason", demand->reason);
    json_put_float(writer, "seconds", demand->seconds);
    json_end_object(writer);
}

int demand_show(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct demand *demand = calloc(limit + 1, sizeof(*demand));
    struct json_writer writer = reply_json(reply, 200);
    char last[32];
    int status;

    if (!demand)
        return error_set(error, -ENOMEM, "no memory for %zu rows of demand", limit);
    status = demand_list(request->store, given(filter->pool_id), given(filter->project_id),
                         filter->before, limit + 1, demand, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "demand");
    for (size_t i = 0; i < count && i < limit; i++)
        put_demand(&writer, &demand[i]);
    snprintf(last, sizeof(last), "%" PRId64, demand[limit - 1].id);
    reply_end_list(&writer, request, count > limit ? last : NULL);
    return 0;
}
