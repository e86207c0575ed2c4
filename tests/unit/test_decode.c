/* SPDX-License-Identifier: Apache-2.0 */
/* Real messages and what becomes of them; hostile ones, of which nothing becomes. */
#include "bus/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "bus/envelope.h"
#include "tests/capture.h"
#include "tests/unit/unit.h"

#define INSTANCE "62db3708-3f44-455d-8ccf-68cc007e5320"
#define PROJECT "211491b5b89946e4ade6fe312acde18c"
#define IMAGE "226ae9e3-ac7a-4074-a205-7352a255cea9"
#define REQUEST "req-7509b929-beef-4cae-bb6c-c762480974c9"

static struct boot_event event;

static int decode(const char *name)
{
    size_t count;
    const struct capture *captures = captures_load(SOURCE_DIR "/tests/data/captures", &count);
    const struct capture *capture = capture_find(captures, count, name);
    struct error error = { 0 };
    int status = bus_decode(capture->body, capture->length, &event, &error);

    ck_assert_msg(status >= 0, "%s: %s", name, error.message);
    return status;
}

/* ---- Nova ---- */

static void check_instance(enum boot_outcome outcome, const char *request_id)
{
    const struct boot *boot = &event.instance;

    ck_assert_int_eq(event.kind, EVENT_INSTANCE);
    ck_assert_str_eq(boot->instance_id, INSTANCE);
    ck_assert_str_eq(boot->project_id, PROJECT);
    ck_assert_str_eq(boot->image_id, IMAGE);
    ck_assert_str_eq(boot->flavor_id, "28d4ca48-6056-4e81-a4b4-09d4318567ee");
    ck_assert_str_eq(boot->flavor_name, "m1.tiny");
    ck_assert_int_eq(boot->vcpus, 1);
    ck_assert_int_eq(boot->memory_mb, 128);
    ck_assert_int_eq(boot->disk_gb, 1);
    ck_assert_str_eq(boot->zone, "fake");
    ck_assert_int_eq(boot->outcome, outcome);
    ck_assert_str_eq(boot->request_id, request_id);
    ck_assert_int_eq(boot->asked_ms, 1795488386000); /* 2026-11-24T02:46:26Z */
}

static void check_boot(const char *start, const char *end, const char *gone)
{
    ck_assert_int_eq(decode(start), 1);
    check_instance(BOOT_BEGUN, REQUEST);
    ck_assert_int_eq(event.change, CHANGE_MADE);
    ck_assert_str_eq(event.instance.host, "");
    ck_assert_int_eq(decode(end), 1);
    check_instance(BOOT_ACTIVE, REQUEST);
    ck_assert_str_eq(event.instance.host, "fake2");
    ck_assert_int_eq(event.instance.finished_ms / 1000, 1795488389);
    ck_assert_int_eq(decode(gone), 1);
    check_instance(BOOT_BEGUN, "");
    ck_assert_int_eq(event.change, CHANGE_GONE);
    ck_assert_int_eq(event.instance.deleted_ms / 1000, 1795488391);
}

START_TEST(test_instances_in_both_formats)
{
    check_boot("nova.unversioned.compute.instance.create.start",
               "nova.unversioned.compute.instance.create.end",
               "nova.unversioned.compute.instance.delete.end");
    check_boot("nova.versioned.instance.create.start", "nova.versioned.instance.create.end",
               "nova.versioned.instance.delete.end");
}
END_TEST

