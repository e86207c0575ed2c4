/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A year of demand in seconds, through the code that plans pools in production: models are fed slot
 * by slot and refitted each week, plan_pools() sets the targets under a limit that all share, and
 * pools with a lead time are played against what comes.  What is served, wasted and idle stays in
 * bounds; the limit holds; no pool starves for the others.
 */
#include <math.h>
#include <string.h>

#include "backtest/pool_run.h"
#include "predict/predict.h"
#include "reserve/plan.h"
#include "tests/unit/poisson.h"
#include "unit.h"

#define SLOT_S 3600
#define DAY (86400 / SLOT_S)
#define YEAR (365 * DAY)
#define LEARNT (30 * DAY) /* scored from here on */
#define START_S INT64_C(1700006400)
#define LEAD_SLOTS 1
/* What a slot's end orders is used from LEAD_SLOTS + 2 slots on: until then one must do. */
#define WINDOW_S ((LEAD_SLOTS + 2) * SLOT_S)
#define POOLS 3
#define LIMIT 300 /* the three would hold 350 at their busiest */

enum which { BUSY, STEADY, RARE };

struct year {
    struct plan_options options;
    struct plan_limits limits;
    struct plan_pool pools[POOLS];
    struct model *models[POOLS];
    struct pool_run runs[POOLS];
    struct pool_score scores[POOLS];
    float past[POOLS][YEAR];
    int hungry[POOLS], longest[POOLS]; /* slots with demand in a row that found nothing at all */
    double held_most;                  /* targets together */
};

/* Grows by a half in the year, by day and week, twice as much on the first day of 30, and one
 * request in twenty is for ten servers; the second has no seasons; the third wants one in a day,
 * and nothing at all for two months. */
static double requests(enum which which, int slot)
{
    double day = 2 * M_PI * (slot % DAY) / DAY;

    switch (which) {
    case BUSY:
        return 12 * (1 + 0.5 * slot / YEAR) * (1 + 0.6 * sin(day)) *
               (slot / DAY % 7 >= 5 ? 0.5 : 1) * (slot / DAY % 30 == 0 ? 2 : 1);
    case STEADY: return 4;
    case RARE: return slot / DAY % 180 < 60 ? 0 : 1.0 / DAY;
    }
    return 0;
}

static size_t draw_batches(enum which which, int slot, int32_t *batches)
{
    size_t count = (size_t)poisson(requests(which, slot));

    for (size_t i = 0; i < count; i++)
        batches[i] = which == BUSY && drand48() < 0.05 ? 10 : 1;
    return count;
}

static void begin(struct year *year)
{
    const struct predict_options options = { .slot_s = SLOT_S };

    srand48(365);
    year->options = (struct plan_options){
        .service_level = 0.99, .miss_cost = { 49, 99 }, .idle_cost = { 1, 1 }, .review_s = SLOT_S,
        .idle_age_s = 3600, .forecast_age_s = 3600 };
    year->limits.items_in_all = LIMIT;
    for (int i = 0; i < POOLS; i++) {
        ck_assert_int_eq(model_new(&options, START_S, &year->models[i], NULL), 0);
        pool_run_start(&year->runs[i], LEAD_SLOTS, 0);
        year->pools[i] = (struct plan_pool){ .active = true, .ceiling = 1000,
                                             .lead_time_ms = LEAD_SLOTS * SLOT_S * 1000,
                                             .tier.tier = i == STEADY ? TIER_PROBABILISTIC
                                                                      : TIER_GUARANTEED };
    }
}

/* Takes in a slot's demand, which is returned. */
static double observe(struct year *year, enum which which, int slot)
{
    int32_t batches[512];
    struct slot seen = { .start_s = START_S + (int64_t)slot * SLOT_S, .batches = batches };
    double demand = 0;

    seen.batch_count = draw_batches(which, slot, batches);
    for (size_t i = 0; i < seen.batch_count; i++)
        demand += batches[i];
    ck_assert_int_eq(model_update(year->models[which], &seen), 0);
    year->past[which][slot] = (float)demand;
    if ((slot + 1) % (7 * DAY) == 0) {
        int most = slot + 1 < 30 * DAY ? slot + 1 : 30 * DAY;

        ck_assert_int_eq(model_refit(year->models[which], year->past[which] + slot + 1 - most,
                                     (size_t)most), 0);
    }
    return demand;
}

static void plan(struct year *year, int slot)
{
    int64_t now_s = START_S + (int64_t)(slot + 1) * SLOT_S;
    double held = 0;

    for (int i = 0; i < POOLS; i++) {
        struct plan_pool *pool = &year->pools[i];

        pool->before = pool->answer.after;
        pool->has_forecast = true;
        pool->forecast_made_ms = now_s * 1000;
        pool->forecast_length_ms = WINDOW_S * 1000;
        ck_assert_int_eq(model_forecast(year->models[i], now_s, now_s + WINDOW_S,
                                        &pool->forecast), 0);
    }
    ck_assert_int_eq(plan_pools(&year->options, &year->limits, year->pools, POOLS, now_s * 1000,
                                NULL), 0);
    for (int i = 0; i < POOLS; i++)
        held += (double)year->pools[i].answer.after.target;
    year->held_most = fmax(year->held_most, held);
}

static void play(struct year *year, enum which which, int slot, double demand)
{
    struct pool_score score = { 0 };

    pool_run_slot(&year->runs[which], demand, (double)year->pools[which].answer.after.target,
                  SLOT_S / 3600.0, &score);
    if (slot < LEARNT)
        return;
    struct pool_score *sum = &year->scores[which];

    sum->demand += score.demand;
    sum->served += score.served;
    sum->made += score.made;
    sum->hours += score.hours;
    sum->idle_hours += score.idle_hours;
    if (demand > 0)
        year->hungry[which] = score.served > 0 ? 0 : year->hungry[which] + 1;
    if (year->hungry[which] > year->longest[which])
        year->longest[which] = year->hungry[which];
}

static void run(struct year *year)
{
    begin(year);
    for (int slot = 0; slot < YEAR; slot++) {
        double demand[POOLS];

        for (int i = 0; i < POOLS; i++)
            demand[i] = observe(year, (enum which)i, slot);
        plan(year, slot);
        for (int i = 0; i < POOLS; i++)
            play(year, (enum which)i, slot, demand[i]);
    }
    for (int i = 0; i < POOLS; i++)
        model_free(year->models[i]);
}

static double hit_rate(const struct year *year, enum which which)
{
    return year->scores[which].served / year->scores[which].demand;
}

/* Items made that nobody took, of those that were made. */
static double waste(const struct year *year, enum which which)
{
    return 1 - year->scores[which].served / year->scores[which].made;
}

static double idle(const struct year *year, enum which which)
{
    return year->scores[which].idle_hours / year->scores[which].hours;
}

START_TEST(a_year_of_plans)
{
    static const struct {
        double hits, waste, idle;
        int longest;
    } wanted[POOLS] = { { 0.985, 0.045, 90, 1 }, { 0.985, 0.005, 12, 1 }, { 0.96, 0.5, 2, 2 } };
    static struct year year;

    run(&year);
    ck_assert_double_le(year.held_most, LIMIT);
    for (int i = 0; i < POOLS; i++) {
        enum which which = (enum which)i;

        ck_assert_double_ge(hit_rate(&year, which), wanted[i].hits);
        ck_assert_double_le(waste(&year, which), wanted[i].waste);
        ck_assert_double_le(idle(&year, which), wanted[i].idle);
        ck_assert_int_le(year.longest[i], wanted[i].longest);
    }
}
END_TEST

UNIT_MAIN("year", a_year_of_plans)
