/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration against series that do their worst: whatever demand does, within bounds, each level
 * is kept over a long run (A. N. Angelopoulos, E. Candes, R. J. Tibshirani, NeurIPS 2023,
 * proposition 1: the error falls as 1 / the number of forecasts judged).  5300 of them are judged
 * here, of which a tracked quantile may need some tens to come from one regime to the next.
 */
#include <math.h>

#include "predict/predict.h"
#include "unit.h"

#define SLOT_S 300
#define DAY 288
#define SLOTS (40 * DAY)
#define SETTLED (3 * DAY)
#define WINDOW 2
#define MOST 400

/* Demand of the next slot; 'said' is the last forecast over WINDOW slots. */
typedef double demand_fn(int slot, const struct distribution *said);

/* Nothing for half a day, then plenty, at times that no day knows. */
static double switches(int slot, const struct distribution *said)
{
    (void)said;
    return slot / 197 % 2 ? 50 + 100 * drand48() : 5 * drand48();
}

/* Doubles again and again, and starts anew. */
static double climbs(int slot, const struct distribution *said)
{
    (void)said;
    return 4 * pow(2, slot % 1700 / 300.0) * (0.5 + drand48());
}

/* As soon as the 90 % quantile is high there is nothing, as soon as it is low there is much. */
static double evades(int slot, const struct distribution *said)
{
    (void)slot;
    return said->quantiles[19] > 150 ? 20 * drand48() : 100 * drand48();
}

/* One slot in eight, at random, wants all that a bound allows; the others nothing. */
static double all_or_nothing(int slot, const struct distribution *said)
{
    (void)slot;
    (void)said;
    return drand48() < 0.125 ? 200 : 0;
}

/* The spread grows tenfold at once, the median stays. */
static double spreads(int slot, const struct distribution *said)
{
    (void)said;
    return fmax(60 + (slot < SLOTS / 2 ? 6 : 60) * (2 * drand48() - 1), 0);
}

/* Share of the windows within each of three levels. */
static void run(demand_fn *demand, double ret_covered[static 3])
{
    static const int places[3] = { 19, 21, 27 }; /* 0.9, 0.95, 0.99 */
    const struct predict_options options = { .slot_s = SLOT_S };
    static double came[SLOTS];
    static struct distribution said[SLOTS];
    struct distribution now = { 0 };
    struct model *model;
    int count = 0;

    srand48(17);
    ck_assert_int_eq(model_new(&options, 0, &model, NULL), 0);
    for (int i = 0; i < SLOTS; i++) {
        int64_t end_s = (int64_t)(i + 1) * SLOT_S;

        came[i] = floor(fmin(demand(i, &now), MOST));
        int32_t batch = (int32_t)came[i];
        struct slot slot = { .start_s = end_s - SLOT_S, .batches = &batch,
                             .batch_count = batch > 0 };

        ck_assert_int_eq(model_update(model, &slot), 0);
        if (i >= SETTLED && (i + 1) % (2 * DAY) == 0)
            ck_assert_int_eq(model_refit(model, NULL, 0), 0);
        ck_assert_int_eq(model_forecast(model, end_s, end_s + WINDOW * SLOT_S, &now), 0);
        ck_assert_double_le(now.quantiles[DISTRIBUTION_LEVELS - 1], 100 * WINDOW * MOST);
        said[i] = now;
    }
    for (int j = 0; j < 3; j++)
        ret_covered[j] = 0;
    for (int i = SETTLED; i + WINDOW < SLOTS; i++, count++)
        for (int j = 0; j < 3; j++) {
            double q = said[i].quantiles[places[j]], all = came[i + 1] + came[i + 2];

            /* Rounded up or down at random. */
            ret_covered[j] += all <= floor(q) ? 1 : all <= floor(q) + 1 ? q - floor(q) : 0;
        }
    for (int j = 0; j < 3; j++)
        ret_covered[j] /= count;
    model_free(model);
}

static void check(demand_fn *demand)
{
    static const double levels[3] = { 0.9, 0.95, 0.99 }, tolerance[3] = { 0.015, 0.01, 0.005 };
    double covered[3];

    run(demand, covered);
    for (int j = 0; j < 3; j++)
        ck_assert_double_eq_tol(covered[j], levels[j], tolerance[j]);
}

START_TEST(regimes_that_switch) { check(switches); }
END_TEST
START_TEST(demand_that_climbs_and_falls) { check(climbs); }
END_TEST
START_TEST(demand_that_evades) { check(evades); }
END_TEST
START_TEST(all_or_nothing_at_random) { check(all_or_nothing); }
END_TEST
START_TEST(a_spread_that_grows) { check(spreads); }
END_TEST

UNIT_MAIN("calibration", regimes_that_switch, demand_that_climbs_and_falls, demand_that_evades,
          all_or_nothing_at_random, a_spread_that_grows)
