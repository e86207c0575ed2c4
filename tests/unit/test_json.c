/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is parsed and what is refused, reading by tables, and looking into values. */
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "unit.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

/* ---- parsing ---- */

static const char *const valid[] = {
    "null", "true", " 1 ", "-0", "\"\"", "[]", "{}", "[[],{}]", "1.5e-03", "[1E+05]", "[0.05]",
    "[100]", "\"\\u20ac\\ud83d\\ude00\"", "\"\xe2\x82\xac\"", "{\"a\":1,\"a\":2}", "\n\t\r [1]\n",
    "\"\\\\u0000\"", "\"//\"", "\"NaN\"", "99999999999999999999",
};

START_TEST(valid_text_is_parsed)
{
    for (size_t i = 0; i < ARRAY_SIZE(valid); i++) {
        struct error error = { 0 };
        struct json *json = NULL;
        int status = json_parse(valid[i], strlen(valid[i]), &json, &error);

        ck_assert_msg(status == 0, "%s: %s", valid[i], error.message);
        json_free(json);
    }
}
END_TEST

static const char *const invalid[] = {
    "", " ", "nul", "tru", "NULL", "True", "-", "+1", "01", "00", "[01]", "[-05]", ".5", "-.5",
    "1.", "[1.]", "1e", "0x10", "NaN", "nan", "[NaN]", "Infinity", "[-Infinity]", "{\"a\":NaN}",
    "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "{", "}", "{\"a\"", "{\"a\":",
    "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
    "{1:2}", "{'a\"':1,\"b\":2}", "[}", "{]", "\"", "\"a", "\"\\\"", "'a'", "\"\\x41\"",
    "\"\\u12\"", "\"\\uzzzz\"", "1 2", "{} x", "[]]", "{}{}", "null,", "/**/1", "1//", "# 1",
    "\"a\tb\"", "\"a\nb\"", "\"a\x01\"", "\"\xff\"", "\xff", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"",
    "{\"\xff\":1}", "\xef\xbb\xbf{}", "\"\\u0000\"", "{\"a\\u0000b\":1}", "\"\\\\\\u0000\"",
    "[\"\xe2\x82",
};

START_TEST(invalid_text_is_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
        struct error error = { 0 };
        struct json *json = NULL;

        ck_assert_msg(json_parse(invalid[i], strlen(invalid[i]), &json, &error) == -EINVAL, "%s",
                      invalid[i]);
        ck_assert_ptr_null(json);
        ck_assert_msg(strncmp(error.message, "not valid JSON at byte ", 23) == 0, "%s",
                      error.message);
    }
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
    static const char inside[] = "[\"a\0b\"]", behind[] = "{}\0x";
    struct json *json = NULL;

    ck_assert_int_eq(json_parse(inside, sizeof(inside) - 1, &json, NULL), -EINVAL);
    ck_assert_int_eq(json_parse(behind, sizeof(behind) - 1, &json, NULL), -EINVAL);
    ck_assert_int_eq(json_parse("{}", 3, &json, NULL), -EINVAL);
    ck_assert_ptr_null(json);
}
END_TEST

/* 'depth' arrays or objects in each other. */
static int parse_nested(size_t depth, const char *open, const char *close)
{
    auto_strbuf text = STRBUF_INIT(10 << 20);
    struct json *json = NULL;
    int status;

    for (size_t i = 0; i < depth; i++)
        strbuf_add_text(&text, open);
    for (size_t i = 0; close && i < depth; i++)
        strbuf_add_text(&text, close);
    status = json_parse(text.text, text.length, &json, NULL);
    json_free(json);
    return status;
}

START_TEST(nesting_is_limited)
{
    ck_assert_int_eq(parse_nested(32, "[", "]"), 0);
    ck_assert_int_eq(parse_nested(33, "[", "]"), -EINVAL);
    ck_assert_int_eq(parse_nested(1000000, "[", NULL), -EINVAL);
    ck_assert_int_eq(parse_nested(1000000, "{\"a\":", NULL), -EINVAL);
    ck_assert_int_eq(parse_nested(1000000, "[{\"a\":", NULL), -EINVAL);
}
END_TEST

