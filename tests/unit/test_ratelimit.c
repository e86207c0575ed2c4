/* SPDX-License-Identifier: Apache-2.0 */
/* The token bucket over simulated time: burst first, then the rate, whoever asks and however. */
#include "base/ratelimit.h"

#include "unit.h"

START_TEST(burst_then_rate)
{
    struct ratelimit limit;

    ratelimit_init(&limit, 10, 3, 1000);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(ratelimit_take(&limit, 1000), 0);
    ck_assert_int_eq(ratelimit_take(&limit, 1000), 100);
    ck_assert_int_eq(ratelimit_take(&limit, 1000), 200);
    ck_assert_int_eq(ratelimit_take(&limit, 1150), 150);
}
END_TEST

/* A caller that waits as told, for an hour, makes rate * time calls and the burst, no more. */
START_TEST(rate_holds_over_an_hour)
{
    struct ratelimit limit;
    int64_t now = 0, calls = 0;

    ratelimit_init(&limit, 7, 5, now);
    while (now < 3600000) {
        now += ratelimit_take(&limit, now);
        calls++;
    }
    ck_assert_int_ge(calls, 7 * 3600 - 30);
    ck_assert_int_le(calls, 7 * 3600 + 6);
}
END_TEST

START_TEST(saves_no_more_than_the_burst)
{
    struct ratelimit limit;
    int free_calls = 0;

    ratelimit_init(&limit, 100, 4, 0);
    while (ratelimit_take(&limit, 1000000) == 0)
        free_calls++;
    ck_assert_int_eq(free_calls, 4);
}
END_TEST

START_TEST(no_limit_and_odd_input)
{
    struct ratelimit limit;

    ratelimit_init(&limit, 0, 1, 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(ratelimit_take(&limit, 0), 0);
    ratelimit_init(&limit, 2, 0, 5000); /* no burst at all would mean no call at all */
    ck_assert_int_eq(ratelimit_take(&limit, 5000), 0);
    ck_assert_int_eq(ratelimit_take(&limit, 4000), 500); /* time went back: nothing is gained */
    ck_assert_int_eq(ratelimit_take(&limit, 6000), 0);
}
END_TEST

UNIT_MAIN("ratelimit", burst_then_rate, rate_holds_over_an_hour, saves_no_more_than_the_burst,
          no_limit_and_odd_input)
