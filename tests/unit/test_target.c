/* SPDX-License-Identifier: Apache-2.0 */
/* The target of one pool: how much, when it grows, when it falls, and why. */
#include "reserve/target.h"

#include <string.h>

#include "tests/unit/exponential.h"
#include "unit.h"

#define NOW INT64_C(1700000000000)
#define MINUTE INT64_C(60000)

static struct distribution forecast;
static struct target_answer answer;

/* Level 0.98; the forecast's mean is given; what one knew before is the last answer. */
static struct target_case case_of(double mean)
{
    forecast = exponential(mean);
    return (struct target_case){ .tier = TIER_PROBABILISTIC, .level = 0.98, .forecast = &forecast,
                                 .interval_ms = 7 * MINUTE, .ceiling = 100,
                                 .idle_age_ms = 30 * MINUTE, .before = answer.after };
}

static int64_t at(int64_t minutes, double mean)
{
    struct target_case of = case_of(mean);

    target_set(&of, NOW + minutes * MINUTE, &answer);
    return answer.after.target;
}

START_TEST(it_is_the_quantile_over_the_protection_interval)
{
    ck_assert_int_eq(protection_interval_ms(60000, 30000), 90000);
    ck_assert_int_eq(protection_interval_ms(0, 30000), 30000);
    ck_assert_int_eq(at(0, 2), 8); /* 2 ln 50 = 7.82 */
    ck_assert_str_eq(answer.reason, "8 cover what comes in 7.0 min with probability 0.98 "
                     "(probabilistic), 2 are expected");
}
END_TEST

START_TEST(it_grows_at_once)
{
    ck_assert_int_eq(at(0, 2), 8);
    ck_assert_int_eq(at(1, 4), 16);
    ck_assert_int_eq(answer.after.lower_since_ms, 0);
}
END_TEST

START_TEST(it_falls_when_less_was_wanted_for_the_idle_age)
{
    ck_assert_int_eq(at(0, 4), 16);
    ck_assert_int_eq(at(1, 1), 16); /* ln 50 = 3.9: 4 wanted */
    ck_assert_int_eq(answer.wanted, 4);
    ck_assert_int_eq(answer.after.lower_since_ms, NOW + MINUTE);
    ck_assert_int_eq(at(30, 1), 16);
    ck_assert_int_eq(at(31, 1), 4);
    ck_assert_ptr_nonnull(strstr(answer.reason, "; no more were asked for in the last 30.0 min"));
    ck_assert_int_eq(answer.after.lower_since_ms, 0);
}
END_TEST

START_TEST(it_falls_to_the_most_that_was_wanted_meanwhile)
{
    at(0, 4);
    at(1, 1);
    at(10, 2);
    ck_assert_int_eq(at(31, 1), 8);
    ck_assert_ptr_nonnull(strstr(answer.reason, "; no more than 8 were asked for in the last"));
    ck_assert_int_eq(answer.after.lower_since_ms, NOW + 31 * MINUTE);
    ck_assert_int_eq(at(60, 1), 8);
    ck_assert_int_eq(at(61, 1), 4);
}
END_TEST

START_TEST(a_forecast_that_wavers_moves_nothing)
{
    at(0, 4);
    for (int64_t minute = 1; minute < 600; minute++)
        ck_assert_int_eq(at(minute, minute % 20 ? 1 : 4), 16);
}
END_TEST

START_TEST(a_clock_that_goes_back_starts_the_wait_anew)
{
    at(0, 4);
    at(100, 1);
    ck_assert_int_eq(at(50, 1), 16);
    ck_assert_int_eq(answer.after.lower_since_ms, NOW + 50 * MINUTE);
    ck_assert_int_eq(at(80, 1), 4);
}
END_TEST

START_TEST(ceilings_hold_at_once)
{
    struct target_case of;

    at(0, 4);
    of = case_of(4);
    of.ceiling = 5;
    target_set(&of, NOW + MINUTE, &answer);
    ck_assert_int_eq(answer.after.target, 5);
    ck_assert_ptr_nonnull(strstr(answer.reason, "16 cover"));
    ck_assert_ptr_nonnull(strstr(answer.reason, "; the ceiling allows 5"));
}
END_TEST

START_TEST(without_a_forecast_nothing_is_wanted)
{
    struct target_case of = case_of(4);

    of.forecast = NULL;
    target_set(&of, NOW, &answer);
    ck_assert_int_eq(answer.after.target, 0);
    ck_assert_str_eq(answer.reason, "there is no forecast");
}
END_TEST

START_TEST(what_is_old_is_not_gone_by)
{
    struct target_case of;

    at(0, 4);
    of = case_of(40);
    of.stale = true;
    target_set(&of, NOW + 100 * MINUTE, &answer);
    ck_assert_int_eq(answer.after.target, 16);
    ck_assert_str_eq(answer.reason, "the forecast is too old: the target stays");
}
END_TEST

START_TEST(on_demand_holds_nothing)
{
    struct target_case of = case_of(4);

    of.tier = TIER_ON_DEMAND;
    of.level = 0;
    target_set(&of, NOW, &answer);
    ck_assert_int_eq(answer.after.target, 0);
    ck_assert_str_eq(answer.reason, "the tier on-demand holds nothing ready");
}
END_TEST

START_TEST(reasons_stay_within_their_bounds)
{
    char reason[TARGET_REASON_SIZE] = "";

    for (int i = 0; i < 100; i++)
        target_reason_add(reason, "%s", "0123456789");
    ck_assert_uint_eq(strlen(reason), 250);
}
END_TEST

UNIT_MAIN("target", it_is_the_quantile_over_the_protection_interval, it_grows_at_once,
          it_falls_when_less_was_wanted_for_the_idle_age,
          it_falls_to_the_most_that_was_wanted_meanwhile, a_forecast_that_wavers_moves_nothing,
          a_clock_that_goes_back_starts_the_wait_anew, ceilings_hold_at_once,
          without_a_forecast_nothing_is_wanted, what_is_old_is_not_gone_by,
          on_demand_holds_nothing, reasons_stay_within_their_bounds)
