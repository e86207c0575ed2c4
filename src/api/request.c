/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to its reply: a row of steps, each of which either lets the request pass or
 * answers it.  Whoever is not allowed to use a route learns nothing from the later steps.
 */
#include "api/request.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api/auth.h"
#include "api/metrics.h"
#include "api/reply.h"
#include "api/route.h"
#include "api/version.h"
#include "base/clock.h"
#include "base/log.h"

#define HEADER_MOST 16384
#define REPLY_MOST (32 * 1024 * 1024)

LOG_MODULE("api");

const char *header_name(enum header header)
{
    static const char *const names[] = {
        [HEADER_TOKEN] = "X-Auth-Token",
        [HEADER_VERSION] = "OpenStack-API-Version",
        [HEADER_REQUEST_ID] = "X-Openstack-Request-Id",
        [HEADER_CONTENT_TYPE] = "Content-Type",
        [HEADER_ACCEPT] = "Accept",
        [HEADER_HOST] = "Host",
    };

    return names[header];
}

struct request *request_new(const struct api *api, const char *target)
{
    struct request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->api = api;
    request->body.maximum = (size_t)api->options->max_body_bytes;
    for (int i = 0; i < HEADERS; i++)
        request->headers[i].maximum = HEADER_MOST;
    request->began_ms = clock_monotonic_ms();
    text_make_request_id(request->request_id);
    request->target = strdup(target);
    if (!request->target) {
        request_free(request);
        return NULL;
    }
    return request;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    store_return(request->store);
    json_free(request->json);
    for (int i = 0; i < HEADERS; i++)
        strbuf_clear(&request->headers[i]);
    strbuf_clear(&request->body);
    free(request->target);
    free(request);
}

void reply_clear(struct reply *reply)
{
    strbuf_clear(&reply->body);
}

/* ---- the steps: true lets the request pass, false has answered it ---- */

/* A target may name the host again: http://host/path. */
static char *skip_host(char *target)
{
    char *host = strstr(target, "://"), *path;

    if (*target == '/' || !host)
        return target;
    path = strchr(host + 3, '/');
    return path ? path : target;
}

/* Cuts the target into path and query; one slash at the end of a path means nothing. */
static void split_target(struct request *request)
{
    char *path = skip_host(request->target), *question = strchr(path, '?');
    size_t length;

    request->query = question ? question + 1 : "";
    if (question)
        *question = '\0';
    length = strlen(path);
    if (length > 1 && path[length - 1] == '/')
        path[length - 1] = '\0';
    request->path = path;
}

/* Somebody else's request id is taken over only when it is one. */
static bool step_begin(struct request *request, struct reply *reply)
{
    struct strbuf *global = &request->headers[HEADER_REQUEST_ID];

    reply->body.maximum = REPLY_MOST;
    if (global->status || !text_is_request_id(strbuf_text(global)))
        strbuf_reset(global);
    log_set_context(strbuf_text(global), request->request_id, NULL, NULL);
    request->now_ms = clock_now_ms();
    return true;
}

/* Routes for machines that watch us: they know no versions, and work without the database. */
static bool is_plain(const struct route *route)
{
    return route->access == ACCESS_OPEN || route->access == ACCESS_METRICS;
}

static bool step_route(struct request *request, struct reply *reply)
{
    int status = route_find(request->method, request->path, &request->route, request->id,
                            reply->allow);

    if (request->route && request->api->watch_only && !is_plain(request->route))
        status = -ENOENT;
    if (status == -ENOENT)
        reply_error(reply, 404, "not-found", "There is nothing at this path; doc/api.md lists "
                    "what there is");
    else if (status == -EPERM)
        reply_error(reply, 405, "method-not-allowed", "This path knows the methods %s",
                    reply->allow);
    else
        reply->allow[0] = '\0';
    return status == 0 || status == -EINVAL;
}

/* Discovery, health and metrics answer whatever version one hopes to find. */
static bool step_version(struct request *request, struct reply *reply)
{
    struct error error = { 0 };
    int minor, status;

    if (is_plain(request->route))
        return true;
    status = version_negotiate(strbuf_text(&request->headers[HEADER_VERSION]), &minor, &error);
    if (!status && minor < request->route->since)
        status = -ENOENT;
    if (status == -ENOENT)
        reply_error(reply, 404, "not-found", "This path is there since version 1.%d, and version "
                    "1.%d was asked for", request->route->since, minor);
    else if (status == -ERANGE)
        reply_error(reply, 406, "version-not-available", "%s", error.message);
    else if (status)
        reply_error(reply, 400, "bad-version", "%s", error.message);
    return status == 0;
}

static bool step_access(struct request *request, struct reply *reply)
{
    enum access access = request->route->access;

    if (access == ACCESS_METRICS)
        access = metrics_access(request->api->options);
    return access == ACCESS_OPEN || auth_check(request, reply);
}

static bool step_path(struct request *request, struct reply *reply)
{
    if (!strchr(request->route->path, '{') || request->id[0])
        return true;
    reply_error(reply, 400, "bad-id", "The id in the path must be a %s",
                strstr(request->route->path, "{number}") ? "whole number" : "UUID");
    return false;
}

