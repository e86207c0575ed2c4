/* SPDX-License-Identifier: Apache-2.0 */
/* The resource adoptions: the hooks take an item, and report what became of it. */
#include <errno.h>
#include <string.h>

#include "api/ask.h"
#include "api/reply.h"
#include "api/resources.h"
#include "claim/claim.h"

static const struct parameter parameters[] = {
    PARAMETER_STATE(ADOPTION_STATE_CHOICES),
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
const struct parameters adoption_parameters = PARAMETERS(parameters);

/* What the hook that adopts needs to know, and nobody else may. */
struct handover {
    const char *fingerprint, *transfer_id, *auth_key;
};

static void put_adoption(struct json_writer *writer, const char *name,
                         const struct adoption *adoption, const struct handover *handover)
{
    json_begin_object(writer, name);
    json_put_text(writer, "id", adoption->id);
    json_put_text(writer, "item_id", adoption->item_id);
    json_put_text(writer, "claim_id", adoption->claim_id);
    json_put_text(writer, "pool_id", adoption->pool_id);
    json_put_text(writer, "kind", kind_name(adoption->kind));
    json_put_text(writer, "state", adoption_state_name(adoption->state));
    json_put_text(writer, "project_id", adoption->project_id);
    json_put_text(writer, "request_id", adoption->request_id);
    json_put_text_or_null(writer, "instance_id", adoption->instance_id);
    json_put_text_or_null(writer, "resource_id", adoption->resource_id);
    if (handover) {
        json_put_text_or_null(writer, "fingerprint", handover->fingerprint);
        json_put_text_or_null(writer, "transfer_id", handover->transfer_id);
        json_put_text_or_null(writer, "auth_key", handover->auth_key);
    }
    json_put_text_or_null(writer, "reason", adoption->reason);
    json_put_time(writer, "created_at", adoption->created_ms);
    json_put_time(writer, "finished_at", adoption->finished_ms);
    json_end_object(writer);
}

static int reply_adoption(struct reply *reply, int http_status, const struct adoption *adoption,
                          const struct handover *handover)
{
    struct json_writer writer = reply_json(reply, http_status);

    json_begin_object(&writer, NULL);
    put_adoption(&writer, "adoption", adoption, handover);
    json_end_object(&writer);
    return 0;
}

/* ---- begin ---- */

struct begin_body {
    int kind;
    char request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    char instance_id[ID_SIZE];
    const struct json *port, *volume;
};

static const struct json_member begin_members[] = {
    JSON_FIELD_CHOICE(struct begin_body, kind, "kind", JSON_REQUIRED, ITEM_KIND_CHOICES),
    JSON_FIELD(JSON_REQUEST_ID, struct begin_body, request_id, "request_id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct begin_body, project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct begin_body, instance_id, "instance_id", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct begin_body, port, "port", 0),
    JSON_FIELD(JSON_VALUE, struct begin_body, volume, "volume", 0),
};
static const struct json_shape begin_shape = { "adoption", begin_members,
                                               ARRAY_SIZE(begin_members), true };

static int read_begin(const struct request *request, struct adoption_request *ret_request,
                      struct error *error)
{
    struct begin_body body = { 0 };
    int status = request_read(request, &begin_shape, &body, error);

    if (status)
        return status;
    if ((body.kind == KIND_PORT) != (body.instance_id[0] != '\0'))
        return error_set(error, -EINVAL, "adoption.instance_id must be there for a port, and not "
                         "for a volume");
    text_copy(ret_request->request_id, sizeof(ret_request->request_id), body.request_id);
    text_copy(ret_request->project_id, sizeof(ret_request->project_id), body.project_id);
    text_copy(ret_request->instance_id, sizeof(ret_request->instance_id), body.instance_id);
    return ask_choose("adoption", (enum kind)body.kind, body.port, body.volume, body.project_id,
                      &ret_request->ask, error);
}

static int refuse(struct reply *reply, const char *reason)
{
    static const struct {
        const char *reason, *detail;
    } rows[] = {
        { "no-claim", "This request of this project has no open claim; create it the ordinary "
                      "way" },
        { "no-right", "The request's claim does not cover this, or all of it is taken; create it "
                      "the ordinary way" },
        { "no-item", "The pool has nothing ready; create it the ordinary way" },
        { "draining", "The pool is being emptied; create it the ordinary way" },
        { "observe", "Larder only observes; create it the ordinary way" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].reason, reason) == 0) {
            reply_error(reply, 409, reason, "%s", rows[i].detail);
            return 0;
        }
    }
    reply_error(reply, 409, "no-item", "There is nothing to hand out (%s); create it the ordinary "
                "way", reason);
    return 0;
}

