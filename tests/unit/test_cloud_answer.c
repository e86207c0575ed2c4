/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/answer: what services' answers mean, as real ones gave them. */
#include "cloud/answer.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

#define ID "req-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define HTML "text/html; charset=UTF-8"
#define JSON "application/json"
#define NEUTRON(type, message)                                                                     \
    "{\"NeutronError\": {\"type\": \"" type "\", \"message\": \"" message "\", \"detail\": \"\"}}"

static const struct {
    enum service service;
    const char *method;
    int status;
    const char *type, *id, *body;
    int code;
    const char *said;
} cases[] = {
    { SERVICE_NETWORK, "GET", 200, JSON, ID, "{}", 0, "" },
    { SERVICE_NETWORK, "DELETE", 204, "", ID, "", 0, "" },
    { SERVICE_NETWORK, "GET", 404, JSON, ID, NEUTRON("PortNotFound", "Port 7 could not be found."),
      -ENOENT, "HTTP 404 PortNotFound: Port 7 could not be found. (" ID ")" },
    { SERVICE_NETWORK, "GET", 404, JSON, ID, NEUTRON("HTTPNotFound", "The resource"), -EPROTO,
      "endpoint" },
    { SERVICE_NETWORK, "GET", 404, HTML, "", "<html></html>", -EPROTO, "endpoint" },
    { SERVICE_NETWORK, "GET", 404, JSON, "", NEUTRON("PortNotFound", "no"), -EPROTO, "endpoint" },
    { SERVICE_NETWORK, "POST", 409, JSON, ID,
      NEUTRON("OverQuota", "Quota exceeded for resources: ['port']."), -EDQUOT, "['port']" },
    { SERVICE_NETWORK, "POST", 409, JSON, ID,
      NEUTRON("IpAddressGenerationFailure", "No more IP addresses available on network 7."),
      -ENOSPC, "No more IP" },
    { SERVICE_NETWORK, "DELETE", 409, JSON, ID, NEUTRON("PortInUse", "in use"), -EEXIST, "in use" },
    { SERVICE_VOLUME, "GET", 404, JSON, ID,
      "{\"itemNotFound\": {\"code\": 404, \"message\": \"Volume 7 could not be found.\"}}", -ENOENT,
      "Volume 7" },
    { SERVICE_VOLUME, "GET", 404, HTML, ID, "<html></html>", -EPROTO, "endpoint" },
    { SERVICE_VOLUME, "POST", 413, JSON, ID,
      "{\"overLimit\": {\"code\": 413, \"message\": \"VolumeLimitExceeded: ten\"}}", -EDQUOT,
      "ten" },
    { SERVICE_VOLUME, "POST", 400, JSON, ID,
      "{\"badRequest\": {\"code\": 400, \"message\": \"Invalid volume\"}}", -EINVAL,
      "Invalid volume" },
    { SERVICE_VOLUME, "POST", 500, JSON, ID,
      "{\"computeFault\": {\"code\": 500, \"message\": \"ups\"}}", -ETIMEDOUT, "ups" },
    { SERVICE_VOLUME, "GET", 500, JSON, ID, "{}", -EAGAIN, "HTTP 500" },
    { SERVICE_VOLUME, "POST", 503, HTML, "", "<html>", -EAGAIN, "HTTP 503" },
    { SERVICE_VOLUME, "POST", 504, HTML, "", "<html>", -ETIMEDOUT, "HTTP 504" },
    { SERVICE_VOLUME, "GET", 429, JSON, "", "", -EAGAIN, "HTTP 429" },
    { SERVICE_IMAGE, "GET", 404, HTML, ID, "<html>No image found</html>", -ENOENT, "HTTP 404" },
    { SERVICE_IMAGE, "GET", 404, HTML, "", "<html>No such page</html>", -EPROTO, "endpoint" },
    { SERVICE_IMAGE, "GET", 403, HTML, ID, "", -EACCES, "HTTP 403" },
    { SERVICE_COMPUTE, "POST", 403, JSON, ID,
      "{\"forbidden\": {\"code\": 403, \"message\": \"Quota exceeded for cores\"}}", -EDQUOT,
      "cores" },
    { SERVICE_COMPUTE, "POST", 403, JSON, ID,
      "{\"forbidden\": {\"code\": 403, \"message\": \"Policy says no\"}}", -EACCES, "Policy" },
    { SERVICE_IDENTITY, "GET", 401, JSON, ID,
      "{\"error\":{\"code\":401,\"message\":\"The request\",\"title\":\"Unauthorized\"}}", -EACCES,
      "The request" },
    { SERVICE_IDENTITY, "GET", 404, JSON, ID,
      "{\"error\":{\"code\":404,\"message\":\"Could not recognize Fernet token\"}}", -ENOENT,
      "Fernet" },
    { SERVICE_NETWORK, "GET", 301, HTML, "", "", -EPROTO, "endpoint" },
    { SERVICE_NETWORK, "GET", 400, JSON, ID, "{\"NeutronError\": 7, \"error\": [1]}", -EINVAL,
      "HTTP 400 (" ID ")" },
    { SERVICE_NETWORK, "GET", 400, JSON, ID, "{\"NeutronError\"", -EINVAL, "HTTP 400" },
};

