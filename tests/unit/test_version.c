/* SPDX-License-Identifier: Apache-2.0 */
/* Microversions: what the header may say, and what it must not. */
#include "api/version.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "unit.h"

static int negotiate(const char *header)
{
    struct error error = { 0 };
    int minor = -1;
    int status = version_negotiate(header, &minor, &error);

    ck_assert_int_eq(minor, status ? -1 : strstr(header, "latest") && strstr(header, "larder"));
    ck_assert_int_eq(error.code, status);
    ck_assert_int_eq(error.message[0] != '\0', status != 0);
    return status;
}

START_TEST(absent_or_of_others_means_the_least)
{
    static const char *const headers[] = { "", ",", " , ", "compute 2.1",
                                           "compute latest, volume 3.71",
                                           "compute what-they-like" };

    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        ck_assert_int_eq(negotiate(headers[i]), 0);
}
END_TEST

START_TEST(ours_is_found_among_several)
{
    static const char *const headers[] = { "larder 1.0", "larder latest", "  larder   1.0  ",
                                           "compute 2.1,larder 1.0", "larder 1.0, compute 2.96",
                                           "larder 1.0,larder 1.0", "larder 1.0," };

    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        ck_assert_int_eq(negotiate(headers[i]), 0);
}
END_TEST

START_TEST(malformed_ones_are_refused)
{
    static const char *const headers[] = {
        "larder", "1.0", "larder 1", "larder 1.", "larder .0", "larder 1.0.0", "larder 1.-0",
        "larder 1.0,larder latest", "larder +1.0", "larder 1.x", "larder Latest",
        "larder 1.0 1.0", "larder 10000.0",
        "larder 1.99999999999999999999", "larder 1.0,compute", "larder 1,0",
        "\xff\xfe", "larder \xff.0",
        "larder 1.0                                                                             "
        "                                                                                      ",
    };

    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        ck_assert_msg(negotiate(headers[i]) == -EINVAL, "'%s' was taken", headers[i]);
}
END_TEST

START_TEST(versions_that_do_not_exist_are_out_of_range)
{
    ck_assert_int_eq(negotiate("larder 1.2"), -ERANGE);
    ck_assert_int_eq(negotiate("larder 0.9"), -ERANGE);
    ck_assert_int_eq(negotiate("larder 2.0"), -ERANGE);
    ck_assert_int_eq(negotiate("compute 2.1, larder 9999.9999"), -ERANGE);
}
END_TEST

UNIT_MAIN("version", absent_or_of_others_means_the_least, ours_is_found_among_several,
          malformed_ones_are_refused, versions_that_do_not_exist_are_out_of_range)
