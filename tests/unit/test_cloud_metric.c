/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/metric, measure and server_list: answers as Gnocchi 4.7 gave them (tests/data),
 * and those that no real one gives when one wants them: slow, half, refused, without end.
 */
#include <errno.h>
#include <string.h>

#include "cloud_server.h"
#include "unit.h"

#define OK(body) { 200, GNOCCHI_HEADERS, body, FAULT_NONE }
#define GNOCCHI_HEADERS "Content-Type: application/json\r\n" /* it has no request ids */
#define AT(time) time_of("2026-11-24T" time "Z")

static struct server server;
static struct cloud *cloud;
static struct client *client;
static struct error error;
static struct reply replies[8] = { LOGIN("t") };

static int64_t time_of(const char *text)
{
    int64_t ms;

    ck_assert_int_eq(text_to_time(text, &ms), 0);
    return ms;
}

/* Holds until the next call. */
static char *data(const char *name)
{
    static char text[1 << 16];
    const char *top = getenv("top_srcdir");
    char path[512];
    FILE *file;

    memset(text, 0, sizeof(text));

    snprintf(path, sizeof(path), "%s/tests/data/gnocchi/%s", top ? top : ".", name);
    file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
    fclose(file);
    return text;
}

/* Only an answer that does not come may end by time: a busy machine is slow with the others too. */
static void start(size_t count, int64_t timeout_s)
{
    struct cloud_options options;

    server_start(&server, replies, count + 1);
    options = server_options(&server);
    for (int i = 1; i < SERVICES; i++)
        options.services[i].timeout_s = timeout_s;
    options.retries = 0;
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), 0);
    ck_assert_int_eq(client_open(cloud, &client, &error), 0);
}

static void answer(int status, const char *body, enum fault fault)
{
    replies[1] = (struct reply){ status, GNOCCHI_HEADERS, body, fault };
    start(1, fault == FAULT_SLOW_HEADER || fault == FAULT_NO_ANSWER ? 1 : 30);
}

static void finish(void)
{
    client_close(client);
    cloud_close(cloud);
    server_stop(&server);
}

static struct instance instances[METRIC_PAGE_MOST];
static size_t count;
static struct metric_progress progress;

static int search(const char *marker)
{
    const struct metric_page page = { AT("00:00:00"), AT("23:00:00"), AT("01:00:00"), marker,
                                      METRIC_PAGE_MOST };

    return metric_instances(client, &page, instances, &count, &progress, &error);
}

START_TEST(test_instances)
{
    answer(200, data("search-instance.json"), FAULT_NONE);
    ck_assert_int_eq(search(""), 0);
    ck_assert_uint_eq(count, 5);
    ck_assert_str_eq(instances[0].id, "5e761f58-b24e-49ff-81ad-eea0cc5e31b4");
    ck_assert_str_eq(instances[0].project_id, "bde1d1f9fa654754a02248868f2bc61e");
    ck_assert_str_eq(instances[0].flavor_id, "d2f008a8-dfd3-436e-aef8-13da343ebcdc");
    ck_assert_str_eq(instances[0].flavor_name, "m1.tiny");
    ck_assert_str_eq(instances[0].zone, "fake");
    ck_assert_str_eq(instances[0].host, "fake3");
    ck_assert_int_eq(instances[0].asked_ms, AT("12:24:23"));
    ck_assert_int_eq(instances[0].active_ms, AT("12:24:35"));
    ck_assert_int_eq(instances[0].deleted_ms, 0);
    ck_assert_str_eq(progress.marker, instances[4].id);
    ck_assert_int_ge(progress.started_ms, AT("13:25:12"));
    ck_assert(!progress.ended);
    ck_assert(strstr(server.requests[1], "POST /s5/v1/search/resource/instance?") != NULL);
    ck_assert(strstr(server.requests[1], "marker") == NULL);
    ck_assert(strstr(server.requests[1], "2026-11-24T01:00:00Z") != NULL);
    finish();
}
END_TEST

