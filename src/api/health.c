/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health, in the form of oslo.middleware's: whether this process can do its work.  It cannot when
 * the database does not answer, or when a thread of one of its roles hangs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/reply.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pulse.h"

LOG_MODULE("api");

#define ROLES_MOST 16

struct health {
    size_t count;
    struct pulse_role roles[ROLES_MOST];
    char reason[128];
};

static int ping(const struct request *request, struct error *error)
{
    auto_store *store = NULL;
    int status = store_borrow(request->api->database, &store, error);

    return status ? status : store_ping(store, error);
}

static void put_roles(struct json_writer *writer, const struct health *health)
{
    int64_t now_ms = clock_monotonic_ms();

    json_begin_array(writer, "roles");
    for (size_t i = 0; i < health->count; i++) {
        const struct pulse_role *role = &health->roles[i];

        json_begin_object(writer, NULL);
        json_put_text(writer, "role", role->role);
        json_put_text(writer, "state", role->late ? "late" : "up");
        json_put_int(writer, "threads", role->threads);
        json_put_int(writer, "late_threads", role->late);
        if (role->turned_ms)
            json_put_float(writer, "last_turn_age", (double)(now_ms - role->turned_ms) / 1000);
        else
            json_put_null(writer, "last_turn_age");
        json_end_object(writer);
    }
    json_end_array(writer);
}

/* The reason as balancers and people like it; what exactly is wrong is for the log. */
static void say(const struct request *request, struct reply *reply, int status,
                const struct health *health)
{
    struct json_writer writer = reply_json(reply, status);

    if (!strstr(strbuf_text(&request->headers[HEADER_ACCEPT]), "application/json")) {
        reply->type = "text/plain; charset=utf-8";
        strbuf_add_text(&reply->body, health->reason);
        return;
    }
    json_begin_object(&writer, NULL);
    json_put_bool(&writer, "detailed", false);
    json_begin_array(&writer, "reasons");
    json_put_text(&writer, NULL, health->reason);
    json_end_array(&writer);
    put_roles(&writer, health);
    json_end_object(&writer);
}

/* False, with the reason, when a role hangs. */
static bool look_at_roles(const struct request *request, struct health *health)
{
    health->count = pulse_roles(clock_monotonic_ms(), request->api->late_after_ms, health->roles,
                                ROLES_MOST);
    for (size_t i = 0; i < health->count; i++) {
        if (!health->roles[i].late)
            continue;
        snprintf(health->reason, sizeof(health->reason),
                 "The role %s hangs: it has not turned for %" PRId64 " s", health->roles[i].role,
                 health->roles[i].oldest_ms / 1000);
        return false;
    }
    text_copy(health->reason, sizeof(health->reason), "OK");
    return true;
}

int health_show(struct request *request, struct reply *reply,
                struct error *error __attribute__((unused)))
{
    struct health health = { 0 };
    struct error reason = { 0 };
    bool well = look_at_roles(request, &health);

    if (ping(request, &reason)) {
        log_error("the database does not answer: %s", reason.message);
        text_copy(health.reason, sizeof(health.reason), "The database does not answer");
        well = false;
    }
    if (!well) {
        say(request, reply, 503, &health);
        reply->retry_after_s = 1;
    } else if (strcmp(request->method, "HEAD") == 0) {
        reply->status = 204;
    } else {
        say(request, reply, 200, &health);
    }
    return 0;
}