START_TEST(test_judge)
{
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct asked asked = { cases[i].service, cases[i].method, "/some/path" };
        struct http_answer answer = { .status = cases[i].status,
                                      .body = STRBUF_INIT(HTTP_BODY_MOST) };
        struct error error = { 0 };

        text_copy(answer.content_type, sizeof(answer.content_type), cases[i].type);
        text_copy(answer.request_id, sizeof(answer.request_id), cases[i].id);
        strbuf_add_text(&answer.body, cases[i].body);
        ck_assert_msg(answer_judge(&asked, &answer, &error) == cases[i].code, "case %zu: %d %s", i,
                      error.code, error.message);
        ck_assert_msg(strstr(error.message, cases[i].said) != NULL, "case %zu: %s", i,
                      error.message);
        ck_assert(!cases[i].code || strstr(error.message, "/some/path"));
        strbuf_clear(&answer.body);
    }
}
END_TEST

START_TEST(test_without_answer)
{
    static const struct {
        const char *method;
        enum http_outcome outcome;
        int code;
    } lost[] = {
        { "GET", HTTP_UNREACHED, -EAGAIN }, { "POST", HTTP_UNREACHED, -EAGAIN },
        { "GET", HTTP_LOST, -EAGAIN },      { "POST", HTTP_LOST, -ETIMEDOUT },
        { "DELETE", HTTP_LOST, -ETIMEDOUT }, { "GET", HTTP_TOO_LARGE, -EPROTO },
        { "GET", HTTP_UNTRUSTED, -EAGAIN },
    };

    for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
        const struct asked asked = { SERVICE_VOLUME, lost[i].method, "/volumes" };
        const struct http_answer answer = { .outcome = lost[i].outcome, .reason = "weather" };
        struct error error = { 0 };

        ck_assert_int_eq(answer_judge(&asked, &answer, &error), lost[i].code);
        ck_assert_ptr_nonnull(strstr(error.message, "Cinder: "));
        ck_assert_ptr_nonnull(strstr(error.message, "weather"));
    }
}
END_TEST

static int parse(const char *type, const char *body, struct json **ret_json)
{
    const struct asked asked = { SERVICE_VOLUME, "GET", "/volumes" };
    struct http_answer answer = { .status = 200, .body = STRBUF_INIT(HTTP_BODY_MOST) };
    int status;

    text_copy(answer.content_type, sizeof(answer.content_type), type);
    strbuf_add_text(&answer.body, body);
    status = answer_parse(&asked, &answer, ret_json, NULL);
    strbuf_clear(&answer.body);
    return status;
}

START_TEST(test_parse)
{
    static const char *const good[] = { JSON, "application/json; charset=UTF-8",
                                        "Application/JSON;charset=utf-8" };
    static const char *const bad[] = { "", HTML, "text/json", "application/jsonp" };
    struct json *json = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        ck_assert_int_eq(parse(good[i], "{\"a\": \"b\"}", &json), 0);
        ck_assert_str_eq(json_text(json_at(json, "a")), "b");
        json_free(json);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_int_eq(parse(bad[i], "{}", &json), -EPROTO);
    ck_assert_int_eq(parse(HTML, "", &json), 0);
    ck_assert_ptr_null(json);
    ck_assert_int_eq(parse(JSON, "{\"a\": ", &json), -EPROTO);
    ck_assert_ptr_null(json);
}
END_TEST

UNIT_MAIN("cloud/answer", test_judge, test_without_answer, test_parse)