/* The record of an image may be a URL; what is not known of an instance is "" or 0. */
START_TEST(test_instances_sparse)
{
    answer(200, "[{\"id\": \"5e761f58-b24e-49ff-81ad-eea0cc5e31b4\", \"started_at\":"
           " \"2026-11-24T13:00:00+00:00\", \"image_ref\":"
           " \"http://g/images/226ae9e3-ac7a-4074-a205-7352a255cea9\"},"
           " {\"id\": 7}, {\"id\": \"5e761f58-b24e-49ff-81ad-eea0cc5e31b5\"}]", FAULT_NONE);
    ck_assert_int_eq(search("5e761f58-b24e-49ff-81ad-eea0cc5e31b3"), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(progress.strange, 2);
    ck_assert_str_eq(instances[0].image_id, "226ae9e3-ac7a-4074-a205-7352a255cea9");
    ck_assert_str_eq(instances[0].project_id, "");
    ck_assert_int_eq(instances[0].asked_ms, AT("13:00:00"));
    ck_assert(strstr(server.requests[1], "marker=5e761f58-b24e-49ff-81ad-eea0cc5e31b3&"));
    finish();
}
END_TEST

START_TEST(test_instances_end)
{
    answer(200, "[]", FAULT_NONE);
    ck_assert_int_eq(search(""), 0);
    ck_assert(progress.ended);
    ck_assert_uint_eq(count, 0);
    finish();
}
END_TEST

static const struct {
    int status;
    const char *body;
    enum fault fault;
    const char *marker;
    int code;
} faults[] = {
    { 400, "{\"code\": 400, \"title\": \"Bad Request\", \"description\": \"Invalid marker\"}",
      FAULT_NONE, "5e761f58-b24e-49ff-81ad-eea0cc5e31b3", -ESTALE },
    { 400, "{\"code\": 400, \"title\": \"Bad Request\", \"description\": {\"cause\": \"no\"}}",
      FAULT_NONE, "", -EINVAL },
    { 503, "{}", FAULT_NONE, "", -EAGAIN },
    { 504, "{}", FAULT_NONE, "", -EAGAIN },
    { 200, "[{\"id\"", FAULT_NONE, "", -EPROTO },
    { 200, "[]", FAULT_HALF_BODY, "", -EAGAIN },
    { 200, "[]", FAULT_NO_ANSWER, "", -EAGAIN },
    { 200, "[]", FAULT_SLOW_HEADER, "", -EAGAIN },
    { 200, "[]", FAULT_ENDLESS_BODY, "", -EPROTO },
    { 200, "[{\"id\": 7}]", FAULT_NONE, "", -EPROTO },
    { 404, "<html>", FAULT_NONE, "", -EPROTO },
};

START_TEST(test_instances_faults)
{
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        int code;

        answer(faults[i].status, faults[i].body, faults[i].fault);
        code = search(faults[i].marker);
        ck_assert_msg(code == faults[i].code, "case %zu: %d, not %d", i, code, faults[i].code);
        ck_assert(error.message[0]);
        finish();
    }
}
END_TEST

START_TEST(test_backlog)
{
    int64_t measures = -1;

    answer(200, data("status.json"), FAULT_NONE);
    ck_assert_int_eq(metric_backlog(client, &measures, &error), 0);
    ck_assert_int_ge(measures, 0);
    finish();
    answer(200, "{\"storage\": {\"summary\": {\"measures\": \"many\"}}}", FAULT_NONE);
    ck_assert_int_eq(metric_backlog(client, &measures, &error), -EPROTO);
    finish();
}
END_TEST

static struct metric_point points[16];

static int ask(bool counter, size_t most)
{
    const struct metric_question question = {
        .resource_type = "instance", .group_by = "host", .metrics = { "cpu", NULL },
        .counter = counter, .granularity_s = 300, .from_ms = AT("12:30:00"),
        .until_ms = AT("12:45:00"),
    };

    return metric_ask(client, &question, points, most, &count, &error);
}

/* Two guests, of half a core and one; in the third span both began anew.  The last point is beyond
 * what was asked for. */
