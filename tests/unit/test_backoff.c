/* SPDX-License-Identifier: Apache-2.0 */
/* Backoff: it doubles, has its bounds and its end, and its jitter fills the upper half. */
#include "base/backoff.h"

#include "unit.h"

static const struct backoff usual = { .first_ms = 100, .most_ms = 5000, .tries = 4 };

START_TEST(without_jitter_it_doubles_up_to_the_most)
{
    static const int64_t expected[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };

    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(backoff_delay_ms(&usual, i + 1, 0), expected[i]);
    ck_assert_int_eq(backoff_delay_ms(&usual, 1000000000, 0), 5000);
}
END_TEST

START_TEST(jitter_is_the_upper_half)
{
    for (int failures = 1; failures < 70; failures++) {
        int64_t whole = backoff_delay_ms(&usual, failures, 0);

        for (uint32_t step = 0; step < 1000; step++) {
            int64_t delay = backoff_delay_ms(&usual, failures, step * 4294967u);

            ck_assert_int_le(delay, whole);
            ck_assert_int_ge(delay, whole / 2);
        }
        ck_assert_int_eq(backoff_delay_ms(&usual, failures, UINT32_MAX), whole - whole / 2);
    }
}
END_TEST

START_TEST(extremes_do_not_overflow)
{
    const struct backoff endless = { .first_ms = 3, .most_ms = INT64_MAX };
    const struct backoff none = { 0 };
    const struct backoff inverted = { .first_ms = 100, .most_ms = 10 };

    ck_assert_int_eq(backoff_delay_ms(&endless, 200, 0), INT64_MAX);
    ck_assert_int_gt(backoff_delay_ms(&endless, 200, UINT32_MAX), INT64_MAX / 4);
    ck_assert_int_eq(backoff_delay_ms(&none, 5, 12345), 0);
    ck_assert_int_eq(backoff_delay_ms(&inverted, 1, 0), 10);
    ck_assert_int_eq(backoff_delay_ms(&usual, 0, 7), 0);
    ck_assert_int_eq(backoff_delay_ms(&usual, -3, 7), 0);
}
END_TEST

START_TEST(it_ends)
{
    const struct backoff never = { .first_ms = 1, .most_ms = 2, .tries = 0 };

    ck_assert(!backoff_ended(&usual, 3));
    ck_assert(backoff_ended(&usual, 4));
    ck_assert(backoff_ended(&usual, 5));
    ck_assert(!backoff_ended(&never, 1000000));
}
END_TEST

UNIT_MAIN("backoff", without_jitter_it_doubles_up_to_the_most, jitter_is_the_upper_half,
          extremes_do_not_overflow, it_ends)
