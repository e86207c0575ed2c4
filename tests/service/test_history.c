/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of role/history, usage, historian and csv, and of store/import and utilisation, on a real
 * database and a server that answers as Gnocchi and Nova do, or as they should not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "role/csv.h"
#include "role/history.h"
#include "role/usage.h"
#include "store/boot.h"
#include "store/sighting.h"
#include "store/utilisation.h"
#include "tests/service/service.h"
#include "tests/unit/cloud_server.h"

#define FIRST "5e761f58-b24e-49ff-81ad-eea0cc5e31b0"
#define SECOND "5e761f58-b24e-49ff-81ad-eea0cc5e31b1"
#define IMAGE "226ae9e3-ac7a-4074-a205-7352a255cea9"
#define INSTANCE(id)                                                                               \
    "{\"id\": \"" id "\", \"project_id\": \"" OUR_PROJECT "\", \"flavor_id\": \"f1\","             \
    " \"availability_zone\": \"z\", \"image_ref\": \"" IMAGE "\","                                 \
    " \"created_at\": \"2026-11-24T12:00:00\", \"launched_at\": \"2026-11-24T12:00:09\","          \
    " \"started_at\": \"2026-11-24T12:00:10.5+00:00\", \"ended_at\": null}"
#define OK(body) { 200, NULL, body, FAULT_NONE }
#define VANISHED                                                                                   \
    { 400, NULL, "{\"code\": 400, \"title\": \"Bad Request\", \"description\": \"marker\"}",       \
      FAULT_NONE }
#define NOON 1795521600000LL /* 2026-11-24T12:00:00Z */
#define HOUR 3600000LL

static struct server server;
static struct cloud *cloud;
static struct client *client;

static void begin(const struct reply *replies, size_t count)
{
    struct cloud_options options;

    server_start(&server, replies, count);
    options = server_options(&server);
    options.retries = 0;
    must(cloud_open(&options, &cloud, &error));
    must(client_open(cloud, &client, &error));
}

static void finish(void)
{
    client_close(client);
    cloud_close(cloud);
    server_stop(&server);
}

static const struct history_job job = { HISTORY_GNOCCHI, "gnocchi", NOON - HOUR, NOON + HOUR };

static int page(struct import *ret_import)
{
    struct error error = { 0 };

    return history_page(&job, client, service_store, clock_now_ms(), ret_import, &error);
}

/* Two pages and the end; the second page holds the last one of the first again. */
START_TEST(test_import)
{
    static const struct reply replies[] = { LOGIN("t"), OK("[" INSTANCE(FIRST) "]"),
                                            OK("[" INSTANCE(FIRST) "," INSTANCE(SECOND) "]"),
                                            OK("[]") };
    struct import import;
    struct boot boot;

    begin(replies, ARRAY_SIZE(replies));
    ck_assert_int_eq(page(&import), 0);
    ck_assert_str_eq(import.marker, FIRST);
    ck_assert_int_eq(page(&import), 0);
    ck_assert_int_eq(page(&import), 1);
    ck_assert_int_eq(page(&import), 1); /* asks nobody any more */
    ck_assert_int_eq(import.instances, 3);
    ck_assert_int_eq(import.added, 2);
    ck_assert_uint_eq(server.served, 4);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE source = 'import'"), 4);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM series"), 2);
    ck_assert_int_eq(service_number("SELECT MIN(at_ms) FROM sightings"), NOON);
    must(boot_get(service_store, SECOND, &boot, &error));
    ck_assert_int_eq(boot.outcome, BOOT_ACTIVE);
    ck_assert_int_eq(boot.finished_ms, NOON + 9000);
    ck_assert(strstr(server.requests[2], "marker=" FIRST) != NULL);
    finish();
}
END_TEST