START_TEST(test_aggregates)
{
    answer(200, data("aggregates-cpu.json"), FAULT_NONE);
    ck_assert_int_eq(ask(true, 16), 0);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(points[0].group, "capture0");
    ck_assert_int_eq(points[0].at_ms, AT("12:30:00"));
    ck_assert_double_eq_tol(points[0].value, 1.5e9, 1);
    ck_assert_double_eq(points[2].value, 0);
    ck_assert(strstr(server.requests[1], "start=2026-11-24T12%3A25%3A00Z") != NULL);
    finish();
    answer(200, data("aggregates-memory.json"), FAULT_NONE);
    ck_assert_int_eq(ask(false, 2), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_double_eq(points[1].value, 129);
    finish();
}
END_TEST

START_TEST(test_aggregates_of_nothing)
{
    answer(404, data("aggregates-none.json"), FAULT_NONE);
    ck_assert_int_eq(ask(false, 16), 0);
    ck_assert_uint_eq(count, 0);
    finish();
    answer(200, "[{\"group\": {\"host\": null}, \"measures\": {}}, 7,"
           " {\"group\": {\"host\": \"a\"},"
           " \"measures\": {\"measures\": {\"aggregated\": [[\"x\", 300, 1], 4,"
           " [\"2026-11-24T12:35:00+00:00\", 300.0, \"1\"],"
           " [\"2026-11-24T12:35:00+00:00\", 300.0, 2]]}}}]", FAULT_NONE);
    ck_assert_int_eq(ask(false, 16), 0);
    ck_assert_uint_eq(count, 1);
    finish();
}
END_TEST

START_TEST(test_servers)
{
    answer(200, "{\"servers\": [{\"id\": \"9b8d6a4e-0f3c-4c58-8c3b-52a1f3b7c0aa\","
           " \"tenant_id\": \"" OUR_PROJECT "\", \"status\": \"DELETED\","
           " \"created\": \"2026-11-24T12:00:00Z\", \"flavor\": {\"id\": \"7\"},"
           " \"image\": {\"id\": \"226ae9e3-ac7a-4074-a205-7352a255cea9\"},"
           " \"OS-EXT-SRV-ATTR:reservation_id\": \"r-abc\", \"OS-EXT-SRV-ATTR:host\": null,"
           " \"OS-SRV-USG:launched_at\": \"2026-11-24T12:00:05.000000\","
           " \"OS-SRV-USG:terminated_at\": \"2026-11-24T12:01:00.000000\"},"
           " {\"id\": \"9b8d6a4e-0f3c-4c58-8c3b-52a1f3b7c0ab\", \"tenant_id\": \"" OUR_PROJECT
           "\", \"status\": \"ERROR\", \"created\": \"2026-11-24T12:00:00Z\", \"image\": \"\","
           " \"flavor\": {\"id\": \"7\"}}]}", FAULT_NONE);
    ck_assert_int_eq(server_list(client, AT("11:00:00"), NULL, 10, instances, &count, &error), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(instances[0].batch_id, "r-abc");
    ck_assert_str_eq(instances[0].flavor_id, "7");
    ck_assert_str_eq(instances[0].image_id, "226ae9e3-ac7a-4074-a205-7352a255cea9");
    ck_assert_int_eq(instances[0].active_ms, AT("12:00:05"));
    ck_assert_int_eq(instances[0].deleted_ms, AT("12:01:00"));
    ck_assert(!instances[0].failed && instances[1].failed);
    ck_assert_str_eq(instances[1].image_id, "");
    ck_assert(strstr(server.requests[1], "changes-since=2026-11-24T11%3A00%3A00Z") != NULL);
    finish();
}
END_TEST

START_TEST(test_service_is_known)
{
    answer(200, "{}", FAULT_NONE);
    ck_assert_int_eq(client_has_service(client, SERVICE_METRIC, &error), 1);
    finish();
}
END_TEST

UNIT_MAIN("cloud/metric", test_instances, test_instances_sparse, test_instances_end,
          test_instances_faults, test_backlog, test_aggregates, test_aggregates_of_nothing,
          test_servers, test_service_is_known)
