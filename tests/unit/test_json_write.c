/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: exact output, and whatever is put in comes out as valid JSON. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/random.h"
#include "unit.h"

START_TEST(everything_in_its_place)
{
    auto_strbuf out = STRBUF_INIT(10000);
    struct json_writer writer = JSON_WRITER(&out);

    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "pools");
    json_begin_object(&writer, NULL);
    json_put_text(&writer, "id", "a");
    json_put_text(&writer, "none", NULL);
    json_put_text(&writer, "empty", "");
    json_put_text_or_null(&writer, "column", "");
    json_put_text_or_null(&writer, "full", "x");
    json_end_object(&writer);
    json_begin_object(&writer, NULL);
    json_end_object(&writer);
    json_put_int(&writer, NULL, INT64_MIN);
    json_begin_array(&writer, NULL);
    json_end_array(&writer);
    json_put_bool(&writer, NULL, true);
    json_end_array(&writer);
    json_put_bool(&writer, "off", false);
    json_put_null(&writer, "null");
    json_put_time(&writer, "at", 1769860800999);
    json_put_time(&writer, "never", 0);
    json_put_raw(&writer, "raw", "[1]");
    json_end_object(&writer);
    ck_assert_int_eq(out.status, 0);
    ck_assert_str_eq(out.text,
                     "{\"pools\":[{\"id\":\"a\",\"none\":null,\"empty\":\"\",\"column\":null,"
                     "\"full\":\"x\"},{},-9223372036854775808,[],true],\"off\":false,"
                     "\"null\":null,\"at\":\"2026-01-31T12:00:00Z\",\"never\":null,\"raw\":[1]}");
}
END_TEST

START_TEST(floats_are_json_numbers)
{
    auto_strbuf out = STRBUF_INIT(1000);
    struct json_writer writer = JSON_WRITER(&out);

    json_begin_array(&writer, NULL);
    json_put_float(&writer, NULL, 0.1);
    json_put_float(&writer, NULL, 3);
    json_put_float(&writer, NULL, -1e300);
    json_put_float(&writer, NULL, NAN);
    json_put_float(&writer, NULL, INFINITY);
    json_end_array(&writer);
    ck_assert_str_eq(out.text, "[0.1,3,-1e+300,null,null]");
}
END_TEST

START_TEST(strings_are_escaped)
{
    auto_strbuf out = STRBUF_INIT(1000);
    struct json_writer writer = JSON_WRITER(&out);

    json_begin_object(&writer, NULL);
    json_put_text(&writer, "\"", "\"\\/\b\f\n\r\t\x01\x1f\x7f\xe2\x82\xac\xff\xe2\x82");
    json_end_object(&writer);
    ck_assert_str_eq(out.text, "{\"\\\"\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f"
                               "\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}
END_TEST

/* Any bytes: what is written parses, and good text comes back as it went in. */
START_TEST(random_bytes_stay_valid)
{
    for (int round = 0; round < 20000; round++) {
        auto_strbuf out = STRBUF_INIT(1000);
        struct json_writer writer = JSON_WRITER(&out);
        auto_json *json = NULL;
        char bytes[24] = { 0 };

        random_bytes(bytes, random_below(sizeof(bytes)));
        for (size_t i = 0; round % 2 && i < sizeof(bytes); i++)
            bytes[i] &= 0x7f;
        json_put_text(&writer, NULL, bytes);
        ck_assert_msg(json_parse(out.text, out.length, &json, NULL) == 0, "%s", out.text);
        if (round % 2)
            ck_assert_str_eq(json_text(json), bytes);
    }
}
END_TEST

START_TEST(too_much_is_remembered)
{
    auto_strbuf out = STRBUF_INIT(20);
    struct json_writer writer = JSON_WRITER(&out);

    json_begin_array(&writer, NULL);
    for (int i = 0; i < 100; i++)
        json_put_int(&writer, NULL, i);
    json_end_array(&writer);
    ck_assert_int_ne(out.status, 0);
    ck_assert_uint_le(out.length, 20);
}
END_TEST

UNIT_MAIN("json_write", everything_in_its_place, floats_are_json_numbers, strings_are_escaped,
          random_bytes_stay_valid, too_much_is_remembered)