static bool step_query(struct request *request, struct reply *reply)
{
    static const struct parameters none = { 0 };
    const struct parameters *parameters = request->route->parameters;
    struct error error = { 0 };

    if (!filter_read(request->query, parameters ? parameters : &none, &request->filter, &error))
        return true;
    reply_error(reply, 400, "bad-query", "%s", error.message);
    return false;
}

/* "application/json", with or without parameters behind it. */
static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";

    return strncasecmp(type, json, strlen(json)) == 0 && strchr("; \t", type[strlen(json)]);
}

static bool step_body(struct request *request, struct reply *reply)
{
    struct error error = { 0 };

    if (request->body.status == -E2BIG) {
        reply_error(reply, 413, "too-large", "The body is larger than %zu bytes",
                    request->body.maximum);
    } else if (!request->route->body) {
        if (!request->body.length)
            return true;
        reply_error(reply, 400, "bad-request", "This takes no body");
    } else if (!is_json_type(strbuf_text(&request->headers[HEADER_CONTENT_TYPE]))) {
        reply_error(reply, 415, "not-json", "The body must be application/json, and Content-Type "
                    "must say so");
    } else if (json_parse(strbuf_text(&request->body), request->body.length, &request->json,
                          &error)) {
        reply_error(reply, 400, "bad-json", "%s", error.message);
    } else {
        return true;
    }
    return false;
}

static bool fail(struct request *request, struct reply *reply, int code, const struct error *error)
{
    const char *word;

    if (failure_status(code, &word) >= 500)
        log_error("%s %s failed: %s", request->method, request->route->path,
                  error->message[0] ? error->message : strerror(-code));
    reply_failure(reply, code, error);
    return false;
}

/* All routes but the plain ones work on the store. */
static bool step_store(struct request *request, struct reply *reply)
{
    struct error error = { 0 };
    int status;

    if (is_plain(request->route))
        return true;
    status = store_borrow(request->api->database, &request->store, &error);
    if (!status)
        return true;
    /* Whatever keeps us from the database, the request was not the reason. */
    return fail(request, reply, -EAGAIN, &error);
}

static bool step_handler(struct request *request, struct reply *reply)
{
    struct error error = { 0 };
    int status = request->route->handler(request, reply, &error);

    if (!status && reply->body.status)
        status = error_set(&error, reply->body.status, "the answer is larger than %d bytes",
                           REPLY_MOST);
    return status ? fail(request, reply, status, &error) : true;
}

/* Those who watch us come every few seconds, and say nothing when all is well. */
static void log_answer(const struct request *request, const struct reply *reply, int64_t took_ms)
{
    if (request->route && is_plain(request->route) && reply->status < 400)
        log_debug("%s %s status=%d ms=%lld", request->method, request->path, reply->status,
                  (long long)took_ms);
    else
        log_info("%s %s status=%d ms=%lld", request->method, request->path, reply->status,
                 (long long)took_ms);
}

void request_answer(struct request *request, struct reply *ret_reply)
{
    static bool (*const steps[])(struct request *, struct reply *) = {
        step_begin, step_route, step_version, step_access, step_path,
        step_query, step_body, step_store, step_handler,
    };
    int64_t took_ms;

    split_target(request);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        if (!steps[i](request, ret_reply))
            break;
    /* Others wait for connections to the database; this request needs its own no more. */
    store_return(steal(&request->store));
    took_ms = clock_monotonic_ms() - request->began_ms;
    metrics_note_request(request->route, ret_reply->status, took_ms);
    log_answer(request, ret_reply, took_ms);
}

/* ---- what handlers use ---- */

int request_read(const struct request *request, const struct json_shape *shape, void *ret_struct,
                 struct error *error)
{
    struct envelope {
        const struct json *inside;
    } envelope = { 0 };
    const struct json_member member =
        JSON_FIELD(JSON_VALUE, struct envelope, inside, shape->name, JSON_REQUIRED);
    const struct json_shape body = { "body", &member, 1, true };
    int status = json_read(request->json, &body, &envelope, error);

    return status ? status : json_read(envelope.inside, shape, ret_struct, error);
}

/* Host is the caller's word, so it is believed only in the form of a host. */
void request_base(const struct request *request, struct strbuf *out)
{
    const char *host = strbuf_text(&request->headers[HEADER_HOST]);
    const char *endpoint = request->api->options->public_endpoint;
    size_t length = strlen(*endpoint ? endpoint : host);

    if (*endpoint) {
        while (length > 0 && endpoint[length - 1] == '/')
            length--;
        strbuf_add(out, endpoint, length);
    } else if (length > 0 && length < 300
               && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-._:[]") == length) {
        strbuf_add_format(out, "%s://%s", request->tls ? "https" : "http", host);
    }
}

void request_wake(const struct request *request)
{
    if (request->api->wake)
        request->api->wake(request->api->wake_context);
}

void request_replan(const struct request *request)
{
    if (request->api->replan)
        request->api->replan(request->api->wake_context);
}
