/* SPDX-License-Identifier: Apache-2.0 */
/* The backtest: what lies behind its end is not looked at. */
#include "backtest/backtest.h"

#include <string.h>

#include "unit.h"

#define HOURS 96
#define HOUR_S 3600

START_TEST(looks_at_nothing_behind_its_end)
{
    static struct arrival arrivals[2 * HOURS];
    struct backtest_options options = { .slot_s = 300, .lead_slots = 1, .level = 0.9,
                                        .score_from_s = HOURS / 2 * HOUR_S,
                                        .end_s = HOURS * HOUR_S - 1 };
    struct trace_series series = { .key = "key", .arrivals = arrivals, .count = 2 * HOURS };
    struct backtest_score whole, cut;

    for (int i = 0; i < 2 * HOURS; i++)
        arrivals[i] = (struct arrival){ (int64_t)i * HOUR_S, -1, i < HOURS ? 1 + i % 7 : 1000 };
    ck_assert_int_eq(backtest_run(&series, &options, &whole, NULL), 0);
    series.count = HOURS;
    ck_assert_int_eq(backtest_run(&series, &options, &cut, NULL), 0);
    ck_assert_mem_eq(&whole, &cut, sizeof(cut));
    ck_assert_double_gt(cut.pools[POLICY_LARDER].demand, 0);
}
END_TEST

UNIT_MAIN("backtest", looks_at_nothing_behind_its_end)
