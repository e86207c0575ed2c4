/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process with a hook asks when it has a token: from then on its token is known here and is
 * kept fresh, so that its first claim or adoption does not wait for Keystone.
 */
#include "api/reply.h"
#include "api/resources.h"

int hook_show(struct request *request, struct reply *reply,
              struct error *error __attribute__((unused)))
{
    struct json_writer writer = reply_json(reply, 200);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "hook");
    json_put_int(&writer, "claim_lifetime", request->api->claim_options->lifetime_s);
    json_put_int(&writer, "token_cache_time", identity_cache_s(request->api->cloud));
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}
