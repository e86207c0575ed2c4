/* SPDX-License-Identifier: Apache-2.0 */
/* All pools together: what each gets where limits are shared. */
#include "reserve/plan.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "reserve/share.h"
#include "tests/unit/exponential.h"
#include "unit.h"

#define NOW INT64_C(1700000000000)

static const struct plan_options options = {
    .service_level = 0.99, .miss_cost = { 49, 99 }, .idle_cost = { 1, 1 }, .review_s = 30,
    .idle_age_s = 1800, .forecast_age_s = 3600,
};
static const struct plan_limits no_limits;

static struct plan_pool pool_of(const char *project, double mean)
{
    struct plan_pool pool = { .active = true, .lead_time_ms = 60000, .ceiling = 1000,
                              .tier.tier = TIER_PROBABILISTIC, .has_forecast = true,
                              .forecast = exponential(mean), .forecast_length_ms = 300000,
                              .forecast_made_ms = NOW };

    text_copy(pool.project_id, sizeof(pool.project_id), project);
    return pool;
}

static void plan(const struct plan_limits *limits, struct plan_pool *pools, size_t count)
{
    ck_assert_int_eq(plan_pools(&options, limits, pools, count, NOW, NULL), 0);
}

START_TEST(levels_come_from_tiers_costs_and_rules)
{
    struct plan_pool pools[4] = { pool_of("p", 10), pool_of("p", 10), pool_of("p", 10),
                                  pool_of("p", 10) };

    pools[1].kind = PLAN_VOLUME;
    pools[2].tier.tier = TIER_GUARANTEED;
    pools[3].tier = (struct tier_choice){ TIER_GUARANTEED, 0.999, NULL };
    plan(&no_limits, pools, 4);
    ck_assert_int_eq(pools[0].answer.after.target, 40); /* 10 ln 50 = 39.1 */
    ck_assert_int_eq(pools[1].answer.after.target, 47); /* 10 ln 100 = 46.05 */
    ck_assert_int_eq(pools[2].answer.after.target, 47);
    ck_assert_int_eq(pools[3].answer.after.target, 70); /* 10 ln 1000 = 69.1 */
    ck_assert_int_eq(pools[0].interval_ms, 300000);
    ck_assert_double_eq_tol(pools[1].level, 0.99, 1e-15);
}
END_TEST

START_TEST(without_a_forecast_the_interval_is_lead_time_and_review)
{
    struct plan_pool pool = pool_of("p", 10);

    pool.has_forecast = false;
    plan(&no_limits, &pool, 1);
    ck_assert_int_eq(pool.interval_ms, 90000);
    ck_assert_int_eq(pool.answer.after.target, 0);
}
END_TEST

START_TEST(old_forecasts_are_known_by_their_age)
{
    struct plan_pool pool = pool_of("p", 10);

    pool.forecast_made_ms = NOW - 3600000;
    plan(&no_limits, &pool, 1);
    ck_assert_int_eq(pool.answer.after.target, 40);
    pool.before.target = 3;
    pool.forecast_made_ms--;
    plan(&no_limits, &pool, 1);
    ck_assert_int_eq(pool.answer.after.target, 3);
}
END_TEST

/* Equal worth: the next item goes where demand exceeds what is there more probably, so that
 * exp(-n/1) and exp(-m/9) come out alike: n + m = 10 gives 1 and 9. */
START_TEST(a_limit_is_shared_by_marginal_benefit)
{
    const struct plan_limits limits = { .items_in_all = 10 };
    struct plan_pool pools[2] = { pool_of("p", 1), pool_of("q", 9) };

    plan(&limits, pools, 2);
    ck_assert_int_eq(pools[0].answer.after.target, 1);
    ck_assert_int_eq(pools[1].answer.after.target, 9);
    ck_assert_ptr_nonnull(strstr(pools[1].answer.reason, "; shared limits leave 9"));
    ck_assert_int_eq(pools[1].answer.after.lower_since_ms, 0);
}
END_TEST

START_TEST(what_is_guaranteed_is_worth_more)
{
    const struct plan_limits limits = { .items_in_all = 40 };
    struct plan_pool pools[2] = { pool_of("p", 10), pool_of("q", 10) };

    pools[1].tier = (struct tier_choice){ TIER_GUARANTEED, 0.999, NULL };
    plan(&limits, pools, 2);
    /* 49 exp(-n/10) = 999 exp(-m/10): m - n = 10 ln(999/49) = 30.1 */
    ck_assert_int_eq(pools[0].answer.after.target, 5);
    ck_assert_int_eq(pools[1].answer.after.target, 35);
}
END_TEST

