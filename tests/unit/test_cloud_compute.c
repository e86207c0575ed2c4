/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/compute and aggregate: what is read from answers as Nova 2026.2 gave them, and
 * what is asked for; and of Glance's cache in cloud/image.
 */
#include <errno.h>
#include <string.h>

#include "served_client.h"
#include "unit.h"

#define IMAGE "a4579584-5a20-47e7-b506-a1a73a519ea3"
#define SERVER "421dd1ce-eef2-49e0-926b-88b7605b3c00"
#define OTHER "5e7c2f14-5bd6-4b7e-9f0e-0d6f60a4b1c3"
#define TENANT "6d0c8ce9f5e14b4c8b3a1c5b4f3e2d10"

/* ---- aggregates ---- */

#define AGGREGATE(id, name, zone, hosts, metadata)                                                 \
    "{\"id\": " id ", \"uuid\": \"" OTHER "\", \"name\": \"" name "\", \"availability_zone\": "    \
    zone ", \"created_at\": \"2026-11-24T12:00:00.000000\", \"deleted\": false, "                  \
    "\"deleted_at\": null, \"updated_at\": null, \"hosts\": " hosts ", \"metadata\": " metadata    \
    "}"

START_TEST(test_aggregates)
{
    struct aggregates found = { 0 };

    START(OK("{\"aggregates\": ["
             AGGREGATE("1", "fake", "\"fake\"", "[\"fake1\", \"fake2\"]",
                       "{\"availability_zone\": \"fake\"}") ","
             AGGREGATE("7", "empty", "null", "[]", "{}") ","
             AGGREGATE("9", "own", "null", "[\"fake2\"]",
                       "{\"filter_tenant_id\": \"" TENANT "\", \"filter_tenant_id2\": "
                       "\"" OUR_PROJECT ", x\"}") "]}"));
    ck_assert_int_eq(compute_aggregates(client, &found, &error), 0);
    ck_assert(asked(1, "GET /s4/v2.1/os-aggregates HTTP"));
    ck_assert_uint_eq(found.count, 3);
    ck_assert_uint_eq(found.host_count, 3);
    ck_assert_int_eq(found.items[0].id, 1);
    ck_assert_str_eq(found.items[0].zone, "fake");
    ck_assert_uint_eq(found.items[0].host_count, 2);
    ck_assert_str_eq(found.hosts[found.items[0].first_host + 1].text, "fake2");
    ck_assert_uint_eq(found.items[1].host_count, 0);
    ck_assert_str_eq(found.hosts[found.items[2].first_host].text, "fake2");
    ck_assert(aggregate_admits(&found.items[0], TENANT));
    ck_assert(aggregate_admits(&found.items[0], ""));
    ck_assert(aggregate_admits(&found.items[2], TENANT));
    ck_assert(aggregate_admits(&found.items[2], OUR_PROJECT));
    ck_assert(!aggregate_admits(&found.items[2], "6d0c8ce9f5e14b4c8b3a1c5b4f3e2d1"));
    ck_assert(!aggregate_admits(&found.items[2], ""));
    ck_assert(!aggregate_admits(&found.items[2], "d0c8ce9f5e14b4c8b3a1c5b4f3e2d10"));
    aggregates_free(&found);
    aggregates_free(&found);
    finish();
}
END_TEST

START_TEST(test_aggregates_nonsense)
{
    struct aggregates found = { 0 };

    START(OK("{\"aggregates\": [" AGGREGATE("1", "a", "null", "[7]", "{}") "]}"),
          OK("{\"aggregates\": [" AGGREGATE("0", "a", "null", "[]", "{}") "]}"),
          OK("{\"aggregates\": [" AGGREGATE("1", "a", "null", "[\"\"]", "{}") "]}"),
          OK("{\"aggregates\": [1]}"), OK("[]"));
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(compute_aggregates(client, &found, &error), -EPROTO);
        ck_assert_ptr_null(found.items);
    }
    ck_assert_int_eq(compute_aggregates(client, &found, &error), 0);
    ck_assert_uint_eq(found.count, 0);
    aggregates_free(&found);
    finish();
}
END_TEST

