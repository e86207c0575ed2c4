/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of role/csv: which lines are instances, and which are refused with a sentence. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "role/csv.h"
#include "unit.h"

#define HEADER "asked_at,flavor_id,project_id,other,count"
#define PROJECT "3cabd5f4b1404e068a8af11e6ea6bc01"

static struct csv_header header;
static struct instance instance;
static int64_t count;
static struct error error;

static int read_header(const char *text)
{
    char line[CSV_LINE_MOST];

    text_copy(line, sizeof(line), text);
    return csv_read_header(line, &header, &error);
}

static int read_line(const char *text)
{
    char line[CSV_LINE_MOST];

    text_copy(line, sizeof(line), text);
    return csv_read_line(&header, line, &instance, &count, &error);
}

START_TEST(test_lines)
{
    ck_assert_int_eq(read_header(HEADER), 0);
    ck_assert_int_eq(read_line("2026-01-31T12:00:00Z,\"m1, \"\"big\"\"\"," PROJECT ",x,3"), 0);
    ck_assert_str_eq(instance.flavor_id, "m1, \"big\"");
    ck_assert_str_eq(instance.project_id, PROJECT);
    ck_assert_int_eq(instance.asked_ms, 1769860800000);
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(read_line("2026-01-31T12:00:00Z"), 0);
    ck_assert_str_eq(instance.flavor_id, "");
    ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(test_bad_lines)
{
    static const char *const lines[] = {
        "yesterday,a," PROJECT ",x,1", ",a," PROJECT ",x,1",
        "2026-01-31T12:00:00Z,a,me,x,1", "2026-01-31T12:00:00Z,a," PROJECT ",x,0",
        "2026-01-31T12:00:00Z,a," PROJECT ",x,1001", "2026-01-31T12:00:00Z,a," PROJECT ",x,1,2",
        "2026-01-31T12:00:00Z,\"a," PROJECT ",x,1", "2026-01-31T12:00:00Z,\"a\"b," PROJECT ",x,1",
        "2026-01-31T12:00:00Z,\xff," PROJECT ",x,1",
    };

    ck_assert_int_eq(read_header(HEADER), 0);
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
        ck_assert_msg(read_line(lines[i]) == -EINVAL, "%s", lines[i]);
    ck_assert_int_eq(read_header("instance_id,asked_at,count"), 0);
    ck_assert_int_eq(read_line("5e761f58-b24e-49ff-81ad-eea0cc5e31b4,2026-01-31T12:00:00Z,2"),
                     -EINVAL);
}
END_TEST

START_TEST(test_headers)
{
    ck_assert_int_eq(read_header("flavor_id,project_id"), -EINVAL);
    ck_assert_int_eq(read_header(""), -EINVAL);
    ck_assert_int_eq(read_header("asked_at,\"x"), -EINVAL);
    ck_assert_int_eq(read_header("asked_at,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"), -EINVAL);
}
END_TEST

START_TEST(test_ids)
{
    char first[ID_SIZE], again[ID_SIZE], second[ID_SIZE];

    csv_make_id("a,b", 0, first);
    csv_make_id("a,b", 0, again);
    csv_make_id("a,b", 1, second);
    ck_assert(text_is_uuid(first));
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, second);
}
END_TEST

UNIT_MAIN("role/csv", test_lines, test_bad_lines, test_headers, test_ids)
