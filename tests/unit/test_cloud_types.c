/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/image, volume_type and project: what is read from answers as Glance, Cinder and
 * Keystone of 2026.1 gave them, and which changes change a fingerprint.
 */
#include <errno.h>
#include <string.h>

#include "served_client.h"
#include "unit.h"

#define TYPE "df23d176-3ef8-4802-ae97-aa2fab08fa86"
#define IMAGE "a4579584-5a20-47e7-b506-a1a73a519ea3"

/* ---- images ---- */

#define IMAGE_JSON(status, visibility, hash, updated, more)                                        \
    "{\"owner_specified.openstack.object\": \"images/tiny\", \"name\": \"tiny\", " more            \
    "\"container_format\": \"bare\", \"visibility\": \"" visibility "\", \"size\": 4194304, "      \
    "\"status\": \"" status "\", \"min_ram\": 0, \"min_disk\": 3, "                                \
    "\"owner\": \"" OUR_PROJECT "\", \"os_hidden\": false, \"os_hash_algo\": \"sha512\", "         \
    "\"os_hash_value\": \"" hash "\", \"id\": \"" IMAGE "\", "                                     \
    "\"created_at\": \"2026-11-24T07:29:23Z\", \"updated_at\": \"" updated "\", "                  \
    "\"schema\": \"/v2/schemas/image\", \"stores\": \"fs\"}"
#define RAW "\"disk_format\": \"raw\", "
#define PLAIN_IMAGE IMAGE_JSON("active", "public", "16d780", "2026-11-24T07:29:23Z", RAW)

static void get_image(const char *json, struct image *ret_image)
{
    const struct reply replies[] = { LOGIN("t"), OK(json) };

    start(replies, ARRAY_SIZE(replies));
    ck_assert_int_eq(image_get(client, IMAGE, ret_image, &error), 0);
    ck_assert(asked(1, "GET /s3/v2/images/" IMAGE " HTTP"));
    finish();
}

START_TEST(test_image)
{
    struct image image;

    get_image(PLAIN_IMAGE, &image);
    ck_assert_str_eq(image.id, IMAGE);
    ck_assert_str_eq(image.status, "active");
    ck_assert_str_eq(image.visibility, "public");
    ck_assert_str_eq(image.owner, OUR_PROJECT);
    ck_assert_int_eq(image.min_disk, 3);
    ck_assert_int_eq(image.updated_ms, 1795505363000);
    ck_assert(!image.encrypted);
}
END_TEST

START_TEST(test_image_fingerprint)
{
    static const char *const same[] = {
        IMAGE_JSON("active", "public", "16d780", "2027-01-01T00:00:00Z", RAW),
        IMAGE_JSON("active", "public", "16d780", "2026-11-24T07:29:23Z",
                   "\"tags\": [\"x\"], \"protected\": true, " RAW),
        IMAGE_JSON("active", "public", "16d780", "2026-11-24T07:29:23Z",
                   "\"os_glance_failed_import\": \"\", " RAW),
    };
    static const char *const other[] = {
        IMAGE_JSON("deactivated", "public", "16d780", "2026-11-24T07:29:23Z", RAW),
        IMAGE_JSON("active", "private", "16d780", "2026-11-24T07:29:23Z", RAW),
        IMAGE_JSON("active", "public", "26d780", "2026-11-24T07:29:23Z", RAW),
        IMAGE_JSON("active", "public", "16d780", "2026-11-24T07:29:23Z",
                   "\"hw_disk_bus\": \"scsi\", " RAW),
    };
    struct image plain, image;

    get_image(PLAIN_IMAGE, &plain);
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        get_image(same[i], &image);
        ck_assert_msg(!strcmp(plain.fingerprint, image.fingerprint), "same %zu", i);
    }
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        get_image(other[i], &image);
        ck_assert_msg(strcmp(plain.fingerprint, image.fingerprint) != 0, "other %zu", i);
    }
}
END_TEST

#define SHARED_IMAGE IMAGE_JSON("active", "shared", "16d780", "2026-11-24T07:29:23Z", RAW)
#define MEMBER(project, status) "{\"member_id\": \"" project "\", \"status\": \"" status "\"}"
#define MEMBERS(list) "{\"members\": [" list "], \"schema\": \"/v2/schemas/members\"}"

