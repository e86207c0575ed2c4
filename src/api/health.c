/* SPDX-License-Identifier: Apache-2.0 */
/* Health, in the form of oslo.middleware's: whether this process can do its work. */
#include <string.h>

#include "api/reply.h"
#include "api/resources.h"
#include "base/log.h"

LOG_MODULE("api");

static int ping(const struct request *request, struct error *error)
{
    auto_store *store = NULL;
    int status = store_borrow(request->api->database, &store, error);

    return status ? status : store_ping(store, error);
}

/* The reason as balancers and people like it; what exactly is wrong is for the log. */
static void say(const struct request *request, struct reply *reply, int status,
                const char *reason)
{
    struct json_writer writer = reply_json(reply, status);

    if (!strstr(strbuf_text(&request->headers[HEADER_ACCEPT]), "application/json")) {
        reply->type = "text/plain; charset=utf-8";
        strbuf_add_text(&reply->body, reason);
        return;
    }
    json_begin_object(&writer, NULL);
    json_put_bool(&writer, "detailed", false);
    json_begin_array(&writer, "reasons");
    json_put_text(&writer, NULL, reason);
    json_end_array(&writer);
    json_end_object(&writer);
}

int health_show(struct request *request, struct reply *reply,
                struct error *error __attribute__((unused)))
{
    struct error reason = { 0 };

    if (ping(request, &reason)) {
        log_error("the database does not answer: %s", reason.message);
        say(request, reply, 503, "The database does not answer");
        reply->retry_after_s = 1;
    } else if (strcmp(request->method, "HEAD") == 0) {
        reply->status = 204;
    } else {
        say(request, reply, 200, "OK");
    }
    return 0;
}