START_TEST(test_cache_image)
{
    START({ 202, NULL, "", FAULT_NONE },
          { 404, NULL, "{\"itemNotFound\": {\"code\": 404, \"message\": \"Aggregate 3\"}}",
            FAULT_NONE },
          { 400, NULL, "{\"badRequest\": {\"code\": 400, \"message\": \"Requested image id\"}}",
            FAULT_NONE },
          { 406, NULL, "{\"computeFault\": {\"message\": \"Version 2.81 is not supported\", "
                       "\"code\": 406}}", FAULT_NONE },
          { 202, NULL, "", FAULT_NO_ANSWER });
    ck_assert_int_eq(compute_cache_image(client, 3, IMAGE, &error), 0);
    ck_assert(asked(1, "POST /s4/v2.1/os-aggregates/3/images HTTP"));
    ck_assert(asked(1, "OpenStack-API-Version: compute 2.81\r\n"));
    ck_assert(asked(1, "{\"cache\":[{\"id\":\"" IMAGE "\"}]}"));
    ck_assert_int_eq(compute_cache_image(client, 3, IMAGE, &error), -ENOENT);
    ck_assert_int_eq(compute_cache_image(client, 3, IMAGE, &error), -EINVAL);
    ck_assert_int_eq(compute_cache_image(client, 3, IMAGE, &error), -EINVAL);
    ck_assert_int_eq(compute_cache_image(client, 3, IMAGE, &error), -ETIMEDOUT);
    finish();
}
END_TEST

START_TEST(test_glance_cache)
{
    START({ 202, NULL, "", FAULT_NONE }, { 404, NULL, "", FAULT_NONE },
          { 403, NULL, "", FAULT_NONE });
    ck_assert_int_eq(image_warm(client, IMAGE, &error), 0);
    ck_assert(asked(1, "PUT /s3/v2/cache/" IMAGE " HTTP"));
    ck_assert_int_eq(image_warm(client, IMAGE, &error), -ENOENT);
    ck_assert_int_eq(image_warm(client, IMAGE, &error), -EACCES);
    ck_assert_int_eq(image_warm(client, "../images", &error), -EINVAL);
    finish();
}
END_TEST

START_TEST(test_size_in_a_cache)
{
    struct image image = { .size = 5, .virtual_size = 0 };

    ck_assert_int_eq(image_cached_size(&image), 5);
    image.virtual_size = 9;
    ck_assert_int_eq(image_cached_size(&image), 9);
}
END_TEST

/* ---- services, hypervisors, servers ---- */

#define SERVICE(id, host, state, status)                                                           \
    "{\"id\": \"" id "\", \"binary\": \"nova-compute\", \"host\": \"" host "\", \"zone\": "        \
    "\"fake\", \"status\": \"" status "\", \"state\": \"" state "\", \"updated_at\": "             \
    "\"2026-11-24T12:00:00.000000\", \"disabled_reason\": null, \"forced_down\": false}"

START_TEST(test_services)
{
    struct compute_service services[4];
    size_t count = 0;

    START(OK("{\"services\": [" SERVICE(SERVER, "fake1", "up", "enabled") ","
             SERVICE(OTHER, "fake2", "down", "disabled") "]}"));
    ck_assert_int_eq(compute_services(client, 4, services, &count, &error), 0);
    ck_assert(asked(1, "GET /s4/v2.1/os-services?binary=nova-compute&limit=4 HTTP"));
    ck_assert(asked(1, "OpenStack-API-Version: compute 2.53\r\n"));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(services[0].host, "fake1");
    ck_assert(services[0].up && services[0].enabled);
    ck_assert(!services[1].up && !services[1].enabled);
    finish();
}
END_TEST