static void audience(const char *members, char ret_digest[static DIGEST_SIZE])
{
    const struct reply replies[] = { LOGIN("t"), OK(SHARED_IMAGE), OK(members) };
    struct image image;

    start(replies, ARRAY_SIZE(replies));
    ck_assert_int_eq(image_get(client, IMAGE, &image, &error), 0);
    ck_assert_int_eq(image_audience(client, &image, ret_digest, &error), 0);
    ck_assert(asked(2, "/v2/images/" IMAGE "/members HTTP"));
    finish();
}

START_TEST(test_image_audience)
{
    char both[DIGEST_SIZE], other[DIGEST_SIZE];
    struct image public = { .visibility = "public" };

    audience(MEMBERS(MEMBER("a", "accepted") "," MEMBER("b", "pending")), both);
    audience(MEMBERS(MEMBER("b", "rejected") "," MEMBER("a", "accepted")), other);
    ck_assert_str_eq(both, other);
    audience(MEMBERS(MEMBER("a", "accepted")), other);
    ck_assert_str_ne(both, other);
    ck_assert_int_eq(image_audience(NULL, &public, other, &error), 0);
    ck_assert_str_eq(other, "");
}
END_TEST

START_TEST(test_image_encrypted)
{
    static const char *const encrypted[] = {
        IMAGE_JSON("active", "public", "1", "2026-11-24T07:29:23Z",
                   "\"cinder_encryption_key_id\": \"80180a7f\", " RAW),
        IMAGE_JSON("active", "public", "1", "2026-11-24T07:29:23Z",
                   "\"os_encrypt_key_id\": \"80180a7f\", " RAW),
        IMAGE_JSON("active", "public", "1", "2026-11-24T07:29:23Z", "\"disk_format\": \"luks\", "),
    };
    struct image image;

    for (size_t i = 0; i < ARRAY_SIZE(encrypted); i++) {
        get_image(encrypted[i], &image);
        ck_assert_msg(image.encrypted, "case %zu", i);
    }
}
END_TEST

START_TEST(test_image_nonsense)
{
    struct image image;

#define SOME_IMAGE(id, size)                                                                      \
    OK("{\"id\":\"" id "\",\"status\":\"active\",\"visibility\":\"public\",\"size\":" size "}")
    START(OK("{}"), OK("[1]"), OK(""), SOME_IMAGE(IMAGE, "-1"),
          SOME_IMAGE(IMAGE, "9223372036854775807"), SOME_IMAGE("../x", "1"),
          { 404, "Content-Type: text/html\r\nX-OpenStack-Request-Id: " ANSWER_ID "\r\n", "<html>",
            FAULT_NONE });
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(image_get(client, IMAGE, &image, &error), -EPROTO);
    ck_assert_int_eq(image_get(client, IMAGE, &image, &error), -ENOENT);
    finish();
}
END_TEST

/* ---- volume types ---- */

#define TYPE_JSON(name, public, specs, quality)                                                    \
    "{\"volume_type\": {\"id\": \"" TYPE "\", \"name\": \"" name "\", \"is_public\": " public \
    ", \"os-volume-type-access:is_public\": " public ", \"description\": null, "                 \
    "\"extra_specs\": {" specs "}, \"qos_specs_id\": " quality "}}"
#define PLAIN_TYPE TYPE_JSON("nfs", "true", "\"a\": \"1\", \"b\": \"2\"", "null")
#define QUALITY "80180a7f-30dc-4400-b3ce-b12a6a336f3d"
#define QUALITY_JSON(name, iops)                                                                   \
    "{\"qos_specs\": {\"id\": \"" QUALITY "\", \"name\": \"" name "\", \"consumer\": "         \
    "\"back-end\", \"specs\": {\"iops\": \"" iops "\"}}, \"links\": []}"
#define ACCESS(list) "{\"volume_type_access\": [" list "]}"
#define MAY(project) "{\"volume_type_id\": \"" TYPE "\", \"project_id\": \"" project "\"}"