/* What fails leaves the import where it was; a marker that vanished is given up, not the import. */
START_TEST(test_import_resumes)
{
    static const struct reply replies[] = {
        LOGIN("t"), OK("[" INSTANCE(FIRST) "]"), { 503, NULL, "{}", FAULT_NONE },
        { 200, NULL, "[]", FAULT_HALF_BODY }, VANISHED, OK("[" INSTANCE(SECOND) "]"), OK("[]"),
    };
    struct import import;

    begin(replies, ARRAY_SIZE(replies));
    ck_assert_int_eq(page(&import), 0);
    ck_assert_int_eq(page(NULL), -EAGAIN);
    ck_assert_int_eq(page(NULL), -EAGAIN);
    ck_assert_int_eq(page(NULL), 0);
    ck_assert_int_eq(page(&import), 0);
    ck_assert_str_eq(import.marker, SECOND);
    ck_assert(strstr(server.requests[5], "marker=") == NULL);
    ck_assert(strstr(server.requests[5], "2026-11-24T12:00:10Z") != NULL);
    ck_assert_int_eq(page(&import), 1);
    ck_assert_int_eq(import.instances, 2);
    finish();
}
END_TEST

/* Nova tells of all that changed: only what was asked for in the window counts.  A later round
 * reads all of it again, and finds nothing new. */
START_TEST(test_import_nova)
{
#define SERVER(id, created)                                                                        \
    "{\"id\": \"" id "\", \"tenant_id\": \"" OUR_PROJECT "\", \"status\": \"ERROR\","              \
    " \"created\": \"" created "\", \"flavor\": {\"id\": \"f1\"}, \"image\": \"\","                \
    " \"OS-EXT-SRV-ATTR:reservation_id\": \"r-1\"}"
#define SERVERS                                                                                    \
    OK("{\"servers\": [" SERVER(FIRST, "2026-11-24T12:10:00Z") ","                                 \
       SERVER(SECOND, "2026-11-20T12:10:00Z") "]}")
    static const struct reply replies[] = { LOGIN("t"), SERVERS, SERVERS };
    struct history_job nova = { HISTORY_NOVA, "nova", NOON, NOON + HOUR };
    struct import import;

    begin(replies, ARRAY_SIZE(replies));
    must(history_page(&nova, client, service_store, NOON, &import, &error));
    ck_assert_int_eq(import.finished_ms, NOON);
    ck_assert_int_eq(import.added, 1);
    nova.until_ms++;
    must(history_page(&nova, client, service_store, NOON, &import, &error));
    ck_assert_int_eq(import.instances, 1);
    ck_assert_int_eq(import.added, 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM boots WHERE outcome = 'failed'"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE request_id = 'r-1'"), 1);
    finish();
}
END_TEST

/* ---- utilisation ---- */

static struct option_list memory_only = { 1, { "memory" } };
static const struct usage usage = { .metrics = &memory_only, .granularity_s = 300,
                                    .settle_s = 600, .backlog = 100 };

#define ROWS_OF(seconds) "SELECT COUNT(*) FROM utilisation WHERE resolution_s = " seconds
#define STATUS(n) OK("{\"storage\": {\"summary\": {\"measures\": " n "}}}")
#define POINTS(group)                                                                              \
    "[{\"group\": {\"" group "\": \"g\"}, \"measures\": {\"measures\": {\"aggregated\":"           \
    " [[\"2026-11-24T12:00:00+00:00\", 300.0, 10], [\"2026-11-24T12:05:00+00:00\", 300.0, 30]]}}}]"
#define NOTHING                                                                                    \
    { 404, NULL, "{\"code\": 404, \"description\": \"Metric ['x'] does not exist\"}", FAULT_NONE }

static void usage_reached(int64_t reached_ms)
{
    struct import import = { .source = USAGE_NAME, .from_ms = 1, .reached_ms = reached_ms };

    must(import_save(service_store, &import, &error));
}

