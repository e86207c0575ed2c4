/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/client: the session, the retries, and answers that no sane service gives. */
#include "cloud/client.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "cloud_server.h"
#include "unit.h"

static struct server server;
static struct cloud_options options;
static struct cloud *cloud;
static struct client *client;
static struct error error;

static void open_client(void)
{
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), 0);
    ck_assert_int_eq(client_open(cloud, &client, &error), 0);
}

/* The client and the server that gives these answers. */
#define START(...)                                                                                 \
    static const struct reply replies[] = { __VA_ARGS__ };                                         \
                                                                                                   \
    server_start(&server, replies, ARRAY_SIZE(replies));                                           \
    options = server_options(&server);                                                             \
    open_client()

static void finish(void)
{
    client_close(client);
    cloud_close(cloud);
    server_stop(&server);
}

static int call(const char *method, const char *path, const char *body, struct json **ret_json)
{
    const struct call one = {
        .service = SERVICE_VOLUME, .method = method, .path = path, .body = body,
        .microversion = "volume 3.55",
    };

    error = (struct error){ 0 };
    return client_call(client, &one, ret_json, &error);
}

static int get(void)
{
    auto_json *json = NULL;

    return call("GET", "/volumes", NULL, &json);
}

static int post(void)
{
    auto_json *json = NULL;

    return call("POST", "/volumes", "{\"a\": 1}", &json);
}

static bool asked(size_t which, const char *what)
{
    return strcasestr(server.requests[which], what) != NULL;
}

START_TEST(test_a_call)
{
    auto_json *json = NULL;

    START(LOGIN("secret-1"), { 200, NULL, "{\"volume\": {\"id\": \"7\"}}", FAULT_NONE });
    log_set_context("", "req-11111111-2222-4333-8444-555555555555", "", "");
    ck_assert_int_eq(call("POST", "/volumes", "{\"x\": 1}", &json), 0);
    ck_assert_str_eq(json_text(json_at(json, "volume.id")), "7");
    ck_assert(asked(0, "POST /identity/v3/auth/tokens HTTP/1.1\r\n"));
    ck_assert(asked(0, "\"password\":\"geheim-\\\"1\\\"\""));
    ck_assert(asked(0, "\"scope\":{\"project\":{\"name\":\"larder\""));
    ck_assert(!asked(0, "X-Auth-Token"));
    ck_assert(asked(1, "POST /s2/v3/" OUR_PROJECT "/volumes HTTP/1.1\r\n"));
    ck_assert(asked(1, "X-Auth-Token: secret-1\r\n"));
    ck_assert(asked(1, "OpenStack-API-Version: volume 3.55\r\n"));
    ck_assert(asked(1, "X-OpenStack-Request-Id: req-11111111-2222-4333-8444-555555555555\r\n"));
    ck_assert(asked(1, "Content-Type: application/json\r\n"));
    ck_assert(asked(1, "\r\n\r\n{\"x\": 1}"));
    finish();
}
END_TEST

START_TEST(test_application_credential)
{
    static const struct reply replies[] = { LOGIN("t"), { 204, NULL, "", FAULT_NONE } };

    server_start(&server, replies, 2);
    options = server_options(&server);
    text_copy(options.auth_type, sizeof(options.auth_type), "v3applicationcredential");
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "application_credential_id"));
    text_copy(options.application_credential_id, NAME_SIZE, "the-id");
    text_copy(options.application_credential_secret, NAME_SIZE, "the-secret");
    open_client();
    ck_assert_int_eq(get(), 0);
    ck_assert(asked(0, "\"methods\":[\"application_credential\"]"));
    ck_assert(asked(0, "\"application_credential\":{\"id\":\"the-id\",\"secret\":\"the-secret\"}"));
    ck_assert(!asked(0, "scope"));
    finish();
}
END_TEST

START_TEST(test_options)
{
    static const struct reply replies[] = { LOGIN("t") };

    server_start(&server, replies, 1);
    options = server_options(&server);
    options.username[0] = '\0';
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "username"));
    options = server_options(&server);
    text_copy(options.auth_url, 512, "keystone");
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "auth_url"));
    options = server_options(&server);
    text_copy(options.auth_type, 32, "token");
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "auth_type"));
    server_stop(&server);
}
END_TEST

/* ---- retries ---- */

