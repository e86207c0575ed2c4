/* SPDX-License-Identifier: Apache-2.0 */
/* What bears on demand from outside: effects of events, local time, measurements. */
#include "predict/factors.h"

#include <math.h>
#include <string.h>

#include "predict/effects.h"
#include "predict/predict.h"
#include "tests/unit/poisson.h"
#include "unit.h"

#define SLOT 300
#define DAY_SLOTS 288
#define START (INT64_C(19700) * 86400)
#define EVENT 7

static const struct predict_options options = { .slot_s = SLOT };
static struct occurrence rows[400];
static struct factors factors;

static int64_t at(int slot)
{
    return START + (int64_t)slot * SLOT;
}

/* Two hours from ten o'clock, on each of so many days but every third. */
static void make_events(int days)
{
    size_t count = 0;

    for (int day = 0; day < days; day++)
        if (day % 3 != 0)
            rows[count++] = (struct occurrence){ at(day * DAY_SLOTS + 120),
                                                 at(day * DAY_SLOTS + 144), EVENT };
    factors = (struct factors){ .occurrences = rows, .occurrence_count = count,
                                .longest_s = occurrences_longest_s(rows, count) };
}

static struct model *fresh(const struct factors *with)
{
    struct model *model;

    ck_assert_int_eq(model_new(&options, START, &model, NULL), 0);
    model_set_factors(model, with);
    return model;
}

static bool is_on(int slot)
{
    return slot / DAY_SLOTS % 3 != 0 && slot % DAY_SLOTS >= 120 && slot % DAY_SLOTS < 144;
}

static void feed(struct model *model, int slot, int count, int32_t size)
{
    int32_t batches[1000];

    for (int i = 0; i < count; i++)
        batches[i] = size;
    struct slot taken = { .start_s = at(slot), .batches = batches,
                          .batch_count = (size_t)count };

    ck_assert_int_eq(model_update(model, &taken), 0);
}

static void feed_days(struct model *model, int from, int until, double rate, double factor,
                      int32_t size)
{
    for (int slot = from; slot < until; slot++)
        feed(model, slot, poisson(rate * (is_on(slot) ? factor : 1)), size);
}

/* 20 occurrences of 24 slots with 3 requests expected in each: 1440 requests without the event.
 * With factor m the estimate's own deviation is sqrt(m / 1440); the season that is learned beside
 * it adds some percent: five deviations of both, and the mean over the seeds within 6 %. */
static void check_recovery(double factor, int32_t size)
{
    double mean = 0;

    make_events(30);
    for (int seed = 0; seed < 10; seed++) {
        struct model *model = fresh(&factors);

        srand48(seed);
        feed_days(model, 0, 30 * DAY_SLOTS, 3, factor, size);
        double found = model_effect(model, EVENT);

        ck_assert_double_eq_tol(found, factor, 5 * (sqrt(factor / 1440) + 0.03 * factor));
        mean += found / 10;
        model_free(model);
    }
    ck_assert_double_eq_tol(mean, factor, 0.06 * factor);
}

START_TEST(recovers_a_known_factor)
{
    check_recovery(4, 1);
    check_recovery(1, 1);
    check_recovery(0.25, 1);
    check_recovery(3, 5); /* servers come by fives: the requests are what counts */
}
END_TEST

static double forecast_at(const struct model *model, int slot, int slots)
{
    struct distribution result;

    ck_assert_int_eq(model_forecast(model, at(slot), at(slot + slots), &result), 0);
    for (int i = 1; i < DISTRIBUTION_LEVELS; i++)
        ck_assert_double_ge(result.quantiles[i], result.quantiles[i - 1]);
    return result.mean;
}

/* The same with fits in between, from the ring and from the whole history. */
START_TEST(forecasts_what_comes_with_the_event)
{
    static float demand[25 * DAY_SLOTS + 60];

    make_events(40);
    for (int whole = 0; whole < 3; whole++) {
        struct model *model = fresh(&factors);
        int last = 25 * DAY_SLOTS + 60;

        srand48(1);
        for (int slot = 0; slot < last; slot++) {
            int count = poisson(is_on(slot) ? 20 : 4);

            demand[slot] = (float)count;
            feed(model, slot, count, 1);
            if (whole && (slot + 1) % (8 * DAY_SLOTS) == 0)
                ck_assert_int_eq(model_refit(model, whole == 2 ? demand : NULL,
                                             (size_t)slot + 1), 0);
        }
        ck_assert_double_eq_tol(forecast_at(model, 25 * DAY_SLOTS + 126, 12), 240, 36);
        ck_assert_double_eq_tol(forecast_at(model, 25 * DAY_SLOTS + 126, 2), 40, 10);
        ck_assert_double_eq_tol(forecast_at(model, 25 * DAY_SLOTS + 100, 12), 48, 10);
        /* half of the window is before it begins */
        ck_assert_double_eq_tol(forecast_at(model, 25 * DAY_SLOTS + 114, 12), 144, 26);
        model_free(model);
    }
}
END_TEST

