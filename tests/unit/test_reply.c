/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in the API SIG's form, links to next pages, and the way of a request that is refused. */
#include "api/reply.h"

#include <errno.h>
#include <string.h>

#include "api/auth.h"
#include "api/route.h"
#include "base/log.h"
#include "unit.h"

#define UUID "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define PROJECT "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

static const struct api_options options = { .max_body_bytes = 1000, .hook_role = "larder_hook",
                                            .admin_role = "admin", .reader_role = "reader" };
static const struct api api = { .options = &options };

static struct request *make(const char *method, const char *target)
{
    struct request *request = request_new(&api, target);

    ck_assert_ptr_nonnull(request);
    text_copy(request->method, sizeof(request->method), method);
    return request;
}

static void put_header(struct request *request, enum header header, const char *value)
{
    strbuf_add_text(&request->headers[header], value);
}

/* The only error of a reply, parsed. */
static struct json *parse(const struct reply *reply)
{
    struct json *json = NULL;
    struct error error = { 0 };

    ck_assert_msg(!json_parse(strbuf_text(&reply->body), reply->body.length, &json, &error), "%s",
                  error.message);
    return json;
}

static void check_error(const struct reply *reply, int status, const char *code)
{
    auto_json *json = parse(reply);

    ck_assert_str_eq(json_text(json_at(json, "errors.0.code")), code);
    ck_assert_int_eq(reply->status, status);
    ck_assert_str_eq(reply->type, "application/json");
    ck_assert_uint_eq(json_length(json_at(json, "errors")), 1);
    ck_assert_uint_gt(strlen(json_text(json_at(json, "errors.0.title"))), 3);
    ck_assert_uint_gt(strlen(json_text(json_at(json, "errors.0.detail"))), 10);
    ck_assert_ptr_nonnull(json_at(json, "errors.0.links"));
    ck_assert_str_eq(json_text(json_at(json, "errors.0.request_id")), log_request_id());
    ck_assert_int_eq(json_at(json, "errors.0.min_version") != NULL, status == 406);
    ck_assert_int_eq(reply->retry_after_s > 0, status == 503);
    ck_assert_int_eq(reply->challenge, status == 401);
}

START_TEST(errors_have_the_form_of_the_api_sig)
{
    struct reply reply = { .body = STRBUF_INIT(10000) };
    static const int statuses[] = { 400, 401, 403, 404, 405, 406, 409, 413, 415, 500, 503 };

    log_set_context(NULL, "req-" UUID, NULL, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        reply_error(&reply, statuses[i], "a-word", "Sentence \"%s\"\n%s", "with quotes", "\xff");
        check_error(&reply, statuses[i], "larder.a-word");
        reply.challenge = false;
    }
    reply_clear(&reply);
}
END_TEST

START_TEST(failures_of_the_rooms_below_have_a_status)
{
    static const struct {
        int code, status;
        const char *word;
    } rows[] = {
        { -EINVAL, 400, "larder.bad-request" }, { -ENOENT, 404, "larder.not-found" },
        { -ESTALE, 409, "larder.conflict" },    { -EAGAIN, 503, "larder.unavailable" },
        { -ETIMEDOUT, 503, "larder.unavailable" }, { -EIO, 500, "larder.internal" },
        { -ENOMEM, 500, "larder.internal" },
    };
    struct reply reply = { .body = STRBUF_INIT(10000) };
    struct error error = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        error_set(&error, rows[i].code, "the inner reason");
        reply_failure(&reply, rows[i].code, &error);
        check_error(&reply, rows[i].status, rows[i].word);
        /* What went wrong inside is for the log, not for whoever asks. */
        ck_assert_int_eq(strstr(reply.body.text, "inner reason") != NULL, rows[i].status < 500);
    }
    reply_clear(&reply);
}
END_TEST

static void answer(struct request *request, struct reply *ret_reply)
{
    *ret_reply = (struct reply){ 0 };
    request_answer(request, ret_reply);
}

static void check_refused(struct request *request, int status, const char *code)
{
    struct reply reply;

    answer(request, &reply);
    check_error(&reply, status, code);
    reply_clear(&reply);
    request_free(request);
}

START_TEST(what_is_not_there_or_not_allowed_is_refused)
{
    struct request *request = make("GET", "/v1/nothing?kind=port");

    check_refused(request, 404, "larder.not-found");
    check_refused(make("DELETE", "/v1/pools"), 405, "larder.method-not-allowed");
    check_refused(make("GET", "/v1/pools"), 401, "larder.unauthorized");
    check_refused(make("GET", "/v1/pools/not-a-uuid"), 401, "larder.unauthorized");
    check_refused(make("GET", "/?colour=red"), 400, "larder.bad-query");
    request = make("GET", "/v1/pools");
    put_header(request, HEADER_TOKEN, "two words\r\nX-Other: header");
    check_refused(request, 401, "larder.unauthorized");
    request = make("GET", "/");
    strbuf_add_text(&request->body, "{}");
    check_refused(request, 400, "larder.bad-request");
}
END_TEST