START_TEST(test_image_caches)
{
    ck_assert_int_eq(decode("nova.versioned.aggregate.cache_images.start"), 1);
    ck_assert_int_eq(event.kind, EVENT_CACHE);
    ck_assert_int_eq(event.change, CHANGE_BEGUN);
    ck_assert_int_eq(event.cache.aggregate_id, 2);
    ck_assert_int_eq(decode("nova.versioned.aggregate.cache_images.progress"), 1);
    ck_assert_int_eq(event.change, CHANGE_CHANGED);
    ck_assert_str_eq(event.cache.host, "qemu1");
    ck_assert_uint_eq(event.cache.cached_count, 1);
    ck_assert_uint_eq(event.cache.failed_count, 0);
    ck_assert_int_eq(decode("nova.versioned.aggregate.cache_images.progress.failed"), 1);
    ck_assert_str_eq(event.cache.host, "fake1");
    ck_assert_uint_eq(event.cache.failed_count, 1);
    ck_assert_str_eq(event.cache.failed[0], "9d1e210a-656f-43f3-901a-28b1bc61c2c0");
    ck_assert_int_eq(event.cache.total, 3);
    ck_assert_int_eq(decode("nova.versioned.aggregate.cache_images.end"), 1);
    ck_assert_int_eq(event.change, CHANGE_ENDED);
}
END_TEST

/* ---- the others ---- */

START_TEST(test_ports)
{
    ck_assert_int_eq(decode("neutron.unversioned.port.create.end"), 1);
    ck_assert_int_eq(event.kind, EVENT_PORT);
    ck_assert_str_eq(event.port.port_id, "7f6ab28d-261f-472b-a00f-befe342890c6");
    ck_assert_str_eq(event.port.device_id, INSTANCE);
    ck_assert_str_eq(event.port.key.port.project_id, PROJECT);
    ck_assert_str_eq(event.port.key.port.network_id, "f946a0a6-fec5-473b-ac20-19174243c4f0");
    ck_assert_uint_eq(event.port.key.port.group_count, 1);
    ck_assert_str_eq(event.request_id, ""); /* Neutron's own is none of Nova's */
    ck_assert_int_eq(decode("neutron.unversioned.port.delete.end"), 1);
    ck_assert_int_eq(event.change, CHANGE_GONE);
    ck_assert_str_eq(event.port.port_id, "7f6ab28d-261f-472b-a00f-befe342890c6");
}
END_TEST

START_TEST(test_volumes)
{
    const struct volume_key *key = &event.volume.key.volume;

    ck_assert_int_eq(decode("cinder.unversioned.volume.create.end"), 1);
    ck_assert_int_eq(event.kind, EVENT_VOLUME);
    ck_assert(event.volume.has_key);
    ck_assert_str_eq(event.volume.volume_id, "1da3c746-f276-4d5d-b40f-31051e793019");
    ck_assert_str_eq(key->image_id, "9d1e210a-656f-43f3-901a-28b1bc61c2c0");
    ck_assert_int_eq(key->size, 1);
    ck_assert_str_eq(key->type_id, "ad66f118-bdee-4145-b335-31a515f94cbf");
    ck_assert_str_eq(key->zone, "nova");
    ck_assert_str_eq(event.request_id, "req-175c29a3-b522-4f38-b35a-72f908b94aa8");
    ck_assert_int_eq(decode("cinder.unversioned.volume.delete.end"), 1);
    ck_assert_int_eq(event.change, CHANGE_GONE);
}
END_TEST

/* What is of no interest is known without parsing, and parsing agrees. */
START_TEST(test_captures_are_peeked_at)
{
    size_t count, events = 0;
    struct capture *captures = captures_load(SOURCE_DIR "/tests/data/captures", &count);

    for (size_t i = 0; i < count; i++) {
        auto_message message = { 0 };
        char event_type[EVENT_TYPE_SIZE];

        ck_assert_msg(envelope_peek(captures[i].body, captures[i].length, event_type), "%s",
                      captures[i].name);
        ck_assert_int_eq(envelope_open(captures[i].body, captures[i].length, &message, NULL), 0);
        ck_assert_str_eq(event_type, message.event_type);
        ck_assert_ptr_nonnull(strstr(captures[i].name, event_type));
        events += bus_decode(captures[i].body, captures[i].length, &event, NULL) == 1;
    }
    ck_assert_uint_eq(events, 14);
}
END_TEST