START_TEST(an_unknown_event_has_no_effect)
{
    struct occurrence later = { at(5 * DAY_SLOTS), at(6 * DAY_SLOTS), EVENT };
    struct factors with = { .occurrences = &later, .occurrence_count = 1, .longest_s = 86400 };
    struct model *a = fresh(&with), *b = fresh(NULL);
    struct distribution one, other;

    srand48(3);
    feed_days(a, 0, 5 * DAY_SLOTS, 2, 1, 1);
    srand48(3);
    feed_days(b, 0, 5 * DAY_SLOTS, 2, 1, 1);
    ck_assert_int_eq(model_forecast(a, at(5 * DAY_SLOTS), at(5 * DAY_SLOTS + 2), &one), 0);
    ck_assert_int_eq(model_forecast(b, at(5 * DAY_SLOTS), at(5 * DAY_SLOTS + 2), &other), 0);
    ck_assert_mem_eq(&one, &other, sizeof(one));
    ck_assert_double_eq(model_effect(a, EVENT), 1);
    model_free(a);
    model_free(b);
}
END_TEST

/* Little evidence moves little: prior worth 4 requests; and none goes beyond its bounds. */
START_TEST(shrinks_and_bounds)
{
    struct effects effects = { 0 };

    make_events(2);
    effects_learn(&effects, &factors, rows[0].from_s, 3, 1, 1);
    ck_assert_double_eq_tol((double)effect_of(&effects, EVENT), (4 + 3) / (4 + 1.0), 1e-5);
    effects_learn(&effects, &factors, rows[0].from_s, 1e9F, 1, 1);
    ck_assert_double_eq((double)effect_of(&effects, EVENT), 50);
    ck_assert_double_eq((double)effects_at(&effects, &factors, rows[0].until_s), 1);
    effects = (struct effects){ 0 };
    for (int i = 0; i < 100000; i++)
        effects_learn(&effects, &factors, rows[0].from_s, 0, 10, 1);
    ck_assert_double_eq_tol((double)effect_of(&effects, EVENT), 0.02, 1e-6);
    for (int i = 0; i < 3000; i++) /* it has changed: the old fades */
        effects_learn(&effects, &factors, rows[0].from_s, 20, 10, 1);
    ck_assert_double_gt((double)effect_of(&effects, EVENT), 1.8);
}
END_TEST

/* Two that overlap explain their demand together; more than there is room for do no harm. */
START_TEST(shares_what_overlaps)
{
    struct occurrence both[12] = { { 0, 1000, 1 }, { 500, 1500, 2 } };
    struct factors two = { .occurrences = both, .occurrence_count = 2, .longest_s = 1000 };
    struct effects effects = { 0 };

    for (int round = 0; round < 300; round++) {
        effects_learn(&effects, &two, 100, 20, 10, 1);
        effects_learn(&effects, &two, 700, 60, 10, 1);
        effects_learn(&effects, &two, 1200, 30, 10, 1);
    }
    ck_assert_double_eq_tol((double)effect_of(&effects, 1), 2, 0.1);
    ck_assert_double_eq_tol((double)effect_of(&effects, 2), 3, 0.15);
    ck_assert_double_eq_tol((double)effects_at(&effects, &two, 700), 6, 0.5);
    for (uint32_t i = 0; i < 12; i++)
        both[i] = (struct occurrence){ 0, 1000, i + 10 };
    two.occurrence_count = 12;
    for (int round = 0; round < 100; round++)
        effects_learn(&effects, &two, 100, 20, 10, 1);
    ck_assert_double_le((double)effects_at(&effects, &two, 100), 50);
}
END_TEST

START_TEST(is_the_same_after_a_restart)
{
    unsigned char state[MODEL_STATE_MOST], again[MODEL_STATE_MOST];
    struct model *model, *loaded;
    size_t length, same;

    make_events(12);
    model = fresh(&factors);
    srand48(5);
    feed_days(model, 0, 5 * DAY_SLOTS + 130, 3, 4, 1);
    ck_assert_int_eq(model_save(model, state, sizeof(state), &length), 0);
    ck_assert_int_eq(model_load(&options, state, length, &loaded, NULL), 0);
    model_set_factors(loaded, &factors);
    srand48(6);
    feed_days(model, 5 * DAY_SLOTS + 130, 7 * DAY_SLOTS, 3, 4, 1);
    srand48(6);
    feed_days(loaded, 5 * DAY_SLOTS + 130, 7 * DAY_SLOTS, 3, 4, 1);
    ck_assert_int_eq(model_save(model, state, sizeof(state), &length), 0);
    ck_assert_int_eq(model_save(loaded, again, sizeof(again), &same), 0);
    ck_assert_uint_eq(length, same);
    ck_assert_mem_eq(state, again, length);
    model_free(model);
    model_free(loaded);
}
END_TEST

