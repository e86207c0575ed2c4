/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hooks say of themselves.  A process with a hook asks for GET /v1/hook when it has a token:
 * from then on its token is known here and is kept fresh, so that its first claim or adoption does
 * not wait for Keystone.  The answer says which versions of the API there are, and so whether it
 * may tell what it is (POST /v1/hooks, since 1.1): either side can be upgraded first.
 */
#include "store/hook.h"

#include "api/reply.h"
#include "api/resources.h"
#include "api/version.h"

int hook_show(struct request *request, struct reply *reply,
              struct error *error __attribute__((unused)))
{
    struct json_writer writer = reply_json(reply, 200);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "hook");
    json_put_int(&writer, "claim_lifetime", request->api->claim_options->lifetime_s);
    json_put_int(&writer, "token_cache_time", identity_cache_s(request->api->cloud));
    json_put_text(&writer, "min_version", VERSION_MIN);
    json_put_text(&writer, "max_version", VERSION_MAX);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}

static const struct json_member members[] = {
    JSON_FIELD_CHOICE(struct hook, service, "service", JSON_REQUIRED, HOOK_SERVICE_CHOICES),
    JSON_FIELD_RANGE(JSON_TEXT, struct hook, host, "host", JSON_REQUIRED, 1, NAME_SIZE - 1),
    JSON_FIELD_RANGE(JSON_TEXT, struct hook, version, "version", JSON_REQUIRED, 1, 63),
    JSON_FIELD(JSON_TEXT, struct hook, problem, "problem", JSON_NULLABLE),
};
static const struct json_shape shape = { "hook", members, ARRAY_SIZE(members), true };

int hooks_report(struct request *request, struct reply *reply, struct error *error)
{
    struct hook hook = { 0 };
    int status = request_read(request, &shape, &hook, error);

    if (status)
        return status;
    hook.seen_ms = request->now_ms;
    status = hook_put(request->store, &hook, error);
    if (!status)
        reply->status = 204;
    return status;
}
