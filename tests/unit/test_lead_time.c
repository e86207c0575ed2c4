/* SPDX-License-Identifier: Apache-2.0 */
/* Lead times: quantiles of what is known exactly, what fades, and the ends. */
#include "reserve/lead_time.h"

#include <math.h>

#include "base/cleanup.h"
#include "unit.h"

START_TEST(nothing_measured_is_nothing)
{
    struct lead_times times = { 0 };

    ck_assert_int_eq(lead_times_quantile(&times, LEAD_TIME_LEVEL), 0);
}
END_TEST

/* Times are known to within a bin: a factor of the square root of two. */
static void check_near(int64_t found_ms, int64_t ms)
{
    ck_assert_double_lt(fabs(log((double)found_ms / (double)ms)), log(2) / 2 + 1e-3);
}

START_TEST(one_time_is_its_own_quantile)
{
    static const int64_t measured[] = { 150, 1000, 7000, 60000, 900000, 9000000 };

    for (size_t i = 0; i < ARRAY_SIZE(measured); i++) {
        struct lead_times times = { 0 };

        lead_times_add(&times, measured[i]);
        for (double level = 0.05; level < 1; level += 0.1)
            check_near(lead_times_quantile(&times, level), measured[i]);
    }
}
END_TEST

/* Exponential with a mean of 10 s, by its own quantiles; steps of the golden ratio spread any
 * number of them evenly.  The time that 95 % do not exceed is 30 s. */
START_TEST(quantiles_are_those_of_the_distribution)
{
    struct lead_times times = { 0 };

    for (int i = 0; i < 1009; i++)
        lead_times_add(&times, (int64_t)(-10000 * log(1 - fmod(i * 0.6180339887498949, 1))));
    check_near(lead_times_quantile(&times, 0.5), 6931);
    check_near(lead_times_quantile(&times, 0.95), 29957);
    ck_assert_int_lt(lead_times_quantile(&times, 0.9), lead_times_quantile(&times, 0.95));
}
END_TEST

/* A volume in ten takes ten times as long: the mean tells nothing of it. */
START_TEST(the_slow_tenth_is_seen)
{
    struct lead_times times = { 0 };

    for (int i = 0; i < 500; i++)
        lead_times_add(&times, i % 10 ? 10000 : 100000);
    ck_assert_int_gt(lead_times_quantile(&times, 0.95), 70000);
    ck_assert_int_lt(lead_times_quantile(&times, 0.8), 13000);
}
END_TEST

START_TEST(a_cloud_that_becomes_faster_is_followed)
{
    struct lead_times times = { 0 };

    for (int i = 0; i < 300; i++)
        lead_times_add(&times, 60000);
    for (int i = 0; i < 100; i++)
        lead_times_add(&times, 2000);
    ck_assert_int_gt(lead_times_quantile(&times, 0.95), 40000);
    for (int i = 0; i < 100; i++)
        lead_times_add(&times, 2000);
    ck_assert_int_lt(lead_times_quantile(&times, 0.95), 3000);
}
END_TEST

START_TEST(what_is_beyond_the_bins_stays_within_them)
{
    struct lead_times times = { 0 };

    lead_times_add(&times, -5);
    ck_assert_int_ge(lead_times_quantile(&times, 0.5), 0);
    times = (struct lead_times){ 0 };
    lead_times_add(&times, INT64_MAX);
    ck_assert_int_gt(lead_times_quantile(&times, 0.999), 9000000);
    ck_assert_int_lt(lead_times_quantile(&times, 0.999), 10000000);
}
END_TEST

UNIT_MAIN("lead_time", nothing_measured_is_nothing, one_time_is_its_own_quantile,
          quantiles_are_those_of_the_distribution, the_slow_tenth_is_seen,
          a_cloud_that_becomes_faster_is_followed, what_is_beyond_the_bins_stays_within_them)