/* The length counts, not a NUL: a text without one is read to its end and not beyond. */
START_TEST(length_is_respected)
{
    static const char text[] = "{\"a\":[1,\"\xe2\x82\xac\",{\"b\":null}],\"c\":-1.5e3}";

    for (size_t length = 0; length < sizeof(text); length++) {
        autofree char *exact = malloc(length ? length : 1);
        struct json *json = NULL;
        bool whole = length == sizeof(text) - 1;

        memcpy(exact, text, length);
        ck_assert_int_eq(json_parse(exact, length, &json, NULL), whole ? 0 : -EINVAL);
        json_free(json);
    }
}
END_TEST

/* ---- looking ---- */

START_TEST(values_are_found_by_path)
{
    static const char text[] =
        "{\"token\":{\"project\":{\"id\":\"p\"},\"roles\":[{\"name\":\"r0\"},{\"name\":\"r1\"}],"
        "\"none\":null,\"count\":2}}";
    auto_json *json = NULL;

    ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
    ck_assert_str_eq(json_text(json_at(json, "token.project.id")), "p");
    ck_assert_str_eq(json_text(json_at(json, "token.roles.1.name")), "r1");
    ck_assert_uint_eq(json_length(json_at(json, "token.roles")), 2);
    ck_assert_str_eq(json_text(json_at(json_element(json_at(json, "token.roles"), 0), "name")),
                     "r0");
    ck_assert(json_is_object(json_at(json, "token")) && json_at(json, "") == json);
    ck_assert(json_is_null(json_at(json, "token.none")));
    ck_assert(!json_is_null(json_at(json, "token.count")));
    ck_assert_ptr_null(json_text(json_at(json, "token.count")));
    ck_assert_uint_eq(json_length(json_at(json, "token")), 0);
}
END_TEST