/* With and without the short way through the envelope the same is read. */
START_TEST(test_both_ways_agree)
{
    size_t count;
    struct capture *captures = captures_load(SOURCE_DIR "/tests/data/captures", &count);
    static struct boot_event once;

    for (size_t i = 0; i < count; i++) {
        auto_strbuf other = STRBUF_INIT(1 << 20);
        int status;

        memset(&once, 0, sizeof(once));
        memset(&event, 0, sizeof(event));
        status = bus_decode(captures[i].body, captures[i].length, &once, NULL);
        strbuf_add_format(&other, " %s", captures[i].body);
        ck_assert_int_eq(bus_decode(strbuf_text(&other), other.length, &event, NULL), status);
        ck_assert_mem_eq(&once, &event, sizeof(event));
    }
}
END_TEST

/* ---- by hand ---- */

static int decode_text(const char *event_type, const char *payload)
{
    auto_strbuf inner = STRBUF_INIT(1 << 20), outer = STRBUF_INIT(1 << 21);
    struct json_writer writer = JSON_WRITER(&outer);

    strbuf_add_format(&inner, "{\"event_type\": \"%s\", \"timestamp\": \"2026-11-24 02:46:26.5\","
                      "\"_context_request_id\": \"" REQUEST "\", \"payload\": %s}", event_type,
                      payload);
    json_begin_object(&writer, NULL);
    json_put_text(&writer, "oslo.message", strbuf_text(&inner));
    json_end_object(&writer);
    memset(&event, 0x5a, sizeof(event));
    return bus_decode(strbuf_text(&outer), outer.length, &event, NULL);
}

START_TEST(test_boots_that_found_no_host)
{
    ck_assert_int_eq(decode_text("compute_task.build_instances",
                                 "{\"instance_id\": \"" INSTANCE "\", \"state\": \"error\"}"), 1);
    ck_assert_int_eq(event.instance.outcome, BOOT_FAILED);
    ck_assert_str_eq(event.instance.request_id, REQUEST);
    ck_assert_int_eq(event.instance.finished_ms, 1795488386500);
    ck_assert_int_eq(decode_text("compute_task.build_instances.error", "{\"nova_object.data\": "
                                 "{\"instance_uuid\": \"" INSTANCE "\", \"state\": \"error\"}}"),
                     1);
    ck_assert_str_eq(event.instance.instance_id, INSTANCE);
}
END_TEST

START_TEST(test_images_and_projects)
{
    ck_assert_int_eq(decode_text("image.update", "{\"id\": \"" IMAGE "\", \"status\": "
                                 "\"deactivated\", \"owner\": null}"), 1);
    ck_assert_int_eq(event.kind, EVENT_IMAGE);
    ck_assert_str_eq(event.image.status, "deactivated");
    ck_assert_int_eq(decode_text("image.delete", "{\"id\": \"" IMAGE "\"}"), 1);
    ck_assert_int_eq(event.change, CHANGE_GONE);
    ck_assert_int_eq(decode_text("identity.project.disabled",
                                 "{\"resource_info\": \"" PROJECT "\"}"), 1);
    ck_assert_int_eq(event.kind, EVENT_PROJECT);
    ck_assert(event.project.disabled);
    ck_assert_int_eq(decode_text("identity.project.deleted",
                                 "{\"typeURI\": \"cadf\", \"resource_info\": \"" PROJECT "\"}"), 1);
    ck_assert_str_eq(event.project.project_id, PROJECT);
}
END_TEST

