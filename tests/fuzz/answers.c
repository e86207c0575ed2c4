/* SPDX-License-Identifier: Apache-2.0 */
/* Services' answers from the input; see answers.h. */
#include "tests/fuzz/answers.h"

#include <ctype.h>

#include "base/log.h"
#include "cloud/http.h"
#include "tests/fuzz/fuzz.h"

#define SEPARATOR 0x1e
#define LOGIN                                                                                      \
    "{\"token\": {\"issued_at\": \"2026-11-24T07:32:24.000000Z\", "                                \
    "\"expires_at\": \"2099-11-25T07:32:24.000000Z\", "                                            \
    "\"project\": {\"id\": \"" ANSWERS_PROJECT "\"}, \"catalog\": []}}"

static const int statuses[] = { 200, 201, 202, 204, 300, 400, 401, 403, 404, 409, 413, 429, 500,
                                502, 503 };

static const uint8_t *rest;
static size_t rest_size;
static bool good_login = true;
static struct http_answer answer = { .body = STRBUF_INIT(HTTP_BODY_MOST) };

const struct http_answer *__wrap_http_exchange(struct http *http, const char *method,
                                               const char *url, const char *body,
                                               int64_t timeout_ms);
const struct http_answer *__wrap_http_answer(const struct http *http);

void answers_set(const uint8_t *data, size_t size)
{
    rest = data;
    rest_size = size;
}

void answers_login(bool good)
{
    good_login = good;
}

struct cloud *answers_cloud(int64_t token_cache_s)
{
    static const struct cloud_options usual = {
        .auth_url = "http://127.0.0.1:1/identity/v3", .auth_type = "password",
        .username = "larder", .password = "secret", .user_domain_name = "Default",
        .project_name = "larder", .project_domain_name = "Default", .interface = "internal",
    };
    static const struct log_options log = { .log_file = "/dev/null" };
    static bool logs_nowhere;
    struct cloud_options options = usual;
    struct cloud *cloud = NULL;

    if (!logs_nowhere)
        fuzz_must(log_start(&log, NULL) == 0);
    logs_nowhere = true;
    options.token_cache_s = token_cache_s;
    for (int i = 1; i < SERVICES; i++)
        text_copy(options.services[i].endpoint_override, sizeof(options.auth_url),
                  "http://127.0.0.1:1/service");
    fuzz_must(cloud_open(&options, &cloud, NULL) == 0);
    return cloud;
}

static void begin(enum http_outcome outcome, int status, const char *type)
{
    struct strbuf body = answer.body;

    strbuf_reset(&body);
    answer = (struct http_answer){ .body = body, .outcome = outcome, .status = status,
                                   .request_id = "req-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" };
    text_copy(answer.content_type, sizeof(answer.content_type), type);
    text_copy(answer.reason, sizeof(answer.reason), status ? "" : "the input has ended");
}

static void take_next(void)
{
    const uint8_t *end;
    size_t length, which;

    if (rest_size == 0) {
        begin(HTTP_LOST, 0, "");
        return;
    }
    end = memchr(rest + 1, SEPARATOR, rest_size - 1);
    length = end ? (size_t)(end - rest) : rest_size;
    which = (size_t)tolower(rest[0]) % ARRAY_SIZE(statuses);
    which = isalpha(rest[0]) ? (size_t)(tolower(rest[0]) - 'a') % ARRAY_SIZE(statuses) : which;
    begin(HTTP_ANSWERED, statuses[which], isupper(rest[0]) ? "text/html" : "application/json");
    strbuf_add(&answer.body, (const char *)rest + 1, length - 1);
    rest += length + (end ? 1 : 0);
    rest_size -= length + (end ? 1 : 0);
}

const struct http_answer *__wrap_http_exchange(struct http *http, const char *method,
                                               const char *url, const char *body,
                                               int64_t timeout_ms)
{
    (void)http;
    (void)body;
    (void)timeout_ms;
    if (good_login && text_equal(method, "POST") && strstr(url, "/auth/tokens")) {
        begin(HTTP_ANSWERED, 201, "application/json");
        strbuf_add_text(&answer.body, LOGIN);
    } else {
        take_next();
    }
    text_copy(answer.subject_token, sizeof(answer.subject_token), "token");
    return &answer;
}

const struct http_answer *__wrap_http_answer(const struct http *http __attribute__((unused)))
{
    return &answer;
}
