/* SPDX-License-Identifier: Apache-2.0 */
/* The experts one by one, over seeds: they recover what the data were made of. */
#include "predict/lane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/predict.h"
#include "unit.h"

#define DAY 288
#define DAYS 20
#define SLOTS (DAYS * DAY)

static double normal(void)
{
    return sqrt(-2 * log(1 - drand48())) * cos(2 * M_PI * drand48());
}

/* y = 1 + 2 x3 - x7 + N(0, 0.5): standard errors are 0.5 / sqrt(rows). */
START_TEST(ridge_recovers_slopes)
{
    enum { ROWS = 4000 };
    static float features[ROWS * FEATURES], targets[ROWS], scratch[ROWS];

    for (int seed = 0; seed < 5; seed++) {
        struct ridge ridge;

        srand48(seed);
        for (int row = 0; row < ROWS; row++) {
            float *x = features + row * FEATURES;

            for (int i = 0; i < FEATURES; i++)
                x[i] = (float)normal();
            targets[row] = 1 + 2 * x[3] - x[7] + 0.5F * (float)normal();
        }
        ridge_fit(features, targets, ROWS, scratch, &ridge);
        ck_assert_double_eq_tol((double)ridge.slope[3], 2, 0.06); /* 30 rows pull, 5 s.e. */
        ck_assert_double_eq_tol((double)ridge.slope[7], -1, 0.06);
        ck_assert_double_eq_tol((double)ridge.slope[5], 0, 0.05);
        ck_assert_double_eq_tol((double)ridge.constant, 1, 0.05);
        ck_assert_double_eq_tol((double)ridge.around[6], 0.5 * 2.326, 0.15);
    }
}
END_TEST

/* The target's 90 % quantile is 1 or 3, by whether two inputs are both large. */
START_TEST(trees_find_a_conditional_quantile)
{
    enum { ROWS = 4000 };
    static uint8_t codes[TREE_INPUTS][ROWS];
    static float targets[ROWS], scratch[2 * ROWS];
    struct tree_rows rows = { .targets = targets, .count = ROWS };
    struct trees trees;
    uint8_t ask[TREE_INPUTS] = { 0 };

    srand48(3);
    for (int i = 0; i < TREE_INPUTS; i++) {
        rows.codes[i] = codes[i];
        rows.most[i] = 99;
        for (int row = 0; row < ROWS; row++)
            codes[i][row] = (uint8_t)(drand48() * 100);
    }
    for (int row = 0; row < ROWS; row++)
        targets[row] = (codes[0][row] > 50 && codes[1][row] > 50 ? 2.1F : 0.1F) + (float)drand48();
    trees_fit(&rows, 0.9F, 7, scratch, &trees);
    ask[0] = ask[1] = 20;
    double low = (double)trees_predict(&trees, ask);

    ask[0] = ask[1] = 80;
    double high = (double)trees_predict(&trees, ask);

    ck_assert_double_eq_tol(low, 1, 0.5);
    ck_assert_double_eq_tol(high, 3, 0.5);
}
END_TEST

/* One expert knows the uniform demand, the others are off by up to 80 %: what is combined loses
 * little more than the best. */
START_TEST(weights_find_the_best_expert)
{
    struct weights weights = { 0 };
    float experts[EXPERTS][NODES], combined[NODES], shares[NODES][EXPERTS];

    srand48(11);
    for (int i = 0; i < EXPERTS; i++)
        for (int level = 0; level < NODES; level++)
            experts[i][level] = 100 * node_levels[level] * (i == 2 ? 1 : 0.3F + 0.2F * (float)i);
    for (int step = 0; step < 4000; step++) {
        weights_now(&weights, shares);
        for (int level = 0; level < NODES; level++) {
            combined[level] = 0;
            for (int i = 0; i < EXPERTS; i++)
                combined[level] += shares[level][i] * experts[i][level];
        }
        weights_learn(&weights, experts, combined, (float)(100 * drand48()), 50);
    }
    /* The expected loss of q at level p is 100 p (1 - p) / 2 and (q - 100 p)^2 / 200 on top. */
    for (int level = 2; level < 6; level++) {
        double p = (double)node_levels[level], away = (double)combined[level] - 100 * p;

        ck_assert_double_le(away * away / 200, 0.15 * 100 * p * (1 - p) / 2);
    }
}
END_TEST

static float seasonal(int slot, double noise)
{
    double mean = 40 * (1.2 + sin(2 * M_PI * slot / DAY)) * (slot % 12 == 4 ? 3 : 1);

    return (float)floor(mean * exp(noise * normal()));
}

