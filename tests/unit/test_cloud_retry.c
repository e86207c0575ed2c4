/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/retry: what is sent again, and when. */
#include "cloud/retry.h"
#include "unit.h"

#define NOW_MS 1445412470000 /* Wed, 21 Oct 2015 07:27:50 GMT */

START_TEST(test_allowed)
{
    static const struct {
        struct attempt attempt;
        bool allowed;
    } cases[] = {
        { { "GET", 429, true }, true },   { { "POST", 429, true }, true },
        { { "GET", 503, true }, true },   { { "POST", 503, true }, true },
        { { "GET", 502, true }, true },   { { "POST", 502, true }, false },
        { { "DELETE", 504, true }, true }, { { "POST", 504, true }, false },
        { { "GET", 0, true }, true },     { { "POST", 0, true }, false },
        { { "POST", 0, false }, true },   { { "PUT", 0, true }, true },
        { { "GET", 200, true }, false },  { { "GET", 404, true }, false },
        { { "GET", 500, true }, false },  { { "POST", 409, true }, false },
        { { "GET", 401, true }, false },  { { "GET", 301, true }, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(retry_allowed(&cases[i].attempt) == cases[i].allowed, "%s %d sent %d",
                      cases[i].attempt.method, cases[i].attempt.status, cases[i].attempt.sent);
}
END_TEST

START_TEST(test_retry_after)
{
    static const struct {
        const char *header;
        int64_t ms;
    } cases[] = {
        { "0", 0 },
        { "7", 7000 },
        { "3600", 3600000 },
        { "3601", 3600000 },
        { "99999999999999999999", 0 }, /* no number that anybody means */
        { "9223372036854775807", 3600000 },
        { "Wed, 21 Oct 2015 07:28:00 GMT", 10000 },
        { "Wednesday, 21-Oct-15 07:28:00 GMT", 10000 },
        { "Wed Oct 21 07:28:00 2015", 10000 },
        { "Wed, 21 Oct 2015 07:27:00 GMT", 0 },     /* past */
        { "Thu, 21 Oct 2027 07:28:00 GMT", 3600000 }, /* far */
        { "", 0 },
        { "-5", 0 },
        { "5 s", 0 },
        { "soon", 0 },
        { "2015", 2015000 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(retry_after_ms(cases[i].header, NOW_MS) == cases[i].ms, "\"%s\": %lld",
                      cases[i].header, (long long)retry_after_ms(cases[i].header, NOW_MS));
}
END_TEST

UNIT_MAIN("cloud/retry", test_allowed, test_retry_after)