START_TEST(test_503_twice)
{
    START(LOGIN("t"), { 503, NULL, "{}", FAULT_NONE }, { 503, NULL, "{}", FAULT_NONE },
          { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    ck_assert_uint_eq(server.served, 4);
    ck_assert_int_ge(server.at_ms[2] - server.at_ms[1], 240);
    ck_assert_int_ge(server.at_ms[3] - server.at_ms[2], 490);
    finish();
}
END_TEST

START_TEST(test_503_for_good)
{
    static const struct reply replies[] = { LOGIN("t"), { 503, NULL, "{}", FAULT_NONE },
                                            { 503, NULL, "{}", FAULT_NONE },
                                            { 503, NULL, "{}", FAULT_NONE } };

    server_start(&server, replies, ARRAY_SIZE(replies));
    options = server_options(&server);
    options.retries = 2;
    open_client();
    ck_assert_int_eq(post(), -EAGAIN);
    ck_assert_uint_eq(server.served, 4);
    finish();
}
END_TEST

START_TEST(test_429_with_retry_after)
{
    START(LOGIN("t"), { 429, USUAL_HEADERS "Retry-After: 2\r\n", "{}", FAULT_NONE },
          { 202, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(post(), 0);
    ck_assert_int_ge(server.at_ms[2] - server.at_ms[1], 2000);
    ck_assert_int_le(server.at_ms[2] - server.at_ms[1], 3500);
    finish();
}
END_TEST

/* Longer than the call may last: it gives up at once and says so. */
START_TEST(test_429_for_too_long)
{
    int64_t before = clock_monotonic_ms();

    START(LOGIN("t"), { 429, USUAL_HEADERS "Retry-After: 60\r\n", "{}", FAULT_NONE });
    ck_assert_int_eq(get(), -EAGAIN);
    ck_assert_uint_eq(server.served, 2);
    ck_assert_int_lt(clock_monotonic_ms() - before, 2000);
    finish();
}
END_TEST

/* The server may have made the volume before it went away: a second POST could make another. */
START_TEST(test_lost_post)
{
    START(LOGIN("t"), { .fault = FAULT_NO_ANSWER }, { 202, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(post(), -ETIMEDOUT);
    ck_assert_uint_eq(server.served, 2);
    finish();
}
END_TEST

START_TEST(test_lost_get)
{
    START(LOGIN("t"), { .fault = FAULT_NO_ANSWER }, { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    ck_assert_uint_eq(server.served, 3);
    finish();
}
END_TEST

/* libcurl repeats a request by itself when a kept connection turns out to be dead; not a POST. */
START_TEST(test_lost_post_after_others)
{
    START(LOGIN("t"), { 200, NULL, "{}", FAULT_NONE }, { .fault = FAULT_NO_ANSWER },
          { 202, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(post(), -ETIMEDOUT);
    ck_assert_uint_eq(server.served, 3);
    finish();
}
END_TEST

START_TEST(test_500_is_not_repeated)
{
    START(LOGIN("t"), { 500, NULL, "{}", FAULT_NONE }, { 500, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(post(), -ETIMEDOUT);
    ck_assert_int_eq(get(), -EAGAIN);
    ck_assert_uint_eq(server.served, 3);
    finish();
}
END_TEST

START_TEST(test_nobody_listens)
{
    START(LOGIN("t"), { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    server_stop(&server);
    ck_assert_int_eq(post(), -EAGAIN); /* certain: it was never sent */
    ck_assert_ptr_nonnull(strstr(error.message, "Cinder: POST /volumes"));
    client_close(client);
    cloud_close(cloud);
}
END_TEST

START_TEST(test_connections_are_kept)
{
    START(LOGIN("t"), { 200, NULL, "{}", FAULT_NONE }, { 200, NULL, "{}", FAULT_NONE },
          { 200, NULL, "{}", FAULT_NONE }, { 204, NULL, "", FAULT_NONE });
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(call("DELETE", "/volumes/7", NULL, NULL), 0);
    ck_assert(asked(4, "DELETE /s2/v3/"));
    ck_assert_uint_eq(server.connections, 1);
    finish();
}
END_TEST

/* ---- answers that are none ---- */

START_TEST(test_half_an_answer)
{
    START(LOGIN("t"), { 200, NULL, "{\"volumes\": [", FAULT_HALF_BODY },
          { 200, NULL, "{}", FAULT_NONE }, { 202, NULL, "{\"volume\"", FAULT_HALF_BODY });
    ck_assert_int_eq(get(), 0);
    ck_assert_int_eq(post(), -ETIMEDOUT);
    ck_assert_uint_eq(server.served, 4);
    finish();
}
END_TEST

START_TEST(test_wrong_content_type)
{
    START(LOGIN("t"), { 200, "Content-Type: text/html\r\n", "<html>", FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.message, "text/html"));
    finish();
}
END_TEST

START_TEST(test_bad_json)
{
    START(LOGIN("t"), { 200, NULL, "{\"a\": \"\xff\"}", FAULT_NONE },
          { 200, NULL, "{\"a\": 1} {}", FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_int_eq(get(), -EPROTO);
    finish();
}
END_TEST

START_TEST(test_endless)
{
    START(LOGIN("t"), { 200, USUAL_HEADERS "Transfer-Encoding: identity\r\n", "",
                        FAULT_ENDLESS_BODY },
          { 200, NULL, "", FAULT_ENDLESS_HEADER });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.message, "larger"));
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_uint_eq(server.served, 3);
    finish();
}
END_TEST

START_TEST(test_slow_headers)
{
    static const struct reply replies[] = { LOGIN("t"), { .fault = FAULT_SLOW_HEADER },
                                            { .fault = FAULT_SLOW_HEADER } };
    int64_t before;

    server_start(&server, replies, ARRAY_SIZE(replies));
    options = server_options(&server);
    options.services[SERVICE_VOLUME].timeout_s = 1;
    open_client();
    before = clock_monotonic_ms();
    ck_assert_int_eq(get(), -EAGAIN);
    ck_assert_int_eq(post(), -ETIMEDOUT);
    ck_assert_int_lt(clock_monotonic_ms() - before, 3000);
    ck_assert_int_ge(clock_monotonic_ms() - before, 1900);
    finish();
}
END_TEST

START_TEST(test_redirect_is_not_followed)
{
    START(LOGIN("t"), { 302, "Location: http://127.0.0.1:1/\r\n", "", FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_uint_eq(server.served, 2);
    finish();
}
END_TEST

START_TEST(test_404_of_a_stranger)
{
    START(LOGIN("t"), { 404, "Content-Type: text/html\r\n", "<html>nginx</html>", FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    finish();
}
END_TEST

START_TEST(test_no_forged_headers)
{
    const struct call one = { .service = SERVICE_IDENTITY, .method = "GET", .path = "/auth/tokens",
                              .subject_token = "a\r\nX-Evil: 1" };

    START(LOGIN("t"));
    ck_assert_int_eq(client_call(client, &one, NULL, &error), -EINVAL);
    ck_assert_uint_eq(server.served, 1);
    finish();
}
END_TEST

/* ---- the token ---- */

START_TEST(test_renewed_on_401)
{
    START(LOGIN("old"), { 401, NULL, "{}", FAULT_NONE }, LOGIN("new"),
          { 202, NULL, "{}", FAULT_NONE }, { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(post(), 0);
    ck_assert(asked(1, "X-Auth-Token: old"));
    ck_assert(asked(3, "X-Auth-Token: new"));
    ck_assert_int_eq(get(), 0);
    ck_assert(asked(4, "X-Auth-Token: new"));
    finish();
}
END_TEST

START_TEST(test_renewed_once)
{
    START(LOGIN("old"), { 401, NULL, "{}", FAULT_NONE }, LOGIN("new"),
          { 401, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), -EACCES);
    ck_assert_uint_eq(server.served, 4);
    finish();
}
END_TEST

#define SHORT_LIFE LOGIN_BODY("2026-11-24T07:00:00.000000Z", "2026-11-24T07:00:01.000000Z")

/* In the last part of its life a token is renewed; and while that fails, it serves on. */
START_TEST(test_renewed_before_the_end)
{
    START({ 201, LOGIN_HEADERS("first"), SHORT_LIFE, FAULT_NONE },
          { 200, NULL, "{}", FAULT_NONE }, { 400, NULL, "{}", FAULT_NONE },
          { 200, NULL, "{}", FAULT_NONE }, { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    usleep(600000);
    ck_assert_int_eq(get(), 0); /* the renewal got 400 */
    ck_assert(asked(2, "POST /identity/v3/auth/tokens"));
    ck_assert(asked(3, "X-Auth-Token: first"));
    ck_assert_int_eq(get(), 0); /* and is not tried again at once */
    ck_assert(asked(4, "GET /s2"));
    finish();
}
END_TEST

START_TEST(test_renewed_at_the_end)
{
    START({ 201, LOGIN_HEADERS("first"), SHORT_LIFE, FAULT_NONE },
          { 200, NULL, "{}", FAULT_NONE }, LOGIN("second"), { 200, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(get(), 0);
    usleep(1050000);
    ck_assert_int_eq(get(), 0);
    ck_assert(asked(3, "X-Auth-Token: second"));
    finish();
}
END_TEST

/* A wrong password is not tried by every call: Keystone would lock the account. */
START_TEST(test_refused_login)
{
    START({ 401, NULL, "{\"error\": {\"message\": \"The request requires authentication.\"}}",
            FAULT_NONE });
    ck_assert_int_eq(get(), -EACCES);
    ck_assert_ptr_nonnull(strstr(error.message, "Keystone refused the login"));
    ck_assert_int_eq(get(), -EACCES);
    ck_assert_ptr_nonnull(strstr(error.message, "Keystone refused the login"));
    ck_assert_uint_eq(server.served, 1);
    ck_assert_ptr_null(strstr(error.message, "geheim"));
    finish();
}
END_TEST

/* What hinders a login says nothing about the call: the volume is not gone. */
START_TEST(test_login_not_found)
{
    START({ 404, NULL, "{\"error\": {\"message\": \"not here\"}}", FAULT_NONE });
    ck_assert_int_eq(get(), -EAGAIN);
    ck_assert_ptr_nonnull(strstr(error.message, "not here"));
    finish();
}
END_TEST

/* A lost login may be repeated, although it is a POST. */
START_TEST(test_lost_login)
{
    START({ .fault = FAULT_NO_ANSWER }, LOGIN("t"), { 202, NULL, "{}", FAULT_NONE });
    ck_assert_int_eq(post(), 0);
    finish();
}
END_TEST

START_TEST(test_login_without_a_token)
{
    START({ 201, NULL, LOGIN_FOR_A_DAY, FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.message, "X-Subject-Token"));
    finish();
}
END_TEST

START_TEST(test_unscoped_login)
{
    START({ 201, LOGIN_HEADERS("t"),
            "{\"token\": {\"issued_at\": \"2026-11-24T07:00:00Z\", \"expires_at\": "
            "\"2026-11-24T08:00:00Z\"}}",
            FAULT_NONE });
    ck_assert_int_eq(get(), -EPROTO);
    ck_assert_ptr_nonnull(strstr(error.message, "token.project is missing"));
    finish();
}
END_TEST

START_TEST(test_no_such_endpoint)
{
    static const struct reply replies[] = { LOGIN("t") };

    server_start(&server, replies, 1);
    options = server_options(&server);
    options.services[SERVICE_VOLUME].endpoint_override[0] = '\0';
    open_client();
    ck_assert_int_eq(get(), -EAGAIN); /* not -ENOENT: nothing is gone */
    ck_assert_ptr_nonnull(strstr(error.message, "no Cinder endpoint"));
    finish();
}
END_TEST

/* ---- many threads ---- */

#define THREADS 8

static void *one_thread(void *context)
{
    struct client *own = NULL;
    const struct call one = { .service = SERVICE_VOLUME, .method = "GET", .path = "/volumes" };

    *(int *)context = client_open(cloud, &own, NULL) ?: client_call(own, &one, NULL, NULL);
    client_close(own);
    return NULL;
}

static void run_threads(int statuses[THREADS])
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, one_thread, &statuses[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(test_one_login_for_all)
{
    static const struct reply ok = { 200, NULL, "{}", FAULT_NONE };
    static const struct reply login = LOGIN("t");
    struct reply replies[1 + THREADS] = { login };
    int statuses[THREADS];

    for (int i = 0; i < THREADS; i++)
        replies[1 + i] = ok;
    server_start(&server, replies, 1 + THREADS);
    options = server_options(&server);
    open_client();
    run_threads(statuses);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(statuses[i], 0);
    ck_assert_uint_eq(server.served, 1 + THREADS);
    finish();
}
END_TEST

START_TEST(test_one_refusal_for_all)
{
    int statuses[THREADS];

    START({ 401, NULL, "{}", FAULT_NONE });
    run_threads(statuses);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(statuses[i], -EACCES);
    ck_assert_uint_eq(server.served, 1);
    finish();
}
END_TEST

/* The limit is the process's, not the client's. */
START_TEST(test_rate_limit)
{
    static const struct reply ok = { 200, NULL, "{}", FAULT_NONE };
    static const struct reply login = LOGIN("t");
    struct reply replies[1 + THREADS] = { login };
    int statuses[THREADS];

    for (int i = 0; i < THREADS; i++)
        replies[1 + i] = ok;
    server_start(&server, replies, 1 + THREADS);
    options = server_options(&server);
    options.services[SERVICE_VOLUME].calls_per_second = 4;
    open_client();
    run_threads(statuses);
    /* Four at once, and four more within the second. */
    ck_assert_int_ge(server.at_ms[8] - server.at_ms[1], 900);
    ck_assert_int_lt(server.at_ms[4] - server.at_ms[1], 500);
    finish();
}
END_TEST

UNIT_MAIN("cloud/client", test_a_call, test_application_credential, test_options, test_503_twice,
          test_503_for_good, test_429_with_retry_after, test_429_for_too_long, test_lost_post,
          test_lost_get, test_lost_post_after_others, test_500_is_not_repeated,
          test_nobody_listens, test_connections_are_kept, test_half_an_answer,
          test_wrong_content_type, test_bad_json, test_endless, test_slow_headers,
          test_redirect_is_not_followed, test_404_of_a_stranger, test_no_forged_headers,
          test_renewed_on_401, test_renewed_once, test_renewed_before_the_end,
          test_renewed_at_the_end, test_refused_login, test_login_not_found, test_lost_login,
          test_login_without_a_token, test_unscoped_login,
          test_no_such_endpoint, test_one_login_for_all, test_one_refusal_for_all,
          test_rate_limit)
