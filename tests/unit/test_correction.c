/* SPDX-License-Identifier: Apache-2.0 */
/* The correction by outcomes: finds the factor that serves the share asked for, and is bounded. */
#include "feedback/correction.h"

#include <math.h>

#include "unit.h"

/* Of 100 a slot, what a pool of 80 times the factor serves: 99 are asked for. */
START_TEST(finds_the_factor)
{
    struct correction correction;

    correction_start(&correction, 0.99);
    for (int i = 0; i < 100000; i++)
        correction_learn(&correction, 100, fmin(80 * exp(correction.log), 100));
    ck_assert_double_eq_tol(80 * exp(correction.log), 99, 0.5);
}
END_TEST

START_TEST(is_bounded_and_ignores_the_odd)
{
    struct correction correction;
    struct distribution forecast = { .mean = 10, .variance = 4 };

    correction_start(&correction, 0.99);
    for (int i = 0; i < 100000; i++)
        correction_learn(&correction, 1e6, 0);
    correction_learn(&correction, NAN, 1);
    correction_learn(&correction, 1, NAN);
    correction_learn(&correction, -5, 1);
    forecast.quantiles[5] = 7;
    correction_apply(&correction, &forecast);
    ck_assert_double_le(forecast.quantiles[5], 7 * 3);
    ck_assert_double_ge(forecast.quantiles[5], 7);
    for (int i = 0; i < 10000000; i++)
        correction_learn(&correction, 1, 1);
    ck_assert_double_ge(correction.log, -0.5);
}
END_TEST

UNIT_MAIN("correction", finds_the_factor, is_bounded_and_ignores_the_odd)