START_TEST(what_is_not_there_is_null)
{
    static const char *const paths[] = {
        "b", "a.b", "a.2", "a.-1", "a.x", "a.99999999999999999999", "a.0.0", "a..0", ".", "a.1.x",
    };
    auto_json *json = NULL;
    char longest[2000];

    ck_assert_int_eq(json_parse("{\"a\":[1,{}]}", 12, &json, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        ck_assert_msg(!json_at(json, paths[i]), "%s", paths[i]);
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_ptr_null(json_at(json, longest));
    ck_assert_ptr_null(json_at(NULL, "a"));
    ck_assert_ptr_null(json_element(json_at(json, "a"), 2));
    ck_assert_ptr_null(json_element(json, 0));
    ck_assert_ptr_null(json_text(NULL));
    ck_assert(!json_is_object(NULL));
    json_free(NULL);
}
END_TEST

/* ---- reading by tables ---- */

struct volume {
    char image_id[ID_SIZE];
    int64_t size;
    char type[8];
};

struct claim {
    char project_id[ID_SIZE], request_id[REQUEST_ID_SIZE], name[9];
    int64_t servers, created_ms, any;
    double seconds;
    bool urgent;
    int kind;
    size_t volume_count, group_count;
    struct volume volumes[3];
    char groups[2][ID_SIZE];
    struct volume root;
    const struct json *rest;
    char guard[16];
};

static const struct json_member volume_members[] = {
    JSON_FIELD(JSON_UUID, struct volume, image_id, "image_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct volume, size, "size", JSON_REQUIRED, 1, 16384),
    JSON_FIELD(JSON_TEXT, struct volume, type, "type", JSON_NULLABLE),
};
static const struct json_shape volume_shape = { "volume", volume_members,
                                                ARRAY_SIZE(volume_members), true };

static const struct json_member claim_members[] = {
    JSON_FIELD(JSON_ID, struct claim, project_id, "project_id", 0),
    JSON_FIELD(JSON_REQUEST_ID, struct claim, request_id, "request_id", 0),
    JSON_FIELD_RANGE(JSON_TEXT, struct claim, name, "name", JSON_NULLABLE, 1, 255),
    JSON_FIELD_RANGE(JSON_INT, struct claim, servers, "servers", 0, 0, 10),
    JSON_FIELD(JSON_INT, struct claim, any, "any", 0),
    JSON_FIELD(JSON_TIME, struct claim, created_ms, "created_at", 0),
    JSON_FIELD_RANGE(JSON_FLOAT, struct claim, seconds, "seconds", 0, -1.5, 1.5),
    JSON_FIELD(JSON_BOOL, struct claim, urgent, "urgent", 0),
    JSON_FIELD_CHOICE(struct claim, kind, "kind", 0, "port|volume|image"),
    JSON_FIELD_ARRAY(struct claim, volumes, volume_count, "volumes", 0, JSON_OBJECT, &volume_shape),
    JSON_FIELD_ARRAY(struct claim, groups, group_count, "groups", JSON_NULLABLE, JSON_UUID, NULL),
    JSON_FIELD_OBJECT(struct claim, root, "root", 0, &volume_shape),
    JSON_FIELD(JSON_VALUE, struct claim, rest, "rest", 0),
};
static const struct json_shape strict = { "claim", claim_members, ARRAY_SIZE(claim_members), true };
static const struct json_shape lenient = { "claim", claim_members, ARRAY_SIZE(claim_members),
                                           false };

static struct claim claim;
static struct error error;
static struct json *document;

static int read_as(const struct json_shape *shape, const char *text)
{
    int status = json_parse(text, strlen(text), &document, &error);

    ck_assert_msg(status == 0, "%s: %s", text, error.message);
    memset(&claim, 0x5a, sizeof(claim));
    status = json_read(document, shape, &claim, &error);
    for (size_t i = 0; i < sizeof(claim.guard); i++)
        ck_assert_int_eq(claim.guard[i], 0x5a);
    return status;
}

static void done(void)
{
    json_free(document);
    document = NULL;
}

START_TEST(all_types_are_read)
{
    ck_assert_msg(read_as(&strict,
        "{\"project_id\":\"0123456789ABCDEF0123456789abcdef\",\"request_id\":\"req-" UUID "\","
        "\"name\":\"12345678\",\"servers\":10,\"any\":-9223372036854775807,\"seconds\":1,"
        "\"created_at\":\"2026-01-31T12:00:00.5Z\",\"urgent\":true,\"kind\":\"image\","
        "\"volumes\":[{\"image_id\":\"01234567-89AB-CDEF-0123-456789ABCDEF\",\"size\":1},"
        "{\"size\":16384,\"image_id\":\"" UUID "\",\"type\":\"fast\"}],"
        "\"groups\":[\"" UUID "\"],\"root\":{\"image_id\":\"" UUID "\",\"size\":7,\"type\":null},"
        "\"rest\":{\"deep\":[\"x\"]}}") == 0, "%s", error.message);
    ck_assert_str_eq(claim.project_id, "0123456789abcdef0123456789abcdef");
    ck_assert_str_eq(claim.request_id, "req-" UUID);
    ck_assert_str_eq(claim.name, "12345678");
    ck_assert_int_eq(claim.servers, 10);
    ck_assert_int_eq(claim.any, -INT64_MAX);
    ck_assert(claim.seconds == 1.0 && claim.urgent);
    ck_assert_int_eq(claim.created_ms, 1769860800500);
    ck_assert_int_eq(claim.kind, 2);
    ck_assert_uint_eq(claim.volume_count, 2);
    ck_assert_str_eq(claim.volumes[0].image_id, UUID);
    ck_assert_int_eq(claim.volumes[0].size, 1);
    ck_assert_int_eq(claim.volumes[1].size, 16384);
    ck_assert_str_eq(claim.volumes[1].type, "fast");
    ck_assert_uint_eq(claim.group_count, 1);
    ck_assert_str_eq(claim.groups[0], UUID);
    ck_assert_int_eq(claim.root.size, 7);
    ck_assert_int_eq(claim.root.type[0], 0x5a);
    ck_assert_str_eq(json_text(json_at(claim.rest, "deep.0")), "x");
    done();
}
END_TEST

START_TEST(absent_and_null_leave_the_field)
{
    struct claim before;

    memset(&before, 0x5a, sizeof(before));
    ck_assert_int_eq(read_as(&strict, "{}"), 0);
    ck_assert_int_eq(memcmp(&claim, &before, sizeof(claim)), 0);
    done();
    ck_assert_int_eq(read_as(&strict, "{\"name\":null,\"groups\":null}"), 0);
    ck_assert_int_eq(memcmp(&claim, &before, sizeof(claim)), 0);
    done();
    ck_assert_int_eq(read_as(&strict, "{\"volumes\":[]}"), 0);
    ck_assert_uint_eq(claim.volume_count, 0);
    done();
}
END_TEST

START_TEST(edges_are_within)
{
    static const char *const cases[] = {
        "{\"servers\":0}", "{\"servers\":-0}", "{\"name\":\"1\"}", "{\"seconds\":-1.5}",
        "{\"seconds\":1.5}", "{\"seconds\":1.5e0}", "{\"any\":9223372036854775807}",
        "{\"name\":\"\xe2\x82\xac\xe2\x82\xac\"}", "{\"rest\":0}", "{\"servers\":3,\"servers\":4}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ck_assert_msg(read_as(&strict, cases[i]) == 0, "%s: %s", cases[i], error.message);
        done();
    }
}
END_TEST

#define V "{\"image_id\":\"" UUID "\",\"size\":1}"
#define SERVERS "claim.servers must be a whole number from 0 to 10"
#define SECONDS "claim.seconds must be a number from -1.5 to 1.5"
#define NAME "claim.name must be a text of 1 to 8 bytes"
#define PROJECT "claim.project_id must be a UUID or 32 hex digits"
#define KIND "claim.kind must be one of: port, volume, image"
#define TIME "claim.created_at must be a time in UTC, as in 2026-01-31T12:00:00Z"

static const struct {
    const char *text, *message;
} refused[] = {
    { "null", "claim must be an object" },
    { "[]", "claim must be an object" },
    { "\"{}\"", "claim must be an object" },
    { "{\"servers\":-1}", SERVERS },
    { "{\"servers\":11}", SERVERS },
    { "{\"servers\":\"5\"}", SERVERS },
    { "{\"servers\":5.0}", SERVERS },
    { "{\"servers\":5e0}", SERVERS },
    { "{\"servers\":true}", SERVERS },
    { "{\"servers\":null}", SERVERS },
    { "{\"servers\":[5]}", SERVERS },
    { "{\"servers\":{}}", SERVERS },
    { "{\"any\":9223372036854775808}", "claim.any must be a whole number" },
    { "{\"any\":99999999999999999999999999}", "claim.any must be a whole number" },
    { "{\"any\":-99999999999999999999999999}", "claim.any must be a whole number" },
    { "{\"seconds\":1e999}", SECONDS },
    { "{\"seconds\":-1e999}", SECONDS },
    { "{\"seconds\":1.51}", SECONDS },
    { "{\"seconds\":\"1\"}", SECONDS },
    { "{\"seconds\":99999999999999999999999}", SECONDS },
    { "{\"name\":\"\"}", NAME },
    { "{\"name\":\"123456789\"}", NAME },
    { "{\"name\":5}", NAME },
    { "{\"project_id\":\"" UUID "0\"}", PROJECT },
    { "{\"project_id\":\"\"}", PROJECT },
    { "{\"project_id\":\"' OR 1=1 --\"}", PROJECT },
    { "{\"request_id\":\"" UUID "\"}", "claim.request_id must be a request id: req- and a UUID" },
    { "{\"urgent\":1}", "claim.urgent must be true or false" },
    { "{\"urgent\":\"true\"}", "claim.urgent must be true or false" },
    { "{\"kind\":\"por\"}", KIND },
    { "{\"kind\":\"\"}", KIND },
    { "{\"kind\":\"port|volume\"}", KIND },
    { "{\"kind\":0}", KIND },
    { "{\"created_at\":\"yesterday\"}", TIME },
    { "{\"created_at\":1}", TIME },
    { "{\"groups\":{}}", "claim.groups must be a list of at most 2" },
    { "{\"groups\":\"" UUID "\"}", "claim.groups must be a list of at most 2" },
    { "{\"groups\":[\"" UUID "\",\"" UUID "\",\"" UUID "\"]}",
      "claim.groups must be a list of at most 2" },
    { "{\"groups\":[\"" UUID "\",\"x\"]}", "claim.groups[1] must be a UUID" },
    { "{\"groups\":[null]}", "claim.groups[0] must be a UUID" },
    { "{\"volumes\":null}", "claim.volumes must be a list of at most 3" },
    { "{\"volumes\":[" V "," V "," V "," V "]}", "claim.volumes must be a list of at most 3" },
    { "{\"volumes\":[1]}", "claim.volumes[0] must be an object" },
    { "{\"volumes\":[" V "," V ",{\"image_id\":\"" UUID "\",\"size\":0}]}",
      "claim.volumes[2].size must be a whole number from 1 to 16384" },
    { "{\"volumes\":[{\"image_id\":\"" UUID "\"}]}", "claim.volumes[0].size is missing" },
    { "{\"volumes\":[{\"size\":1}]}", "claim.volumes[0].image_id is missing" },
    { "{\"volumes\":[{\"size\":1,\"image_id\":null}]}",
      "claim.volumes[0].image_id must be a UUID" },
    { "{\"root\":{\"image_id\":\"" UUID "\",\"size\":1,\"type\":\"12345678\"}}",
      "claim.root.type must be a text of at most 7 bytes" },
    { "{\"root\":[]}", "claim.root must be an object" },
    { "{\"rest\":null}", "claim.rest must not be null" },
    { "{\"root\":{\"image_id\":\"" UUID "\",\"size\":1,\"colour\":1}}",
      "claim.root has an unknown member \"colour\"; known are: image_id, size, type" },
    { "{\"\":1}", "claim has an unknown member \"\"; known are: project_id, request_id" },
    { "{\"Servers\":1}", "claim has an unknown member \"Servers\"; known are" },
};

START_TEST(wrong_members_are_named)
{
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        const char *message = refused[i].message;

        ck_assert_msg(read_as(&strict, refused[i].text) == -EINVAL, "%s", refused[i].text);
        ck_assert_int_eq(error.code, -EINVAL);
        ck_assert_msg(strncmp(error.message, message, strlen(message)) == 0, "%s: %s",
                      refused[i].text, error.message);
        done();
    }
}
END_TEST

START_TEST(strangers_names_are_clipped)
{
    auto_strbuf text = STRBUF_INIT(100000);

    strbuf_add_text(&text, "{\"x");
    for (int i = 0; i < 5000; i++)
        strbuf_add_text(&text, "\xe2\x82\xac");
    strbuf_add_text(&text, "\":1}");
    ck_assert_int_eq(read_as(&strict, text.text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "\xe2\x82\xac...\"; known are: project_id"));
    ck_assert(text_is_utf8(error.message, strlen(error.message)));
    done();
    ck_assert_int_eq(read_as(&strict, "{\"a\\nb\\u001b\":1}"), -EINVAL);
    ck_assert_ptr_null(strpbrk(error.message, "\n\x1b"));
    done();
}
END_TEST

START_TEST(lenient_shapes_pass_over_strangers)
{
    ck_assert_int_eq(read_as(&lenient, "{\"x\":{\"y\":[]},\"servers\":5,\"name\\\\\":1}"), 0);
    ck_assert_int_eq(claim.servers, 5);
    done();
    ck_assert_int_eq(read_as(&lenient, "{\"x\":1,\"servers\":\"5\"}"), -EINVAL);
    done();
}
END_TEST

START_TEST(nobody_needs_to_read_the_error)
{
    ck_assert_int_eq(json_parse("{\"x\":1}", 7, &document, NULL), 0);
    ck_assert_int_eq(json_read(document, &strict, &claim, NULL), -EINVAL);
    done();
}
END_TEST

UNIT_MAIN("json", valid_text_is_parsed, invalid_text_is_refused, nul_bytes_are_refused,
          nesting_is_limited, length_is_respected, values_are_found_by_path,
          what_is_not_there_is_null, all_types_are_read, absent_and_null_leave_the_field,
          edges_are_within, wrong_members_are_named, strangers_names_are_clipped,
          lenient_shapes_pass_over_strangers, nobody_needs_to_read_the_error)
