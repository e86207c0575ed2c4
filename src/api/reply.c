/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies; see reply.h.  The codes of errors are part of the API: once set, they stay; doc/api.md
 * lists them.
 */
#include "api/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"
#include "api/version.h"
#include "base/log.h"

#define RETRY_AFTER_S 1

static const char *status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 409, "Conflict" },
        { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" },
        { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Internal Server Error";
}

struct json_writer reply_json(struct reply *reply, int status)
{
    struct json_writer writer = JSON_WRITER(&reply->body);

    strbuf_reset(&reply->body);
    reply->status = status;
    reply->type = "application/json";
    return writer;
}

static void put_error(struct json_writer *writer, int status, const char *code, const char *detail)
{
    json_begin_object(writer, NULL);
    json_put_text(writer, "request_id", log_request_id());
    json_put_text(writer, "code", code);
    json_put_int(writer, "status", status);
    json_put_text(writer, "title", status_title(status));
    json_put_text(writer, "detail", detail);
    if (status == 406) {
        json_put_text(writer, "min_version", VERSION_MIN);
        json_put_text(writer, "max_version", VERSION_MAX);
    }
    json_begin_array(writer, "links");
    json_end_array(writer);
    json_end_object(writer);
}

void reply_error(struct reply *reply, int status, const char *word, const char *format, ...)
{
    struct json_writer writer = reply_json(reply, status);
    char code[64], detail[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof(detail), format, arguments);
    va_end(arguments);
    snprintf(code, sizeof(code), SERVICE_TYPE ".%s", word);
    reply->challenge = status == 401;
    reply->retry_after_s = status == 503 ? RETRY_AFTER_S : 0;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "errors");
    put_error(&writer, status, code, detail);
    json_end_array(&writer);
    json_end_object(&writer);
}

int failure_status(int code, const char **ret_word)
{
    static const struct {
        int code;
        int status;
        const char *word;
    } rows[] = {
        { -EINVAL, 400, "bad-request" },
        { -ENOENT, 404, "not-found" },
        { -ESTALE, 409, "conflict" },
        { -EEXIST, 409, "conflict" },
        { -EDQUOT, 409, "quota" },
        { -ETIMEDOUT, 503, "unavailable" },
        { -EAGAIN, 503, "unavailable" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].code == code) {
            *ret_word = rows[i].word;
            return rows[i].status;
        }
    }
    *ret_word = "internal";
    return 500;
}

void reply_failure(struct reply *reply, int code, const struct error *error)
{
    const char *word;
    int status = failure_status(code, &word);

    if (status < 500)
        reply_error(reply, status, word, "%s", error->message[0] ? error->message
                    : "There is no such thing");
    else if (status == 503)
        reply_error(reply, status, word, "Larder cannot do this now; try again in a moment.  Its "
                    "log says why under this request id");
    else
        reply_error(reply, status, word, "Larder failed at this request; its log says why under "
                    "this request id");
}

static void put_next(struct json_writer *writer, const struct request *request, const char *last)
{
    struct filter filter = request->filter;
    auto_strbuf href = STRBUF_INIT(2048);
    auto_strbuf query = STRBUF_INIT(1024);

    filter.marker[0] = filter.place[0] = '\0';
    filter.before = 0;
    filter_write(&filter, request->route->parameters, &query);
    request_base(request, &href);
    strbuf_add_format(&href, "%s?%s&marker=", request->path, strbuf_text(&query));
    filter_escape(last, &href);
    json_begin_object(writer, NULL);
    json_put_text(writer, "rel", "next");
    json_put_text(writer, "href", strbuf_text(&href));
    json_end_object(writer);
}

void reply_end_list(struct json_writer *writer, const struct request *request, const char *last)
{
    json_end_array(writer);
    json_begin_array(writer, "links");
    if (last)
        put_next(writer, request, last);
    json_end_array(writer);
    json_end_object(writer);
}
