/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/json_canonical: equal values, equal texts. */
#include "base/json_canonical.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static bool not_x(const char *name)
{
    return strcmp(name, "x") != 0;
}

static void check(const char *text, json_pick pick, const char *expected)
{
    auto_json *json = NULL;
    auto_strbuf out = STRBUF_INIT(4096);

    ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
    json_canonical(json, pick, &out);
    ck_assert_int_eq(out.status, 0);
    ck_assert_str_eq(strbuf_text(&out), expected);
}

START_TEST(test_order)
{
    check("{ \"b\" : 1, \"a\":{\"d\":null,\"c\":true} }", NULL,
          "{\"a\":{\"c\":true,\"d\":null},\"b\":1}");
    check("[3, \"q\", 1, {\"b\":2,\"a\":1}, []]", NULL, "[\"q\",1,3,[],{\"a\":1,\"b\":2}]");
    check("\"\\u00e9\\n/\"", NULL, "\"\u00e9\\n\\/\"");
    check("null", NULL, "null");
    check("{}", NULL, "{}");
    check("[]", NULL, "[]");
}
END_TEST

START_TEST(test_pick)
{
    check("{\"x\":1,\"a\":{\"x\":2}}", not_x, "{\"a\":{\"x\":2}}");
    check("[{\"x\":1,\"a\":3},{\"a\":2}]", not_x, "[{\"a\":2},{\"a\":3}]");
}
END_TEST

/* A name cannot pass for two members. */
START_TEST(test_names_are_quoted)
{
    check("{\"a\\\":1,\\\"b\":2}", NULL, "{\"a\\\":1,\\\"b\":2}");
}
END_TEST

START_TEST(test_bound)
{
    static const char text[] = "[{\"a\":\"0123456789\"},{\"a\":\"0123456789\"}]";
    auto_json *json = NULL;
    auto_strbuf out = STRBUF_INIT(30);

    ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
    json_canonical(json, NULL, &out);
    ck_assert_int_eq(out.status, -E2BIG);
}
END_TEST

UNIT_MAIN("base/json_canonical", test_order, test_pick, test_names_are_quoted, test_bound)