START_TEST(versions_are_negotiated_before_tokens)
{
    struct request *request = make("GET", "/v1/pools");

    put_header(request, HEADER_VERSION, "larder 1.7");
    check_refused(request, 406, "larder.version-not-available");
    request = make("GET", "/v1/pools");
    put_header(request, HEADER_VERSION, "larder one");
    check_refused(request, 400, "larder.bad-version");
}
END_TEST

START_TEST(discovery_says_where_it_is)
{
    static const struct {
        const char *host, *href;
    } rows[] = {
        { "larder.example.org:8787", "http://larder.example.org:8787/v1" },
        { "[::1]:8787", "http://[::1]:8787/v1" },
        { "", "/v1" },
        { "evil/path", "/v1" },
        { "a\"b", "/v1" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct request *request = make("GET", i % 2 ? "/v1" : "/");
        const char *path = i % 2 ? "version.links.0.href" : "versions.0.links.0.href";
        struct reply reply;

        put_header(request, HEADER_HOST, rows[i].host);
        put_header(request, HEADER_VERSION, "larder 99.99");
        answer(request, &reply);
        ck_assert_int_eq(reply.status, 200);
        {
            auto_json *json = parse(&reply);

            ck_assert_str_eq(json_text(json_at(json, path)), rows[i].href);
        }
        reply_clear(&reply);
        request_free(request);
    }
}
END_TEST

START_TEST(request_ids_of_others_are_taken_only_in_their_form)
{
    struct request *request = make("GET", "/v1/");
    struct reply reply;

    put_header(request, HEADER_REQUEST_ID, "req-" UUID "x");
    answer(request, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_str_eq(strbuf_text(&request->headers[HEADER_REQUEST_ID]), "");
    ck_assert_str_eq(log_request_id(), request->request_id);
    ck_assert(text_is_request_id(request->request_id));
    reply_clear(&reply);
    request_free(request);
}
END_TEST

static bool allows(enum access access, const char *project, const char *role)
{
    struct token token = { .role_count = 2 };

    text_copy(token.project_id, sizeof(token.project_id), project);
    text_copy(token.roles[0], sizeof(token.roles[0]), "member");
    text_copy(token.roles[1], sizeof(token.roles[1]), role);
    return auth_allows(&options, &token, access, PROJECT);
}

START_TEST(roles_open_their_routes_and_no_others)
{
    static const struct {
        const char *project, *role;
        bool hook, read, admin;
    } rows[] = {
        { "other", "larder_hook", true, false, false },
        { "other", "admin", false, true, true },
        { PROJECT, "reader", false, true, false },
        { "other", "reader", false, false, false },
        { PROJECT, "service", false, false, false },
        { PROJECT, "member", false, false, false },
        { PROJECT, "", false, false, false },
        { "", "larder_hook", false, false, false }, /* not for a project: system scope */
        { "", "admin", false, false, false },
        { "", "reader", false, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_int_eq(allows(ACCESS_HOOK, rows[i].project, rows[i].role), rows[i].hook);
        ck_assert_int_eq(allows(ACCESS_READ, rows[i].project, rows[i].role), rows[i].read);
        ck_assert_int_eq(allows(ACCESS_ADMIN, rows[i].project, rows[i].role), rows[i].admin);
    }
}
END_TEST

START_TEST(next_pages_keep_the_filter)
{
    struct request *request = make("GET", "/v1/pools?limit=2&kind=port");
    struct reply reply = { .body = STRBUF_INIT(10000) };
    struct json_writer writer = reply_json(&reply, 200);
    char allow[64];

    request->path = "/v1/pools";
    put_header(request, HEADER_HOST, "h:1");
    ck_assert_int_eq(route_find("GET", "/v1/pools", &request->route, request->id, allow), 0);
    ck_assert_int_eq(filter_read("limit=2&kind=port", request->route->parameters,
                                 &request->filter, NULL), 0);
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "pools");
    reply_end_list(&writer, request, UUID);
    ck_assert_str_eq(reply.body.text, "{\"pools\":[],\"links\":[{\"rel\":\"next\",\"href\":"
                     "\"http://h:1/v1/pools?kind=port&limit=2&marker=" UUID "\"}]}");
    reply_clear(&reply);
    request_free(request);
}
END_TEST

UNIT_MAIN("reply", errors_have_the_form_of_the_api_sig, failures_of_the_rooms_below_have_a_status,
          what_is_not_there_or_not_allowed_is_refused, versions_are_negotiated_before_tokens,
          discovery_says_where_it_is, request_ids_of_others_are_taken_only_in_their_form,
          roles_open_their_routes_and_no_others, next_pages_keep_the_filter)