START_TEST(floors_come_first)
{
    const struct plan_limits limits = { .items_in_all = 10 };
    struct plan_pool pools[3] = { pool_of("p", 10), pool_of("q", 10), pool_of("r", 10) };

    pools[0].floor = 6;
    pools[0].forecast = exponential(0.01);
    pools[2].active = false;
    pools[2].floor = 50;
    plan(&limits, pools, 3);
    ck_assert_int_eq(pools[0].answer.after.target, 1);
    ck_assert_int_eq(pools[1].answer.after.target, 4);
    ck_assert_int_eq(pools[2].answer.after.target, 40); /* of no use to others while it is paused */
}
END_TEST

START_TEST(each_project_has_its_share)
{
    const struct plan_limits limits = { .items_per_project = 30 };
    struct plan_pool pools[4] = { pool_of("p", 10), pool_of("q", 10), pool_of("p", 10),
                                  pool_of("p", 10) };

    pools[3].kind = PLAN_VOLUME; /* nobody's */
    plan(&limits, pools, 4);
    ck_assert_int_eq(pools[0].answer.after.target, 15);
    ck_assert_int_eq(pools[2].answer.after.target, 15);
    ck_assert_int_eq(pools[1].answer.after.target, 30);
    ck_assert_int_eq(pools[3].answer.after.target, 47);
}
END_TEST

START_TEST(small_volumes_go_before_large_ones)
{
    const struct plan_limits limits = { .gigabytes = 100 };
    struct plan_pool pools[2] = { pool_of("", 10), pool_of("", 10) };

    pools[0].kind = pools[1].kind = PLAN_VOLUME;
    pools[0].gigabytes = 1;
    pools[1].gigabytes = 50;
    plan(&limits, pools, 2);
    ck_assert_int_eq(pools[0].answer.after.target, 47); /* still worth more for each gigabyte */
    ck_assert_int_eq(pools[1].answer.after.target, 1);
}
END_TEST

START_TEST(what_the_idle_age_holds_goes_first)
{
    const struct plan_limits limits = { .items_in_all = 60 };
    struct plan_pool pools[2] = { pool_of("p", 1), pool_of("q", 10) };

    pools[0].before.target = 50;
    plan(&limits, pools, 2);
    ck_assert_int_eq(pools[1].answer.after.target, 40);
    ck_assert_int_eq(pools[0].answer.after.target, 20);
    ck_assert_int_eq(pools[0].answer.after.lower_since_ms, NOW);
}
END_TEST

START_TEST(degenerate_input_is_survived)
{
    const struct plan_limits limits = { 1, 1, 1 };
    struct plan_pool pools[3] = { pool_of("", 0), pool_of("", 1e9), pool_of("", 1) };

    plan(&limits, pools, 0);
    pools[2].ceiling = 0;
    plan(&limits, pools, 3);
    ck_assert_int_eq(pools[0].answer.after.target, 0);
    ck_assert_int_eq(pools[1].answer.after.target, 1);
    ck_assert_int_eq(pools[2].answer.after.target, 0);
}
END_TEST

/* NaN, infinite, negative, falling: ceiling and limit hold, and the other pool gets its own. */
START_TEST(odd_forecasts_never_make_an_unbounded_pool)
{
    static const double odd[] = { NAN, INFINITY, -INFINITY, -1e9, 1e300 };
    const struct plan_limits limits = { .items_in_all = 200 };

    for (int i = 0; i < 2 * 5; i++) {
        struct plan_pool pools[2] = { pool_of("p", 10), pool_of("q", 10) };

        for (int j = 0; j < DISTRIBUTION_LEVELS; j += 1 + i / 5 * 3)
            pools[0].forecast.quantiles[j] = odd[i % 5];
        pools[0].forecast.mean = pools[0].forecast.variance = odd[i % 5];
        pools[0].ceiling = 150;
        plan(&limits, pools, 2);
        ck_assert_int_ge(pools[0].answer.after.target, 0);
        ck_assert_int_le(pools[0].answer.after.target, 150);
        ck_assert_int_ge(pools[1].answer.after.target, 30);
        ck_assert_int_le(pools[0].answer.after.target + pools[1].answer.after.target, 200);
    }
}
END_TEST

UNIT_MAIN("plan", levels_come_from_tiers_costs_and_rules,
          without_a_forecast_the_interval_is_lead_time_and_review,
          old_forecasts_are_known_by_their_age, a_limit_is_shared_by_marginal_benefit,
          what_is_guaranteed_is_worth_more, floors_come_first, each_project_has_its_share,
          small_volumes_go_before_large_ones, what_the_idle_age_holds_goes_first,
          degenerate_input_is_survived,
          odd_forecasts_never_make_an_unbounded_pool)
