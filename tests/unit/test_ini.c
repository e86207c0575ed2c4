/* SPDX-License-Identifier: Apache-2.0 */
/* The INI reader against oslo.config's rules, each with the input that breaks other readers. */
#include "base/ini.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "unit.h"

/* What was read as "section|name|value;…"; newlines in values as they are. */
static void describe(const struct ini *ini, struct strbuf *out)
{
    for (size_t i = 0; i < ini_count(ini); i++) {
        const struct ini_entry *entry = ini_entry(ini, i);

        strbuf_add_format(out, "%s|%s|%s;", entry->section, entry->name, entry->value);
    }
}

static const struct {
    const char *text, *expected;
} good[] = {
    { "", "" },
    { "\n\n# only\n; comments\n", "" },
    { "[a]", "" },
    { "[a]\nx = 1", "a|x|1;" },
    { "[a]\r\nx = 1\r\n", "a|x|1;" },
    { "[a]\nx=1\ny:2\nz = 3 = 4\nu: v=w\nv = a:b\n", "a|x|1;a|y|2;a|z|3 = 4;a|u|v=w;a|v|a:b;" },
    { "[a]\nx =\ny = \n", "a|x|;a|y|;" },
    { "[a]\nx = 1 # no comment ; nor this\n", "a|x|1 # no comment ; nor this;" },
    { "[a]\nx = \"quoted  \"\ny = 'q'\nz = \"uneven'\n", "a|x|quoted  ;a|y|q;a|z|\"uneven';" },
    { "[a]\nx = \"\"\ny = \"\nz = '''\n", "a|x|;a|y|;a|z|';" },
    { "[a]\nx = 1\n  2\n\t3  \n", "a|x|1\n2\n3;" },
    { "[a]\nx =\n  2\n", "a|x|\n2;" },
    { "[a]\nx = 1\n  y = 2\n", "a|x|1\ny = 2;" },
    { "[a]\nx = 'q'\n 'r'\n", "a|x|q\n'r';" },
    { "[a]\nx = 1\n# comment\ny = 2\n", "a|x|1;a|y|2;" },
    { "[a]\nx = 1\nx = 2\n[b]\nx = 3\n[a]\nx = 4\n", "a|x|1;a|x|2;b|x|3;a|x|4;" },
    { "[a b]\nlong name = v\n", "a b|long name|v;" },
    { "[a]\nx = $y ${z}\n", "a|x|$y ${z};" },
    { "[a]\nx = \xc3\xa4\xe2\x82\xac\n", "a|x|\xc3\xa4\xe2\x82\xac;" },
};

START_TEST(good_text_is_read)
{
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        auto_strbuf text = STRBUF_INIT(1000);
        struct error error = { 0 };
        struct ini *ini = NULL;

        ck_assert_msg(ini_parse(good[i].text, strlen(good[i].text), "f", &ini, &error) == 0,
                      "case %zu: %s", i, error.message);
        describe(ini, &text);
        ck_assert_str_eq(strbuf_text(&text), good[i].expected);
        ini_free(ini);
    }
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    { "x = 1\n", "f:1: options stand in a section" },
    { "\n\n[a\n", "f:3: a section ends with ]" },
    { "[a] # no\n", "f:1: a section ends with ]" },
    { "[]\n", "f:1: a section has a name" },
    { "[\n", "f:1: a section ends with ]" },
    { "[a]\nx\n", "f:2: expected name = value" },
    { "[a]\n= 1\n", "f:2: a name must stand" },
    { "[a]\n : 1\n", "f:2: an indented line" },
    { "[a]\n  x = 1\n", "f:2: an indented line" },
    { "  [a]\n", "f:1: an indented line" },
    { "[a]\nx = 1\n\n  2\n", "f:4: an indented line" },
    { "[a]\nx = 1\n# c\n  2\n", "f:4: an indented line" },
    { "[a]\nx = 1\n[b]\n  2\n", "f:4: an indented line" },
    { "[a]\nx = \xff\n", "f:2: not text in UTF-8" },
};