/* ---- local time ---- */

/* Much is wanted from nine to ten in a place where clocks go an hour forward after 28 days. */
static int local_demand(int slot, int change)
{
    int hour = (slot / 12 + (slot >= change ? 1 : 0)) % 24;

    return hour == 9 ? 30 : 1;
}

static double forecast_of_the_morning(const struct zone *zone)
{
    struct factors with = { .zone = zone };
    struct model *model = fresh(&with);
    int change = 28 * DAY_SLOTS, last = change + DAY_SLOTS + 8 * 12;
    double mean;

    for (int slot = 0; slot < last; slot++) {
        feed(model, slot, local_demand(slot, change), 1);
        if ((slot + 1) % (7 * DAY_SLOTS) == 0)
            ck_assert_int_eq(model_refit(model, NULL, 0), 0);
    }
    mean = forecast_at(model, last, 12);
    model_free(model);
    return mean;
}

START_TEST(seasons_follow_local_time)
{
    struct zone zone = { 2, { { START, 0 }, { at(28 * DAY_SLOTS), 3600 } } };
    struct zone still = { 1, { { START, 0 } } };
    double follows = forecast_of_the_morning(&zone), stays = forecast_of_the_morning(&still);

    ck_assert_double_gt(follows, 250); /* of 360 */
    ck_assert_double_lt(stays, follows - 60);
}
END_TEST

/* ---- measurements ---- */

/* A measurement that leads the demand by some hours, and is not always known. */
static float values[60 * 24];

static double loss_with(const struct inputs *inputs, int days)
{
    struct factors with = { .inputs = inputs };
    struct model *model = fresh(&with);
    double loss = 0;

    srand48(11);
    for (int slot = 0; slot < days * DAY_SLOTS; slot++) {
        int64_t step = (at(slot) - INPUT_SETTLE_S) / INPUT_STEP_S - 1 - START / INPUT_STEP_S;
        double level = step >= 0 ? (double)values[step + 24] : 1;
        int count = poisson(level);

        if (slot > 20 * DAY_SLOTS && slot % 12 == 0)
            loss += fabs(forecast_at(model, slot, 2) - 2 * level);
        feed(model, slot, count, 1);
        if ((slot + 1) % (5 * DAY_SLOTS) == 0)
            ck_assert_int_eq(model_refit(model, NULL, 0), 0);
    }
    model_free(model);
    return loss;
}

START_TEST(measurements_help)
{
    struct inputs inputs = { .first_step = START / INPUT_STEP_S - 24, .steps = 60 * 24,
                             .values = { values } };
    struct inputs unknown = inputs;
    static float nothing[60 * 24];
    double with, without;

    srand48(12);
    for (int i = 0; i < 60 * 24; i++) {
        values[i] = drand48() < 0.5 ? 2 : 20;
        nothing[i] = NAN;
    }
    unknown.values[0] = nothing;
    with = loss_with(&inputs, 30);
    without = loss_with(NULL, 30);
    ck_assert_msg(with < 0.85 * without, "with %g, without %g", with, without);
    ck_assert_double_eq(loss_with(&unknown, 12), loss_with(NULL, 12));
}
END_TEST

START_TEST(odd_measurements_do_no_harm)
{
    static float odd[60 * 24];
    struct inputs inputs = { .first_step = START / INPUT_STEP_S - 24, .steps = 60 * 24,
                             .values = { odd, odd, NULL, odd } };

    for (int i = 0; i < 60 * 24; i++)
        odd[i] = (const float[]){ NAN, INFINITY, -INFINITY, 1e38F, -1e38F, 0 }[i * 7 % 6];
    ck_assert(isfinite(loss_with(&inputs, 22)));
    ck_assert(isnan(input_at(&inputs, 2, START, 0)));
    ck_assert(isnan(input_at(&inputs, 0, START - 1000 * 86400, 0)));
    ck_assert(isnan(input_at(&inputs, 0, START + 1000 * 86400, 1)));
}
END_TEST

UNIT_MAIN("factors", recovers_a_known_factor, forecasts_what_comes_with_the_event,
          an_unknown_event_has_no_effect, shrinks_and_bounds, shares_what_overlaps,
          is_the_same_after_a_restart, seasons_follow_local_time, measurements_help,
          odd_measurements_do_no_harm)
