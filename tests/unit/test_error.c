/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: set, wrapped, cut, and none at all. */
#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "unit.h"

START_TEST(set_keeps_code_and_sentence)
{
    struct error error = { 0 };

    ck_assert_int_eq(error_set(&error, -ENOENT, "pool %s: %d left", "a", 3), -ENOENT);
    ck_assert_int_eq(error.code, -ENOENT);
    ck_assert_str_eq(error.message, "pool a: 3 left");
    ck_assert_int_eq(error_set(NULL, -EIO, "nobody reads this"), -EIO);
}
END_TEST

START_TEST(wrap_goes_in_front)
{
    struct error error = { 0 };

    error_set(&error, -EIO, "no answer");
    ck_assert_int_eq(error_wrap(&error, "subnet %d", 7), -EIO);
    ck_assert_str_eq(error.message, "subnet 7: no answer");
    error_wrap(&error, "network n");
    ck_assert_str_eq(error.message, "network n: subnet 7: no answer");
}
END_TEST

START_TEST(message_is_one_line)
{
    struct error error = { 0 };

    error_set(&error, -EIO, "%s", "first\nsecond\r\tthird\x1b[31m");
    ck_assert_str_eq(error.message, "first second  third [31m");
}
END_TEST

START_TEST(long_message_is_cut_and_says_so)
{
    struct error error = { 0 };
    char text[2000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&error, -EIO, "%s", text);
    ck_assert_uint_eq(strlen(error.message), sizeof(error.message) - 1);
    ck_assert_str_eq(error.message + sizeof(error.message) - 5, "x...");
    error_wrap(&error, "%s", "front");
    ck_assert_int_eq(strncmp(error.message, "front: xxx", 10), 0);
    ck_assert_str_eq(error.message + strlen(error.message) - 4, "x...");
    error_wrap(&error, "%s", text);
    ck_assert_uint_eq(strlen(error.message), sizeof(error.message) - 1);
}
END_TEST

START_TEST(cut_leaves_utf8_whole)
{
    for (size_t pad = 0; pad < 4; pad++) {
        struct error error = { 0 };
        char text[2000];
        size_t at = pad;

        memset(text, 'x', pad);
        for (; at + 3 < sizeof(text); at += 3)
            memcpy(text + at, "\xe2\x82\xac", 3);
        text[at] = '\0';
        error_set(&error, -EIO, "%s", text);
        ck_assert_msg(text_is_utf8(error.message, strlen(error.message)), "cut at pad %zu", pad);
    }
}
END_TEST

UNIT_MAIN("error", set_keeps_code_and_sentence, wrap_goes_in_front, message_is_one_line,
          long_message_is_cut_and_says_so, cut_leaves_utf8_whole)
