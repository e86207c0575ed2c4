/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: bounded copies, forms of ids, UTF-8, times, numbers. */
#include "base/text.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "unit.h"

#define UUID "01234567-89ab-cdef-ABCD-EF0123456789"

START_TEST(copy_is_bounded)
{
    char target[4] = "xyz";

    ck_assert_int_eq(text_copy(target, sizeof(target), "abc"), 0);
    ck_assert_str_eq(target, "abc");
    ck_assert_int_eq(text_copy(target, sizeof(target), "defg"), -E2BIG);
    ck_assert_str_eq(target, "def");
    ck_assert_int_eq(text_copy(target, 1, "a"), -E2BIG);
    ck_assert_str_eq(target, "");
    ck_assert_int_eq(text_copy(target, sizeof(target), NULL), 0);
    ck_assert_str_eq(target, "");
}
END_TEST

START_TEST(equal_knows_null)
{
    ck_assert(text_equal("a", "a") && text_equal(NULL, NULL));
    ck_assert(!text_equal("a", "b") && !text_equal("", NULL) && !text_equal(NULL, ""));
}
END_TEST

START_TEST(ids_have_their_form)
{
    static const struct {
        const char *text;
        bool uuid, id, request;
    } cases[] = {
        { UUID, true, true, false },
        { "req-" UUID, false, false, true },
        { "0123456789abcdef0123456789ABCDEF", false, true, false },
        { "0123456789abcdef0123456789ABCDE", false, false, false },
        { "0123456789abcdef0123456789ABCDEF0", false, false, false },
        { UUID "0", false, false, false },
        { "req-" UUID "x", false, false, false },
        { "REQ-" UUID, false, false, false },
        { "01234567-89ab-cdef-ABCD-EF012345678", false, false, false },
        { "01234567-89ab-cdef-ABCD-EF012345678g", false, false, false },
        { "01234567089ab-cdef-ABCD-EF0123456789", false, false, false },
        { "", false, false, false },
        { NULL, false, false, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ck_assert_msg(text_is_uuid(cases[i].text) == cases[i].uuid, "uuid %s", cases[i].text);
        ck_assert_msg(text_is_id(cases[i].text) == cases[i].id, "id %s", cases[i].text);
        ck_assert_msg(text_is_request_id(cases[i].text) == cases[i].request, "request %s",
                      cases[i].text);
    }
}
END_TEST

START_TEST(made_ids_are_new_and_of_version_4)
{
    char one[ID_SIZE], other[ID_SIZE], request[REQUEST_ID_SIZE];

    text_make_request_id(request);
    ck_assert(text_is_request_id(request));
    text_make_uuid(other);
    for (int i = 0; i < 200; i++) {
        text_make_uuid(one);
        ck_assert(text_is_uuid(one));
        ck_assert(one[14] == '4' && strchr("89ab", one[19]));
        ck_assert_str_ne(one, other);
    }
}
END_TEST

START_TEST(utf8_is_strict)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "", true },
        { "plain \x7f", true },
        { "\xc2\x80\xdf\xbf", true },
        { "\xe0\xa0\x80\xef\xbf\xbf", true },
        { "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true },
        { "\x80", false },
        { "\xc0\xaf", false },
        { "\xc1\xbf", false },
        { "\xe0\x9f\xbf", false },
        { "\xed\xa0\x80", false },
        { "\xf0\x8f\xbf\xbf", false },
        { "\xf4\x90\x80\x80", false },
        { "\xf8\x88\x80\x80\x80", false },
        { "\xff", false },
        { "a\xe2\x82", false },
        { "\xe2\x82z", false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        ck_assert_msg(text_is_utf8(cases[i].text, strlen(cases[i].text)) == cases[i].good,
                      "case %zu", i);
    ck_assert(!text_is_utf8("\xe2\x82\xac", 2));
    ck_assert_uint_eq(text_utf8_step("\xe2\x82\xac", 3), 3);
    ck_assert_uint_eq(text_utf8_step("", 0), 0);
}
END_TEST

START_TEST(times_are_read)
{
    static const struct {
        const char *text;
        int64_t time_ms;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-01-31T12:00:00Z", 1769860800000 },
        { "2026-01-31T12:00:00", 1769860800000 },
        { "2026-01-31 12:00:00", 1769860800000 },
        { "2026-01-31T12:00:00.000000", 1769860800000 },
        { "2026-01-31T12:00:00.123456Z", 1769860800123 },
        { "2026-01-31T12:00:00.5+00:00", 1769860800500 },
        { "2024-02-29T23:59:59Z", 1709251199000 },
        { "2000-02-29T00:00:00+0000", 951782400000 },
        { "1969-12-31T23:59:59Z", -1000 },
        { "9999-12-31T23:59:59Z", 253402300799000 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t time_ms = -1;

        ck_assert_msg(text_to_time(cases[i].text, &time_ms) == 0, "%s", cases[i].text);
        ck_assert_int_eq(time_ms, cases[i].time_ms);
    }
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
    static const char *const cases[] = {
        "", "2026", "2026-01-31", "2026-01-31T12:00", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z", "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00Zx", "2026-1-31T12:00:00Z",
        "+026-01-31T12:00:00Z", "2026-01-31x12:00:00Z", "0000-01-01T00:00:00Z", NULL,
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t time_ms = 77;

        ck_assert_msg(text_to_time(cases[i], &time_ms) == -EINVAL, "%s", cases[i]);
        ck_assert_int_eq(time_ms, 77);
    }
}
END_TEST

START_TEST(times_are_written_and_read_back)
{
    for (int64_t time_ms = -5000000000; time_ms < 4000000000000; time_ms += 86399000ll * 97) {
        int64_t back;
        char text[32];

        text_from_time(time_ms, text);
        ck_assert_int_eq(text_to_time(text, &back), 0);
        ck_assert_int_eq(back, time_ms);
    }
}
END_TEST

START_TEST(times_are_rounded_down)
{
    char text[32];

    text_from_time(1769860800999, text);
    ck_assert_str_eq(text, "2026-01-31T12:00:00Z");
    text_from_time(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59Z");
    text_from_time(INT64_MAX, text); /* no year that fits, but no crash either */
}
END_TEST

START_TEST(numbers_are_whole_and_in_range)
{
    static const struct {
        const char *text;
        int status;
        int64_t value;
    } cases[] = {
        { "0", 0, 0 },
        { "-0", 0, 0 },
        { "007", 0, 7 },
        { "9223372036854775807", 0, INT64_MAX },
        { "-9223372036854775808", 0, INT64_MIN },
        { "9223372036854775808", -ERANGE, 0 },
        { "-9223372036854775809", -ERANGE, 0 },
        { "99999999999999999999999999x", -EINVAL, 0 },
        { "", -EINVAL, 0 },
        { "-", -EINVAL, 0 },
        { "+1", -EINVAL, 0 },
        { " 1", -EINVAL, 0 },
        { "1 ", -EINVAL, 0 },
        { "1.0", -EINVAL, 0 },
        { "0x10", -EINVAL, 0 },
        { NULL, -EINVAL, 0 },
    };
    int64_t value;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        value = 0;
        ck_assert_msg(text_to_int(cases[i].text, INT64_MIN, INT64_MAX, &value) == cases[i].status,
                      "%s", cases[i].text);
        ck_assert_int_eq(value, cases[i].value);
    }
    ck_assert_int_eq(text_to_int("5", 6, 10, &value), -ERANGE);
    ck_assert_int_eq(text_to_int("11", 6, 10, &value), -ERANGE);
}
END_TEST

UNIT_MAIN("text", copy_is_bounded, equal_knows_null, ids_have_their_form,
          made_ids_are_new_and_of_version_4, utf8_is_strict, times_are_read,
          what_is_no_time_is_refused, times_are_written_and_read_back, times_are_rounded_down,
          numbers_are_whole_and_in_range)