START_TEST(test_usage)
{
    static const struct reply replies[] = { LOGIN("t"), STATUS("3"), OK(POINTS("flavor_id")),
                                            OK(POINTS("project_id")), NOTHING };
    struct utilisation_filter filter = { .metric = "memory", .scope = SCOPE_FLAVOR,
                                         .resolution_s = 3600 };
    struct utilisation rows[4];
    size_t count;

    begin(replies, ARRAY_SIZE(replies));
    usage_reached(NOON);
    must(usage_step(&usage, client, service_store, NOON + HOUR / 2, &error));
    ck_assert_int_eq(service_number(ROWS_OF("300")), 4);
    must(utilisation_list(service_store, &filter, 0, 4, rows, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(rows[0].scope_id, "g");
    ck_assert_int_eq(rows[0].at_ms, NOON);
    ck_assert_double_eq_tol(rows[0].mean, 20, 1e-9);
    ck_assert_double_eq_tol(rows[0].peak, 30, 1e-9);
    ck_assert_int_eq(rows[0].samples, 2);
    ck_assert_int_eq(service_number("SELECT reached_ms FROM imports"), NOON + HOUR / 3);
    /* nothing new has settled: nobody is asked */
    ck_assert_int_eq(usage_step(&usage, client, service_store, NOON + HOUR / 2, NULL), 0);
    ck_assert_uint_eq(server.served, 5);
    finish();
}
END_TEST

START_TEST(test_usage_waits)
{
    static const struct reply replies[] = { LOGIN("t"), STATUS("101"),
                                            { 503, NULL, "{}", FAULT_NONE } };
    struct error error = { 0 };

    begin(replies, ARRAY_SIZE(replies));
    usage_reached(NOON);
    ck_assert_int_eq(usage_step(&usage, client, service_store, NOON + HOUR, &error), 0);
    ck_assert_int_eq(usage_step(&usage, client, service_store, NOON + HOUR, &error), -EAGAIN);
    ck_assert_int_eq(service_number("SELECT reached_ms FROM imports"), NOON);
    finish();
}
END_TEST

/* Rows age from fine to coarse; what a coarser span is still made of stays. */
START_TEST(test_usage_ages)
{
    struct utilisation rows[3];
    int64_t removed = 0;

    for (int i = 0; i < 3; i++)
        rows[i] = (struct utilisation){ .metric = "cpu", .scope = SCOPE_HOST, .scope_id = "h",
                                        .resolution_s = 300, .at_ms = NOON + i * HOUR / 2,
                                        .mean = i, .peak = i, .samples = 1 };
    must(utilisation_add(service_store, rows, 3, &error));
    must(utilisation_add(service_store, rows, 3, &error));
    must(utilisation_roll(service_store, 1, NOON, NOON + 2 * HOUR, &error));
    must(utilisation_roll(service_store, 2, NOON, NOON + 2 * HOUR, &error));
    ck_assert_int_eq(service_number(ROWS_OF("3600")), 2);
    ck_assert_int_eq(service_number("SELECT SUM(mean * 1000) FROM utilisation"
                                    " WHERE resolution_s = 86400"), 1000);
    must(utilisation_purge(service_store, 0, NOON + HOUR, 1, &removed, &error));
    ck_assert_int_eq(removed, 1);
    must(utilisation_purge(service_store, 0, NOON + HOUR, 100, &removed, &error));
    ck_assert_int_eq(service_number(ROWS_OF("300")), 1);
}
END_TEST

/* ---- CSV ---- */

static void show_nothing(const struct import *import, bool last)
{
    (void)import;
    (void)last;
}

START_TEST(test_csv)
{
    char path[] = "/tmp/larder-csv-XXXXXX";
    int fd = mkstemp(path);
    struct import import;

    ck_assert_int_ge(fd, 0);
    dprintf(fd, "asked_at,project_id,flavor_id,image_id,count\r\n"
            "2026-11-24T12:00:00Z," OUR_PROJECT ",f1," IMAGE ",40\r\n"
            "nonsense\r\n\r\n2026-11-24T12:05:00Z," OUR_PROJECT ",f1,,1\r\n");
    for (int i = 0; i < 2; i++) {
        must(csv_import(path, service_store, NOON, show_nothing, &import, &error));
        ck_assert_int_eq(import.instances, i ? 0 : 41);
        ck_assert_int_eq(import.added, i ? 0 : 41);
        ck_assert_int_eq(import.strange, i ? 0 : 1);
        ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings"), 81);
    }
    ck_assert_int_eq(service_number("SELECT COUNT(DISTINCT request_id) FROM sightings"
                                    " WHERE request_id <> ''"), 1);
    unlink(path);
    close(fd);
    must_fail(-ENOENT, csv_import(path, service_store, NOON, show_nothing, &import, &error));
}
END_TEST

SERVICE_MAIN("history", test_import, test_import_resumes, test_import_nova, test_usage,
             test_usage_waits, test_usage_ages, test_csv)
