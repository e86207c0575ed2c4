/* SPDX-License-Identifier: Apache-2.0 */
/* The growing string: grows, stops at its maximum, remembers that, starts anew. */
#include "base/strbuf.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

START_TEST(empty_is_a_text)
{
    auto_strbuf buffer = STRBUF_INIT(10);

    ck_assert_str_eq(strbuf_text(&buffer), "");
    strbuf_add(&buffer, NULL, 0);
    strbuf_add_text(&buffer, NULL);
    ck_assert_str_eq(strbuf_text(&buffer), "");
    ck_assert_int_eq(buffer.status, 0);
}
END_TEST

START_TEST(grows_by_all_ways_of_adding)
{
    auto_strbuf buffer = STRBUF_INIT(100000);

    for (int i = 0; i < 5000; i++) {
        strbuf_add_text(&buffer, "ab");
        strbuf_add_format(&buffer, "%d", i % 10);
        strbuf_add(&buffer, "\0", 1);
    }
    ck_assert_int_eq(buffer.status, 0);
    ck_assert_uint_eq(buffer.length, 20000);
    ck_assert_int_eq(memcmp(buffer.text + 19996, "ab9\0\0", 5), 0);
}
END_TEST

START_TEST(maximum_is_exact_and_sticks)
{
    auto_strbuf buffer = STRBUF_INIT(8);

    strbuf_add_text(&buffer, "12345678");
    ck_assert_int_eq(buffer.status, 0);
    strbuf_add_format(&buffer, "%d", 9);
    ck_assert_int_eq(buffer.status, -E2BIG);
    ck_assert_str_eq(strbuf_text(&buffer), "12345678");
    strbuf_add(&buffer, "", 0);
    ck_assert_int_eq(buffer.status, -E2BIG);
    strbuf_reset(&buffer);
    ck_assert_int_eq(buffer.status, 0);
    ck_assert_str_eq(strbuf_text(&buffer), "");
    strbuf_add_text(&buffer, "123456789");
    ck_assert_int_eq(buffer.status, -E2BIG);
    ck_assert_str_eq(strbuf_text(&buffer), "");
}
END_TEST

START_TEST(huge_count_does_not_wrap)
{
    auto_strbuf buffer = STRBUF_INIT(100);

    strbuf_add_text(&buffer, "x");
    strbuf_add(&buffer, "y", (size_t)-1);
    ck_assert_int_eq(buffer.status, -E2BIG);
    ck_assert_str_eq(strbuf_text(&buffer), "x");
}
END_TEST

START_TEST(clear_keeps_the_maximum)
{
    struct strbuf buffer = STRBUF_INIT(3);

    strbuf_add_text(&buffer, "abc");
    strbuf_clear(&buffer);
    ck_assert_ptr_null(buffer.text);
    ck_assert_uint_eq(buffer.maximum, 3);
    strbuf_clear(&buffer);
}
END_TEST

UNIT_MAIN("strbuf", empty_is_a_text, grows_by_all_ways_of_adding, maximum_is_exact_and_sticks,
          huge_count_does_not_wrap, clear_keeps_the_maximum)
