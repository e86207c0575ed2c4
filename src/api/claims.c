/* SPDX-License-Identifier: Apache-2.0 */
/* The resource claims: made by LarderFilter, looked at by operators. */
#include "claim/claim.h"

#include <errno.h>

#include "api/ask.h"
#include "api/reply.h"
#include "api/resources.h"
#include "api/warm.h"

#define SERVERS_MOST 1000
#define COUNT_MOST 64 /* of a kind per server and line */

static const struct parameter parameters[] = {
    PARAMETER_PROJECT,
    PARAMETER_STATE(CLAIM_STATE_CHOICES),
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
const struct parameters claim_parameters = PARAMETERS(parameters);

/* ---- reading a request ---- */

struct body {
    struct claim_request request; /* all but its wishes */
    size_t port_count, volume_count;
    struct claim_wish ports[CLAIM_LINES_MOST];
    struct claim_wish volumes[CLAIM_LINES_MOST];
};

#define COUNT_MEMBER                                                                               \
    JSON_FIELD_RANGE(JSON_INT, struct claim_wish, count, "count", JSON_REQUIRED, 1, COUNT_MOST)

static const struct json_member port_members[] = {
    PORT_ASK_MEMBERS(struct claim_wish, ask.),
    COUNT_MEMBER,
};
static const struct json_shape port_shape = { "port", port_members, ARRAY_SIZE(port_members),
                                              true };

static const struct json_member volume_members[] = {
    VOLUME_ASK_MEMBERS(struct claim_wish, ask.),
    COUNT_MEMBER,
};
static const struct json_shape volume_shape = { "volume", volume_members,
                                                ARRAY_SIZE(volume_members), true };

static const struct json_member claim_members[] = {
    JSON_FIELD(JSON_REQUEST_ID, struct body, request.request_id, "request_id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct body, request.project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct body, request.image_id, "image_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct body, request.flavor_id, "flavor_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct body, request.zone, "availability_zone", JSON_NULLABLE),
    JSON_FIELD_RANGE(JSON_INT, struct body, request.servers, "servers", JSON_REQUIRED, 1,
                     SERVERS_MOST),
    JSON_FIELD_ARRAY(struct body, ports, port_count, "ports", 0, JSON_OBJECT, &port_shape),
    JSON_FIELD_ARRAY(struct body, volumes, volume_count, "volumes", 0, JSON_OBJECT,
                     &volume_shape),
};
static const struct json_shape claim_shape = { "claim", claim_members, ARRAY_SIZE(claim_members),
                                               true };

static void add_wishes(struct claim_request *request, enum kind kind, size_t count,
                       const struct claim_wish *wishes)
{
    for (size_t i = 0; i < count; i++) {
        struct claim_wish *wish = &request->wishes[request->wish_count++];

        *wish = wishes[i];
        wish->ask.kind = kind;
        wish->count *= request->servers;
        text_copy(wish->ask.project_id, sizeof(wish->ask.project_id), request->project_id);
        ask_normalise(&wish->ask);
    }
}

static int read_claim(const struct request *request, struct body *body, struct error *error)
{
    int status = request_read(request, &claim_shape, body, error);

    if (status)
        return status;
    if (body->port_count + body->volume_count > CLAIM_LINES_MOST)
        return error_set(error, -EINVAL, "claim.ports and claim.volumes have more than %d lines "
                         "together", CLAIM_LINES_MOST);
    add_wishes(&body->request, KIND_PORT, body->port_count, body->ports);
    add_wishes(&body->request, KIND_VOLUME, body->volume_count, body->volumes);
    return 0;
}

/* ---- writing a claim ---- */

static void put_line(struct json_writer *writer, const struct claim_line *line)
{
    json_begin_object(writer, NULL);
    json_put_text(writer, "kind", kind_name(line->kind));
    json_put_text_or_null(writer, "pool_id", line->pool_id);
    json_put_int(writer, "wanted", line->wanted);
    json_put_int(writer, "set_aside", line->set_aside);
    json_put_int(writer, "taken", line->taken);
    json_put_text_or_null(writer, "reason", line->reason);
    json_end_object(writer);
}

static void put_members(struct json_writer *writer, const struct claim *claim)
{
    json_put_text(writer, "id", claim->id);
    json_put_text(writer, "request_id", claim->request_id);
    json_put_text(writer, "project_id", claim->project_id);
    json_put_text_or_null(writer, "image_id", claim->image_id);
    json_put_text_or_null(writer, "flavor_id", claim->flavor_id);
    json_put_text_or_null(writer, "availability_zone", claim->zone);
    json_put_int(writer, "servers", claim->servers);
    json_put_text(writer, "state", claim_state_name(claim->state));
    json_put_time(writer, "created_at", claim->created_ms);
    json_put_time(writer, "expires_at", claim->expires_ms);
    json_begin_array(writer, "lines");
    for (size_t i = 0; i < claim->line_count; i++)
        put_line(writer, &claim->lines[i]);
    json_end_array(writer);
}

/* The hosts are those that are warm now, whenever the claim was made. */
static int reply_claim(struct request *request, struct reply *reply, int http_status,
                       const struct claim *claim)
{
    struct json_writer writer = reply_json(reply, http_status);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "claim");
    put_members(&writer, claim);
    warm_hosts_put(&writer, "warm_hosts", request->store, claim->image_id);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}

/* ---- the routes ---- */

int claims_make(struct request *request, struct reply *reply, struct error *error)
{
    autofree struct body *body = calloc(1, sizeof(*body));
    autofree struct claim *claim = calloc(1, sizeof(*claim));
    bool new;
    int status;

    if (!body || !claim)
        return error_set(error, -ENOMEM, "no memory for a claim");
    status = read_claim(request, body, error);
    if (!status)
        status = claim_make(request->store, request->api->claim_options, &body->request,
                            request->now_ms, claim, &new, error);
    if (status)
        return status;
    request_wake(request);
    return reply_claim(request, reply, new ? 201 : 200, claim);
}

int claims_show(struct request *request, struct reply *reply, struct error *error)
{
    autofree struct claim *claim = calloc(1, sizeof(*claim));
    int status;

    if (!claim)
        return error_set(error, -ENOMEM, "no memory for a claim");
    status = claim_get(request->store, request->id, claim, error);
    return status ? status : reply_claim(request, reply, 200, claim);
}

int claims_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct claim *claims = calloc(limit + 1, sizeof(*claims));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!claims)
        return error_set(error, -ENOMEM, "no memory for %zu claims", limit);
    status = claim_list(request->store, given(filter->project_id), filter->state, filter->marker,
                        limit + 1, claims, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "claims");
    for (size_t i = 0; i < count && i < limit; i++) {
        json_begin_object(&writer, NULL);
        put_members(&writer, &claims[i]);
        json_end_object(&writer);
    }
    reply_end_list(&writer, request, count > limit ? claims[limit - 1].id : NULL);
    return 0;
}