/* As Neutron, Glance and Cinder write them; see the table in bus/decode.c. */
START_TEST(test_subjects)
{
    static const struct {
        const char *type, *payload;
        enum subject subject;
        const char *id; /* NULL: of no interest */
    } cases[] = {
        { "network.update.end", "{\"network\": {\"id\": \"" IMAGE "\", \"mtu\": 1400}}",
          SUBJECT_NETWORK, IMAGE },
        { "network.delete.end", "{\"network\": {}, \"network_id\": \"" IMAGE "\"}",
          SUBJECT_NETWORK, IMAGE },
        { "subnet.create.end", "{\"subnet\": {\"id\": \"x\", \"network_id\": \"" IMAGE "\"}}",
          SUBJECT_NETWORK, IMAGE },
        { "subnet.create.end", "{\"subnets\": [{\"network_id\": \"" IMAGE "\"}]}",
          SUBJECT_NETWORK, IMAGE },
        { "subnet.delete.end", "{\"subnet_id\": \"" INSTANCE "\"}", 0, NULL },
        { "rbac_policy.delete.end", "{\"rbac_policy\": {\"object_id\": \"" IMAGE "\", "
          "\"object_type\": \"network\"}, \"rbac_policy_id\": \"" INSTANCE "\"}",
          SUBJECT_NETWORK, IMAGE },
        { "security_group.delete.end", "{\"security_group_id\": \"" IMAGE "\"}", SUBJECT_GROUP,
          IMAGE },
        { "security_group_rule.create.end", "{\"security_group_rule\": {}}", 0, NULL },
        { "image.member.delete", "{\"image_id\": \"" IMAGE "\", \"member_id\": \"" PROJECT "\"}",
          SUBJECT_IMAGE, IMAGE },
        { "volume_type.update", "{\"volume_types\": {\"id\": \"" IMAGE "\"}}", SUBJECT_TYPE,
          IMAGE },
        { "volume_type.update", "{\"volume_types\": null, \"id\": \"x\", \"error_message\": "
          "\"no\"}", 0, NULL },
        { "volume_type_extra_specs.create", "{\"type_id\": \"" IMAGE "\", \"specs\": {}}",
          SUBJECT_TYPE, IMAGE },
        { "volume_type_project.access.remove", "{\"volume_type_id\": \"" IMAGE "\"}",
          SUBJECT_TYPE, IMAGE },
        { "qos_specs.update", "{\"id\": \"" IMAGE "\", \"specs\": {}}", SUBJECT_QUALITY, IMAGE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ck_assert_int_eq(decode_text(cases[i].type, cases[i].payload), cases[i].id != NULL);
        if (!cases[i].id)
            continue;
        ck_assert_int_eq(event.kind, EVENT_SUBJECT);
        ck_assert_int_eq(event.subject.subject, cases[i].subject);
        ck_assert_str_eq(event.subject.id, cases[i].id);
    }
    ck_assert_int_eq(decode_text("network.update.end", "{\"network\": {\"id\": \"../x\"}}"),
                     -EINVAL);
}
END_TEST

#define PORT(owner, device)                                                                        \
    "{\"port\": {\"id\": \"" INSTANCE "\", \"network_id\": \"" IMAGE "\", \"project_id\": \""    \
    PROJECT "\", \"device_owner\": \"" owner "\", \"device_id\": \"" device "\"}}"

START_TEST(test_ports_that_no_boot_makes)
{
    ck_assert_int_eq(decode_text("port.create.end", PORT("compute:nova", INSTANCE)), 1);
    ck_assert_int_eq(decode_text("port.create.end", PORT("", INSTANCE)), 1);
    ck_assert_int_eq(decode_text("port.create.end", PORT("larder:pool", INSTANCE)), 0);
    ck_assert_int_eq(decode_text("port.create.end", PORT("network:dhcp", "dhcp-x")), 0);
    ck_assert_int_eq(decode_text("port.create.end", PORT("", "")), 0);
    ck_assert_int_eq(decode_text("port.create.end", "{\"ports\": []}"), 0);
    ck_assert_int_eq(decode_text("port.delete.end", "{\"port_id\": \"" IMAGE "\"}"), 1);
    ck_assert_str_eq(event.port.port_id, IMAGE);
    ck_assert_int_eq(decode_text("port.delete.end", "{}"), 0);
}
END_TEST

/* A tenant's texts stand in many messages; none of them is taken for the event type. */
START_TEST(test_forged_event_type)
{
    char event_type[EVENT_TYPE_SIZE];
    static const char nested[] = "{\"oslo.message\": \"{\\\"x\\\": \\\"\\\\\\\"event_type\\\\\\\": "
                                 "\\\\\\\"image.send\\\\\\\"\\\"}\"}";
    static const char late[] = "{\"oslo.message\": \"{\\\"payload\\\": {\\\"event_type\\\": "
                               "\\\"image.send\\\"}, \\\"event_type\\\": \\\"image.delete\\\"}\"}";

    ck_assert(!envelope_peek(nested, strlen(nested), event_type));
    ck_assert(!envelope_peek(late, strlen(late), event_type));
}
END_TEST

START_TEST(test_hostile)
{
    static const char *const bodies[] = {
        "", "x", "[]", "3", "null", "{}", "\xff\xfe", "{\"oslo.message\": 3}",
        "{\"oslo.message\": \"\"}", "{\"oslo.message\": \"[]\"}", "{\"oslo.message\": \"{}\"}",
        "{\"oslo.version\": \"2.0\", \"oslo.message\": \"\"}",
        "{\"oslo.version\": \"2.0\", \"oslo.message\": \"{}\", \"x\": \"\"}",
        "{\"oslo.version\": \"2.0\", \"oslo.message\": \"\\\"}",
        "{\"event_type\": \"image.delete\"}", "{\"event_type\": 3, \"payload\": {}}",
        "{\"event_type\": \"image.delete\", \"payload\": []}",
        "{\"event_type\": \"image.delete\", \"payload\": {\"id\": \"../../etc/passwd\"}}",
        "{\"event_type\": \"port.create.end\", \"payload\": {\"port\": {\"id\": {}}}}",
        "{\"event_type\": \"instance.create.end\", \"payload\": {\"nova_object.data\": 1}}",
        "{\"event_type\": \"volume.create.end\", \"payload\": {\"size\": 1e99}}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        struct error error = { 0 };

        ck_assert_msg(bus_decode(bodies[i], strlen(bodies[i]), &event, &error) == -EINVAL, "%s",
                      bodies[i]);
        ck_assert_msg(error.message[0] && !strstr(error.message, "passwd"), "%s", error.message);
    }
}
END_TEST

START_TEST(test_too_long)
{
    autofree char *body = malloc(MESSAGE_BYTES_MOST + 1);

    ck_assert_ptr_nonnull(body);
    memset(body, ' ', MESSAGE_BYTES_MOST + 1);
    ck_assert_int_eq(bus_decode(body, MESSAGE_BYTES_MOST + 1, &event, NULL), -E2BIG);
    ck_assert_int_eq(bus_decode(body, MESSAGE_BYTES_MOST, &event, NULL), -EINVAL);
}
END_TEST

/* Nested deeper than anybody should: refused, not followed. */
START_TEST(test_deep)
{
    auto_strbuf payload = STRBUF_INIT(1 << 20);

    for (int i = 0; i < 10000; i++)
        strbuf_add_text(&payload, "[");
    ck_assert_int_eq(decode_text("image.delete", strbuf_text(&payload)), -EINVAL);
}
END_TEST

/* Cut anywhere, or with any byte changed: no message brings anything down. */
START_TEST(test_damaged_captures)
{
    size_t count;
    struct capture *captures = captures_load(SOURCE_DIR "/tests/data/captures", &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < captures[i].length; at += 97) {
            char kept = captures[i].body[at];

            bus_decode(captures[i].body, at, &event, NULL);
            captures[i].body[at] ^= (char)(at % 255 + 1);
            bus_decode(captures[i].body, captures[i].length, &event, NULL);
            captures[i].body[at] = kept;
        }
    }
}
END_TEST

UNIT_MAIN("decode", test_instances_in_both_formats, test_image_caches, test_ports, test_volumes,
          test_captures_are_peeked_at, test_both_ways_agree,
          test_boots_that_found_no_host, test_images_and_projects, test_subjects,
          test_ports_that_no_boot_makes, test_forged_event_type, test_hostile, test_too_long,
          test_deep, test_damaged_captures)