START_TEST(bad_text_is_refused_with_its_line)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error error = { 0 };
        struct ini *ini = NULL;

        ck_assert_msg(ini_parse(bad[i].text, strlen(bad[i].text), "f", &ini, &error) == -EINVAL,
                      "case %zu", i);
        ck_assert_ptr_null(ini);
        ck_assert_msg(strncmp(error.message, bad[i].message, strlen(bad[i].message)) == 0,
                      "case %zu: %s", i, error.message);
    }
}
END_TEST

START_TEST(nul_is_refused)
{
    static const char text[] = "[a]\nx = 1\0 2\n";
    struct ini *ini = NULL;

    ck_assert_int_eq(ini_parse(text, sizeof(text) - 1, "f", &ini, NULL), -EINVAL);
    ck_assert_ptr_null(ini);
}
END_TEST

START_TEST(entries_know_where_they_stand)
{
    static const char text[] = "# c\n[a]\nx = 1\n  2\n\ny = 3\n";
    struct ini *ini = NULL;

    ck_assert_int_eq(ini_parse(text, strlen(text), "larder.conf", &ini, NULL), 0);
    ck_assert_uint_eq(ini_count(ini), 2);
    ck_assert_int_eq(ini_entry(ini, 0)->line, 3);
    ck_assert_int_eq(ini_entry(ini, 1)->line, 6);
    ck_assert_str_eq(ini_entry(ini, 1)->file, "larder.conf");
    ck_assert_ptr_null(ini_entry(ini, 2));
    ini_free(ini);
    ini_free(NULL);
}
END_TEST

/* Longer than any fixed line buffer: a list of hosts may be. */
START_TEST(long_lines_and_many_entries)
{
    auto_strbuf text = STRBUF_INIT(1 << 20);
    struct ini *ini = NULL;

    strbuf_add_format(&text, "[a]\nlong = %0100000d\n", 7);
    for (int i = 0; i < 5000; i++)
        strbuf_add_format(&text, "x%d = %d\n", i, i);
    ck_assert_int_eq(ini_parse(text.text, text.length, "f", &ini, NULL), 0);
    ck_assert_uint_eq(ini_count(ini), 5001);
    ck_assert_uint_eq(strlen(ini_entry(ini, 0)->value), 100000);
    ck_assert_str_eq(ini_entry(ini, 5000)->name, "x4999");
    ck_assert_str_eq(ini_entry(ini, 5000)->value, "4999");
    ini_free(ini);
}
END_TEST

/* Every beginning of every text above is either read or refused; the sanitizers watch. */
START_TEST(truncated_text_is_harmless)
{
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        for (size_t length = 0; length <= strlen(good[i].text); length++) {
            autofree char *exact = malloc(length ? length : 1);
            struct ini *ini = NULL;

            memcpy(exact, good[i].text, length);
            ini_parse(exact, length, "f", &ini, NULL);
            ini_free(ini);
        }
    }
}
END_TEST

START_TEST(files_have_a_most)
{
    char path[] = "/tmp/larder-test-ini-XXXXXX";
    autoclose int fd = mkstemp(path);
    struct error error = { 0 };
    struct ini *ini = NULL;

    ck_assert_int_eq(write(fd, "[a]\nx = 1\n", 10), 10);
    ck_assert_int_eq(ini_load(path, &ini, &error), 0);
    ck_assert_str_eq(ini_entry(ini, 0)->value, "1");
    ini_free(ini);
    ck_assert_int_eq(ftruncate(fd, 1024 * 1024 + 1), 0);
    ck_assert_int_eq(ini_load(path, &ini, &error), -EFBIG);
    unlink(path);
    ck_assert_int_eq(ini_load(path, &ini, &error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.message, path));
    ck_assert_int_lt(ini_load("/", &ini, &error), 0);
}
END_TEST

UNIT_MAIN("ini", good_text_is_read, bad_text_is_refused_with_its_line, nul_is_refused,
          entries_know_where_they_stand, long_lines_and_many_entries, truncated_text_is_harmless,
          files_have_a_most)