/* The type's digest, from these answers behind that about encryption; 'more' may be NULL. */
static void type_digest(const char *type, const char *more, char ret_digest[static DIGEST_SIZE])
{
    const struct reply replies[] = { LOGIN("t"), OK("{}"), OK(type), OK(more ? more : "") };

    start(replies, more ? 4 : 3);
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, ret_digest, &error), 0);
    ck_assert(asked(1, "/types/" TYPE "/encryption HTTP"));
    ck_assert(asked(2, "/types/" TYPE " HTTP"));
    finish();
}

START_TEST(test_type_fingerprint)
{
    char plain[DIGEST_SIZE], private[DIGEST_SIZE], good[DIGEST_SIZE], other[DIGEST_SIZE];

    type_digest(PLAIN_TYPE, NULL, plain);
    type_digest(TYPE_JSON("renamed", "true", "\"b\": \"2\", \"a\": \"1\"", "null"), NULL, other);
    ck_assert_str_eq(plain, other);
    type_digest(TYPE_JSON("nfs", "true", "\"a\": \"1\"", "null"), NULL, other);
    ck_assert_str_ne(plain, other);
    type_digest(TYPE_JSON("nfs", "false", "", "null"), ACCESS(MAY("a") "," MAY("b")), private);
    type_digest(TYPE_JSON("nfs", "false", "", "null"), ACCESS(MAY("b") "," MAY("a")), other);
    ck_assert_str_eq(private, other);
    type_digest(TYPE_JSON("nfs", "false", "", "null"), ACCESS(MAY("b")), other);
    ck_assert_str_ne(private, other);
    type_digest(TYPE_JSON("nfs", "true", "", "\"" QUALITY "\""), QUALITY_JSON("q", "10"), good);
    type_digest(TYPE_JSON("nfs", "true", "", "\"" QUALITY "\""), QUALITY_JSON("r", "10"), other);
    ck_assert_str_eq(good, other);
    type_digest(TYPE_JSON("nfs", "true", "", "\"" QUALITY "\""), QUALITY_JSON("q", "20"), other);
    ck_assert_str_ne(good, other);
}
END_TEST

START_TEST(test_type_that_is_not_pooled)
{
    char digest[DIGEST_SIZE];

    START(OK("{\"encryption_id\": \"80180a7f-30dc-4400-b3ce-b12a6a336f3d\", \"cipher\": "
             "\"aes-xts-plain64\", \"key_size\": 256, \"provider\": \"luks\", "
             "\"control_location\": \"front-end\", \"volume_type_id\": \"" TYPE "\"}"),
          OK("[]"), OK(""), OK("{}"), OK("{}"),
          { 404, NULL, "{\"itemNotFound\": {\"code\": 404, \"message\": \"Volume type\"}}",
            FAULT_NONE });
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, digest, &error), -EPERM);
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, digest, &error), -EPROTO);
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, digest, &error), -EPROTO);
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, digest, &error), -EPROTO);
    ck_assert_int_eq(volume_type_fingerprint(client, TYPE, digest, &error), -ENOENT);
    finish();
}
END_TEST

/* ---- projects ---- */

#define PROJECT_JSON(enabled) "{\"project\": {\"id\": \"" OUR_PROJECT "\", " enabled "}}"

START_TEST(test_project)
{
    START(OK(PROJECT_JSON("\"enabled\": true")), OK(PROJECT_JSON("\"enabled\": false")),
          OK(PROJECT_JSON("\"name\": \"x\"")),
          { 404, NULL, "{\"error\": {\"code\": 404, \"message\": \"no\", \"title\": \"x\"}}",
            FAULT_NONE });
    ck_assert_int_eq(identity_check_project(client, OUR_PROJECT, &error), 0);
    ck_assert(asked(1, "/v3/projects/" OUR_PROJECT " HTTP"));
    ck_assert_int_eq(identity_check_project(client, OUR_PROJECT, &error), -EPERM);
    ck_assert_int_eq(identity_check_project(client, OUR_PROJECT, &error), -EPROTO);
    ck_assert_int_eq(identity_check_project(client, OUR_PROJECT, &error), -ENOENT);
    finish();
}
END_TEST

UNIT_MAIN("cloud/types", test_image, test_image_fingerprint, test_image_audience,
          test_image_encrypted, test_image_nonsense, test_type_fingerprint,
          test_type_that_is_not_pooled, test_project)