static struct model *run_series(const float *demand, int slots, int refit_from)
{
    const struct predict_options options = { .slot_s = 300 };
    struct model *model;

    ck_assert_int_eq(model_new(&options, 0, &model, NULL), 0);
    for (int i = 0; i < slots; i++) {
        int32_t batch = (int32_t)demand[i];
        struct slot slot = { .start_s = 300LL * i, .batches = &batch, .batch_count = batch > 0 };

        ck_assert_int_eq(model_update(model, &slot), 0);
        if (i >= refit_from && (i + 1) % DAY == 0)
            ck_assert_int_eq(model_refit(model, demand, (size_t)i + 1), 0);
    }
    return model;
}

/* The hour's fifth slot wants three times as much: known ahead, once the model has been fitted. */
START_TEST(a_fitted_model_knows_the_hour)
{
    static float demand[SLOTS];
    int end = SLOTS - DAY / 2 + 4; /* what comes next is the fifth slot of an hour, and the sixth */
    struct distribution peak, plain;

    srand48(5);
    for (int i = 0; i < SLOTS; i++)
        demand[i] = seasonal(i, 0.1);
    struct model *before = run_series(demand, end, 5 * DAY);
    struct model *after = run_series(demand, end + 3, 5 * DAY);

    ck_assert_int_eq(model_forecast(before, end * 300LL, end * 300LL + 600, &peak), 0);
    ck_assert_int_eq(model_forecast(after, end * 300LL + 900, end * 300LL + 1500, &plain), 0);
    ck_assert_double_gt(peak.quantiles[11], 1.5 * plain.quantiles[11]); /* the median */
    model_free(before);
    model_free(after);
}
END_TEST

/* Demand jumps tenfold and back, without a pattern; over the whole, 90 % is kept. */
START_TEST(calibration_holds_when_demand_jumps)
{
    static float demand[SLOTS];
    double covered = 0, count = 0;
    const struct predict_options options = { .slot_s = 300 };
    struct model *model;

    srand48(9);
    for (int i = 0; i < SLOTS; i++)
        demand[i] = (float)floor((i / 700 % 2 ? 100 : 10) * (0.5 + drand48()));
    ck_assert_int_eq(model_new(&options, 0, &model, NULL), 0);
    for (int i = 0; i + 2 < SLOTS; i++) {
        int32_t batch = (int32_t)demand[i];
        struct slot slot = { .start_s = 300LL * i, .batches = &batch, .batch_count = batch > 0 };
        struct distribution forecast;

        model_update(model, &slot);
        if (i < 2 * DAY)
            continue;
        if ((i + 1) % DAY == 0)
            ck_assert_int_eq(model_refit(model, NULL, 0), 0);
        ck_assert_int_eq(model_forecast(model, 300LL * (i + 1), 300LL * (i + 3), &forecast), 0);
        covered += demand[i + 1] + demand[i + 2] <= (float)forecast.quantiles[19]; /* 0.9 */
        count++;
    }
    ck_assert_double_eq_tol(covered / count, 0.9, 0.015);
    model_free(model);
}
END_TEST

/* Nothing, one event, a constant, the largest, not watched: fitted or not, the answer is sane. */
START_TEST(degenerate_series)
{
    static float demand[SLOTS];

    for (int what = 0; what < 5; what++) {
        static const float values[] = { 0, 0, 7, 1e6F, NAN };
        struct distribution forecast;

        for (int i = 0; i < SLOTS; i++)
            demand[i] = values[what];
        if (what == 1)
            demand[SLOTS / 2] = 1;
        int slots = what == 4 ? 1 : SLOTS;
        struct model *model = run_series(demand, slots, slots - DAY > 0 ? slots - DAY : 1);

        ck_assert_int_eq(model_refit(model, demand, SLOTS), 0);
        int64_t now = model_seen_until_s(model);

        ck_assert_int_eq(model_forecast(model, now, now + 600, &forecast), 0);
        for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
            ck_assert(forecast.quantiles[i] >= 0 && forecast.quantiles[i] <= 1e7);
        if (what < 2)
            ck_assert_int_le(distribution_quantile(&forecast, 0.95), 1);
        if (what == 2)
            ck_assert_double_eq_tol(forecast.quantiles[11], 14, 2);
        model_free(model);
    }
}
END_TEST

UNIT_MAIN("experts", ridge_recovers_slopes, trees_find_a_conditional_quantile,
          weights_find_the_best_expert, a_fitted_model_knows_the_hour,
          calibration_holds_when_demand_jumps, degenerate_series)