#define HYPERVISOR(id, host)                                                                       \
    "{\"id\": \"" id "\", \"hypervisor_hostname\": \"" host "\", \"hypervisor_type\": \"fake\", "  \
    "\"vcpus\": 1000, \"memory_mb\": 800000, \"local_gb\": 600000, \"service\": {\"id\": \"" id    \
    "\", \"host\": \"" host "\", \"disabled_reason\": null}, \"state\": \"up\"}"

START_TEST(test_hypervisors)
{
    struct hypervisor hypervisors[4];
    size_t count = 0;

    START(OK("{\"hypervisors\": [" HYPERVISOR(SERVER, "fake1") "], \"hypervisors_links\": "
             "[{\"rel\": \"next\", \"href\": \"http://x\"}]}"),
          OK("{\"hypervisors\": [" HYPERVISOR(OTHER, "fake2") "]}"));
    ck_assert_int_eq(compute_hypervisors(client, NULL, 4, hypervisors, &count, &error), 0);
    ck_assert(asked(1, "GET /s4/v2.1/os-hypervisors/detail?limit=4 HTTP"));
    ck_assert(asked(2, "GET /s4/v2.1/os-hypervisors/detail?limit=3&marker=" SERVER "& HTTP"));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(hypervisors[0].type, "fake");
    ck_assert_int_eq(hypervisors[1].memory_mb, 800000);
    ck_assert_str_eq(hypervisors[1].host, "fake2");
    finish();
}
END_TEST

#define SERVER_JSON(id, image, launched)                                                           \
    "{\"id\": \"" id "\", \"name\": \"x\", \"status\": \"ACTIVE\", \"tenant_id\": \"" TENANT      \
    "\", \"created\": \"2026-11-24T07:29:23Z\", \"image\": " image ", \"flavor\": "                \
    "{\"original_name\": \"m1.tiny\", \"vcpus\": 1, \"ram\": 128, \"disk\": 1, \"swap\": 0, "      \
    "\"ephemeral\": 0, \"extra_specs\": {}}, \"OS-EXT-AZ:availability_zone\": \"fake\", "          \
    "\"OS-EXT-SRV-ATTR:host\": \"fake1\", \"OS-SRV-USG:launched_at\": " launched ", "              \
    "\"OS-SRV-USG:terminated_at\": null}"

START_TEST(test_servers)
{
    struct compute_server servers[4];
    size_t count = 0;

    START(OK("{\"servers\": ["
             SERVER_JSON(SERVER, "{\"id\": \"" IMAGE "\"}", "\"2026-11-24T07:29:24.000000\"") ","
             SERVER_JSON(OTHER, "\"\"", "null") "]}"),
          OK("{\"servers\": []}"));
    ck_assert_int_eq(compute_servers(client, 0, SERVER, 4, servers, &count, &error), 0);
    ck_assert(asked(1, "GET /s4/v2.1/servers/detail?all_tenants=1&sort_key=created_at&"
                       "sort_dir=asc&limit=4&marker=" SERVER "& HTTP"));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(servers[0].image_id, IMAGE);
    ck_assert_str_eq(servers[0].project_id, TENANT);
    ck_assert_str_eq(servers[0].flavor, "m1.tiny");
    ck_assert_int_eq(servers[0].memory_mb, 128);
    ck_assert_str_eq(servers[0].host, "fake1");
    ck_assert_int_eq(servers[0].launched_ms - servers[0].created_ms, 1000);
    ck_assert_str_eq(servers[1].image_id, "");
    ck_assert_int_eq(servers[1].launched_ms, 0);
    ck_assert_int_eq(compute_servers(client, 1795505363000, NULL, 4, servers, &count, &error), 0);
    ck_assert(asked(2, "sort_dir=asc&changes-since=2026-11-24T07%3A29%3A23Z&limit=4 HTTP"));
    ck_assert_uint_eq(count, 0);
    finish();
}
END_TEST

UNIT_MAIN("cloud/compute", test_aggregates, test_aggregates_nonsense, test_cache_image,
          test_glance_cache, test_size_in_a_cache, test_services, test_hypervisors, test_servers)