int adoptions_begin(struct request *request, struct reply *reply, struct error *error)
{
    struct adoption_request wanted = { 0 };
    struct adoption adoption = { 0 };
    struct item item = { 0 };
    char auth_key[SEALED_SIZE] = "", reason[64] = "";
    int status = read_begin(request, &wanted, error);

    if (status)
        return status;
    if (request->api->claim_options->observe)
        return refuse(reply, "observe");
    status = claim_adopt(request->store, request->api->key, &wanted, request->now_ms, &adoption,
                         &item, auth_key, reason, error);
    if (status == -ENOENT && reason[0])
        return refuse(reply, reason);
    if (status)
        return status;
    request_wake(request);
    status = reply_adoption(reply, 201, &adoption, &(struct handover){
        .fingerprint = item.fingerprint, .transfer_id = item.transfer_id, .auth_key = auth_key });
    explicit_bzero(auth_key, sizeof(auth_key));
    return status;
}

/* ---- finish ---- */

struct finish_body {
    int state; /* among FINISH_CHOICES */
    char reason[256];
};

#define FINISH_CHOICES "done|failed|returned"

static const struct json_member finish_members[] = {
    JSON_FIELD_CHOICE(struct finish_body, state, "state", JSON_REQUIRED, FINISH_CHOICES),
    JSON_FIELD(JSON_TEXT, struct finish_body, reason, "reason", JSON_NULLABLE),
};
static const struct json_shape finish_shape = { "adoption", finish_members,
                                                ARRAY_SIZE(finish_members), true };

static int find(struct request *request, struct adoption *ret_adoption, struct error *error)
{
    return adoption_get(request->store, request->id, ret_adoption, error);
}

int adoptions_finish(struct request *request, struct reply *reply, struct error *error)
{
    static const enum adoption_state states[] = { ADOPTION_DONE, ADOPTION_FAILED,
                                                  ADOPTION_RETURNED };
    struct finish_body body = { 0 };
    struct adoption adoption;
    int status = request_read(request, &finish_shape, &body, error);

    if (!status)
        status = adoption_finish(request->store, request->id, states[body.state], body.reason,
                                 request->now_ms, error);
    if (!status)
        status = find(request, &adoption, error);
    if (status)
        return status;
    request_wake(request);
    return reply_adoption(reply, 200, &adoption, NULL);
}

/* ---- list and show ---- */

int adoptions_show(struct request *request, struct reply *reply, struct error *error)
{
    struct adoption adoption;
    int status = find(request, &adoption, error);

    return status ? status : reply_adoption(reply, 200, &adoption, NULL);
}

int adoptions_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct adoption *adoptions = calloc(limit + 1, sizeof(*adoptions));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!adoptions)
        return error_set(error, -ENOMEM, "no memory for %zu adoptions", limit);
    status = adoption_list(request->store, filter->state, 0, filter->marker, limit + 1, adoptions,
                           &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "adoptions");
    for (size_t i = 0; i < count && i < limit; i++)
        put_adoption(&writer, NULL, &adoptions[i], NULL);
    reply_end_list(&writer, request, count > limit ? adoptions[limit - 1].id : NULL);
    return 0;
}
