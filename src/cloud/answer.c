/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service's answer means; see answer.h.  Each service words its errors in a form of its own,
 * some with the kind of error as the only member's name, so they are looked for by a list.
 */
#include "cloud/answer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cloud/catalog.h"

/* ---- the service's own words ---- */

static const char *const error_members[] = {
    "NeutronError", "error",        "itemNotFound",    "badRequest",     "conflictingRequest",
    "forbidden",    "unauthorized", "overLimit",       "computeFault",   "serviceUnavailable",
    "badMethod",    "errors.0",     "notImplemented",  "tooManyRequests",
};

struct complaint {
    const char *type;    /* Neutron's name of the error, or "" */
    const char *message; /* "": none that is understood */
};

static const char *text_or_nothing(const struct json *json)
{
    const char *text = json_text(json);

    return text ? text : "";
}

/* {"code": 404, "title": "Not Found", "description": TEXT or {"cause": TEXT, …}} */
static const char *words_of_gnocchi(const struct json *body)
{
    const struct json *description = json_at(body, "description");
    const char *cause = text_or_nothing(json_at(description, "cause"));

    return *cause ? cause : text_or_nothing(description);
}

/* The texts are the document's. */
static struct complaint complaint_of(const struct json *body)
{
    struct complaint complaint = { "", "" };

    for (size_t i = 0; i < ARRAY_SIZE(error_members) && !*complaint.message; i++) {
        const struct json *inside = json_at(body, error_members[i]);

        complaint.type = text_or_nothing(json_at(inside, "type"));
        complaint.message = text_or_nothing(json_at(inside, "message"));
        if (!*complaint.message)
            complaint.message = text_or_nothing(json_at(inside, "detail"));
    }
    if (!*complaint.message)
        complaint.message = words_of_gnocchi(body);
    return complaint;
}

static bool is_json(const struct http_answer *answer)
{
    static const char type[] = "application/json";
    size_t length = sizeof(type) - 1;

    return strncasecmp(answer->content_type, type, length) == 0 &&
           strchr("; ", answer->content_type[length]); /* the NUL too */
}

static struct json *parse_complaint(const struct http_answer *answer)
{
    struct json *json = NULL;

    if (is_json(answer))
        json_parse(strbuf_text(&answer->body), answer->body.length, &json, NULL);
    return json;
}

/* ---- the code ---- */

static bool is_about_quota(const struct complaint *complaint)
{
    return text_equal(complaint->type, "OverQuota") ||
           strncasecmp(complaint->message, "Quota exceeded", 14) == 0;
}

static bool is_about_addresses(const struct complaint *complaint)
{
    return text_equal(complaint->type, "IpAddressGenerationFailure") ||
           text_equal(complaint->type, "IpAddressGenerationFailureNoMatchingSubnet");
}

/* A 404 says that a resource is gone, and rows are given up for it: so it must be the service's
 * own word.  A wrong path, a proxy or another server says 404 too.  Glance has no words in JSON,
 * Gnocchi no request id. */
static bool is_the_services_own(enum service service, const struct http_answer *answer,
                                const struct complaint *complaint)
{
    if (service == SERVICE_METRIC)
        return *complaint->message;
    if (!answer->request_id[0])
        return false;
    return service == SERVICE_IMAGE ||
           (*complaint->message && !text_equal(complaint->type, "HTTPNotFound"));
}

static bool is_get(const char *method)
{
    return text_equal(method, "GET") || text_equal(method, "HEAD");
}

static int code_of_conflict(const struct complaint *complaint)
{
    if (is_about_quota(complaint))
        return -EDQUOT;
    return is_about_addresses(complaint) ? -ENOSPC : -EEXIST;
}

static int code_of(const struct asked *asked, const struct http_answer *answer,
                   const struct complaint *complaint)
{
    switch (answer->status) {
    case 401:
        return -EACCES;
    case 403:
        return is_about_quota(complaint) ? -EDQUOT : -EACCES;
    case 404:
        return is_the_services_own(asked->service, answer, complaint) ? -ENOENT : -EPROTO;
    case 409:
        return code_of_conflict(complaint);
    case 413:
        return -EDQUOT;
    case 408:
    case 429:
    case 503:
        return -EAGAIN;
    }
    if (answer->status >= 500)
        return is_get(asked->method) ? -EAGAIN : -ETIMEDOUT;
    return answer->status >= 400 ? -EINVAL : -EPROTO;
}

static int code_without_answer(const struct asked *asked, const struct http_answer *answer)
{
    switch (answer->outcome) {
    case HTTP_LOST:
        return is_get(asked->method) ? -EAGAIN : -ETIMEDOUT;
    case HTTP_TOO_LARGE:
        return -EPROTO;
    default:
        return -EAGAIN;
    }
}

/* ---- the sentence ---- */

static const char *advice_on(const struct http_answer *answer, int code)
{
    if (answer->outcome == HTTP_UNTRUSTED)
        return "; see [keystone] cafile";
    if (answer->outcome == HTTP_UNREACHED)
        return "; does it run, and is its endpoint right?";
    if (code == -EPROTO && answer->status == 404)
        return "; this is not the service's own answer: is its endpoint right?";
    if (code == -EPROTO && answer->status >= 300)
        return "; is its endpoint right?";
    return "";
}

static int complain(const struct asked *asked, const struct http_answer *answer,
                    const struct complaint *complaint, int code, struct error *error)
{
    const char *id = answer->request_id;

    if (!answer->status)
        return error_set(error, code, "%s: %s %s: %s%s", service_name(asked->service),
                         asked->method, asked->path, answer->reason, advice_on(answer, code));
    return error_set(error, code, "%s: %s %s: HTTP %d%s%s%s%.200s%s%s%s%s",
                     service_name(asked->service), asked->method, asked->path, answer->status,
                     *complaint->type ? " " : "", complaint->type,
                     *complaint->message ? ": " : "", complaint->message, *id ? " (" : "", id,
                     *id ? ")" : "", advice_on(answer, code));
}

int answer_judge(const struct asked *asked, const struct http_answer *answer, struct error *error)
{
    auto_json *body = NULL;
    struct complaint complaint = { "", "" };

    if (!answer->status)
        return complain(asked, answer, &complaint, code_without_answer(asked, answer), error);
    if (answer->status >= 200 && answer->status < 300)
        return 0;
    body = parse_complaint(answer);
    complaint = complaint_of(body);
    return complain(asked, answer, &complaint, code_of(asked, answer, &complaint), error);
}

int answer_parse(const struct asked *asked, const struct http_answer *answer,
                 struct json **ret_json, struct error *error)
{
    struct error why = { 0 };

    *ret_json = NULL;
    if (!answer->body.length)
        return 0;
    if (!is_json(answer))
        return error_set(error, -EPROTO, "%s: %s %s: the answer is \"%s\" and not JSON; is its "
                                         "endpoint right?",
                         service_name(asked->service), asked->method, asked->path,
                         answer->content_type);
    if (json_parse(strbuf_text(&answer->body), answer->body.length, ret_json, &why))
        return error_set(error, -EPROTO, "%s: %s %s: the answer is %s",
                         service_name(asked->service), asked->method, asked->path, why.message);
    return 0;
}
