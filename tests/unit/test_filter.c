/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings: read by a table, refused with a reason, and written so that they read the same. */
#include "api/filter.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "unit.h"

#define UUID "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define PROJECT "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

static const struct parameter rows[] = {
    PARAMETER_KIND("port|volume"),
    PARAMETER_STATE("active|paused|draining"),
    PARAMETER_POOL,
    PARAMETER_PROJECT,
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
static const struct parameters parameters = PARAMETERS(rows);

static struct filter filter;
static struct error error;

static int query(const char *text)
{
    error = (struct error){ 0 };
    return filter_read(text, &parameters, &filter, &error);
}

START_TEST(nothing_means_the_first_page_of_all)
{
    static const char *const texts[] = { "", "&", "&&&" };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        ck_assert_int_eq(query(texts[i]), 0);
        ck_assert_int_eq(filter.kind, -1);
        ck_assert_int_eq(filter.state, -1);
        ck_assert_str_eq(filter.pool_id, "");
        ck_assert_str_eq(filter.marker, "");
        ck_assert_int_eq(filter.limit, LIMIT_DEFAULT);
    }
    ck_assert_int_eq(filter_read(NULL, &parameters, &filter, &error), 0);
}
END_TEST

START_TEST(values_are_read_and_decoded)
{
    ck_assert_int_eq(query("kind=volume&state=paused&limit=1000&pool_id=" UUID
                           "&project_id=" PROJECT "&marker=0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"),
                     0);
    ck_assert_int_eq(filter.kind, 1);
    ck_assert_int_eq(filter.state, 1);
    ck_assert_int_eq(filter.limit, 1000);
    ck_assert_str_eq(filter.pool_id, UUID);
    ck_assert_str_eq(filter.project_id, PROJECT);
    ck_assert_str_eq(filter.marker, UUID);
    ck_assert_int_eq(query("%6bind=%70ort&l%69mit=%31"), 0);
    ck_assert_int_eq(filter.kind, 0);
    ck_assert_int_eq(filter.limit, 1);
}
END_TEST

START_TEST(bad_queries_are_refused_with_a_sentence)
{
    static const char *const texts[] = {
        "colour=red", "kind", "kind=", "kind=por", "kind=port|volume", "kind=portvolume", "limit=0",
        "limit=1001", "limit=-1", "limit=1e2", "limit=0x10", "limit=99999999999999999999", "limit=",
        "limit=1&limit=2", "kind=port&kind=port", "pool_id=" PROJECT, "pool_id=x", "project_id=",
        "marker=" UUID "0", "kind=port%", "kind=%4", "kind=%zz", "kind=%00", "%00", "limit=1%00",
        "kind=%ff", "%c3%28=1", "=", "=1", "kind=port?limit=1", "limit=1+1", "limit= 1",
        "limit=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        ck_assert_msg(query(texts[i]) == -EINVAL, "'%s' was taken", texts[i]);
        ck_assert_msg(error.message[0], "'%s' was refused without a word", texts[i]);
    }
}
END_TEST

START_TEST(who_is_refused_learns_what_is_known)
{
    ck_assert_int_eq(query("colour=red"), -EINVAL);
    ck_assert_str_eq(error.message, "Query parameter 'colour' is not known here; known are: kind, "
                     "state, pool_id, project_id, limit, marker");
    ck_assert_int_eq(filter_read("a=1", &(struct parameters){ 0 }, &filter, &error), -EINVAL);
    ck_assert_str_eq(error.message, "Query parameter 'a' is not known here");
}
END_TEST

START_TEST(what_is_written_reads_the_same)
{
    static const char *const texts[] = { "limit=100", "kind=port&limit=1", "kind=volume&limit=5",
                                         "state=draining&pool_id=" UUID "&project_id=" PROJECT
                                         "&limit=7&marker=" UUID };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        auto_strbuf out = STRBUF_INIT(1024);

        ck_assert_int_eq(query(texts[i]), 0);
        filter_write(&filter, &parameters, &out);
        ck_assert_str_eq(strbuf_text(&out), texts[i]);
    }
}
END_TEST

START_TEST(names_may_be_anything_and_come_back)
{
    static const struct parameter names[] = {
        { .name = "flavor", .type = PARAMETER_NAME, .offset = offsetof(struct filter, flavor) },
    };
    static const struct parameters known = PARAMETERS(names);
    auto_strbuf out = STRBUF_INIT(1024);

    ck_assert_int_eq(filter_read("flavor=m1+small%26%3d%c3%a9%25", &known, &filter, &error), 0);
    ck_assert_str_eq(filter.flavor, "m1 small&=\xc3\xa9%");
    filter_write(&filter, &known, &out);
    ck_assert_str_eq(strbuf_text(&out), "flavor=m1%20small%26%3D%C3%A9%25");
    ck_assert_int_eq(filter_read(strbuf_text(&out), &known, &filter, &error), 0);
    ck_assert_str_eq(filter.flavor, "m1 small&=\xc3\xa9%");
    ck_assert_int_eq(filter_read("flavor=", &known, &filter, &error), -EINVAL);
    ck_assert_int_eq(filter_read("flavor", &known, &filter, &error), -EINVAL);
}
END_TEST

UNIT_MAIN("filter", nothing_means_the_first_page_of_all, values_are_read_and_decoded,
          bad_queries_are_refused_with_a_sentence, who_is_refused_learns_what_is_known,
          what_is_written_reads_the_same, names_may_be_anything_and_come_back)
