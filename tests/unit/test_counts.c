/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The experts that think in requests, over many seeds: each recovers what the data were made of, as
 * closely as theory says.  Means over seeds lie within five standard errors of the truth; how much
 * single ones vary is what the gains allow.
 */
#include "predict/counts.h"

#include <math.h>

#include "predict/compound.h"
#include "tests/unit/poisson.h"
#include "unit.h"

#define SEEDS 100
#define WINDOW 2
#define ENOUGH 5.0 /* standard errors */

struct subject {
    struct counts counts;
    struct levels levels;
};

/* Of the forecasts of one expert. */
struct sample {
    double sum, squares;
    int count;
};

static void sample_add(struct sample *sample, double value)
{
    sample->sum += value;
    sample->squares += value * value;
    sample->count++;
}

static double sample_mean(const struct sample *sample)
{
    return sample->sum / sample->count;
}

static double sample_sd(const struct sample *sample)
{
    double mean = sample_mean(sample);

    return sqrt((sample->squares - sample->count * mean * mean) / (sample->count - 1));
}

/* The mean within standard errors, the spread within that of a spread: 1 / sqrt(2 (n - 1)). */
static void check_sample(const struct sample *sample, double mean, double sd)
{
    double found = sample_sd(sample);

    ck_assert_double_eq_tol(sample_mean(sample), mean, ENOUGH * sd / sqrt(sample->count));
    ck_assert_double_eq_tol(found, sd, ENOUGH * sd / sqrt(2.0 * (sample->count - 1)));
}

static void start(struct subject *subject, int seed)
{
    srand48(seed);
    *subject = (struct subject){ 0 };
    counts_init(&subject->counts);
}

static void pass(struct subject *subject, int cell, double demand)
{
    struct count_place place = { cell / 12 % DAY_HOURS, cell / 288 % WEEK_DAYS };

    counts_update(&subject->counts, &subject->levels, place, (float)demand);
    levels_add(&subject->levels, (float)demand);
}

static double mean_of(const struct subject *subject, struct count_place place, int expert)
{
    float means[COUNT_EXPERTS];

    counts_means(&subject->counts, &subject->levels, place, WINDOW, means);
    return (double)means[expert];
}

/* Weights k^i: the variance of their mean is that of one over (1 + k) / (1 - k). */
static void check_rate(int expert, double half_life, int cells)
{
    const double rate = 20;
    double keep = pow(0.5, 1 / half_life), weights = (1 + keep) / (1 - keep);
    struct sample sample = { 0 };

    for (int seed = 0; seed < SEEDS; seed++) {
        struct subject subject;

        start(&subject, seed);
        for (int i = 0; i < cells; i++)
            pass(&subject, i, poisson(rate));
        sample_add(&sample, mean_of(&subject, (struct count_place){ 0 }, expert));
    }
    check_sample(&sample, WINDOW * rate, WINDOW * sqrt(rate / weights));
}

START_TEST(gamma_poisson_recovers_the_rate)
{
    check_rate(0, 12, 200);
    check_rate(1, 144, 2000);
}
END_TEST

static double profile(int cell)
{
    double hour = cell / 12 % 24 + 0.5, half = cell / 288 % 7 >= 5 ? 0.5 : 1;

    return 40 * (1 + 0.5 * sin(2 * M_PI * hour / 24)) * half;
}

/* Three times as much in the morning as in the evening, half as much on two days of the week.  A
 * factor remembers 1 / (gain x 12 cells a day), three weeks: five months leave nothing of its
 * start.  It varies by sqrt(gain / 2 / demand of a cell), which over ten seeds and the cells of
 * 24 hours is below a percent; the level that it is a factor of, a mean over 830 cells and more,
 * by as little, but it goes with the week, and factors follow what it leaves with their gain. */
START_TEST(the_profile_is_recovered)
{
    static const int days[] = { 2, 6 };
    struct sample off = { 0 };

    for (int seed = 0; seed < 10; seed++) {
        struct subject subject;

        start(&subject, seed);
        for (int i = 0; i < 154 * 288; i++) {
            int day = i / 288 % 7;
            struct count_place place = { i / 12 % 24, day };

            if (i >= 147 * 288 && i % 12 == 0 && (day == days[0] || day == days[1]))
                sample_add(&off, mean_of(&subject, place, 2) / (WINDOW * profile(i)) - 1);
            pass(&subject, i, poisson(profile(i)));
        }
    }
    ck_assert_double_eq_tol(sample_mean(&off), 0, 0.03);
    ck_assert_double_lt(sample_sd(&off), 0.08);
}
END_TEST

/* Each arrival more than usual brings 'weight' more in the next cell, and 0.7 of that in the one
 * after.  The weight is a discounted regression's slope on its own past, an AR(1) of 0.7 + weight:
 * its standard error is sd / sqrt(n E[x^2]) with n = 2 / (1 - 0.998) - 1, its bias as in
 * M. G. Kendall, "Note on Bias in the Estimation of Autocorrelation", Biometrika 41 (1954):
 * about -(1 + 3 rho) / n', n' being the cells that the mean knows, which is subtracted. */
static double burst_weight(double weight, int seed)
{
    const double rate = 20, fall = 0.7071068;
    struct subject subject;
    double excited = 0;

    start(&subject, seed);
    for (int i = 0; i < 6000; i++) {
        double demand = poisson(fmax(rate + weight * excited, 0));

        pass(&subject, i, demand);
        excited = excited * fall + demand - rate;
    }
    return (double)(subject.counts.product / subject.counts.square);
}

START_TEST(self_excitement_is_recovered)
{
    static const double weights[] = { 0, 0.1, 0.2 };

    for (int i = 0; i < 3; i++) {
        struct sample sample = { 0 };
        double rho = 0.7071 + weights[i];
        double error = sqrt((1 - rho * rho) / 999), bias = (1 + 3 * rho) / 415;

        for (int seed = 0; seed < SEEDS; seed++)
            sample_add(&sample, burst_weight(weights[i], seed));
        ck_assert_double_eq_tol(sample_mean(&sample), weights[i],
                                ENOUGH * error / sqrt(SEEDS) + 1.5 * bias);
        ck_assert_double_lt(sample_sd(&sample), 1.5 * error);
    }
}
END_TEST

/* One request in 25 cells, of a size between 1 and 9: the variance of an exponentially weighted
 * mean with gain g is that of one times g / (2 - g). */
START_TEST(rare_demand_is_recovered)
{
    const double chance = 0.04, size_variance = 80.0 / 12;
    struct sample chances = { 0 }, sizes = { 0 };

    for (int seed = 0; seed < SEEDS; seed++) {
        struct subject subject;

        start(&subject, seed);
        for (int i = 0; i < 10000; i++)
            pass(&subject, i, drand48() < chance ? 1 + floor(9 * drand48()) : 0);
        sample_add(&chances, (double)subject.counts.chance);
        sample_add(&sizes, (double)subject.counts.size);
        ck_assert_double_eq_tol(mean_of(&subject, (struct count_place){ 0 }, 4),
                                (double)(2 * subject.counts.chance * subject.counts.size), 1e-5);
    }
    check_sample(&chances, chance, sqrt(chance * (1 - chance) * 0.02 / 1.98));
    check_sample(&sizes, 5, sqrt(size_variance * 0.04 / 1.96));
}
END_TEST

/* 0.7, 0.2 and 0.1 of the requests are for 1, 4 and 30. */
START_TEST(batch_sizes_are_recovered)
{
    struct sample means = { 0 };

    for (int seed = 0; seed < SEEDS; seed++) {
        struct batches batches = { 0 };
        double moments[3];

        srand48(seed);
        for (int i = 0; i < 1000; i++) {
            double which = drand48();

            batches_add(&batches, which < 0.7 ? 1 : which < 0.9 ? 4 : 30);
        }
        batches_moments(&batches, moments);
        sample_add(&means, moments[0]);
    }
    check_sample(&means, 4.5, sqrt((0.7 + 0.2 * 16 + 0.1 * 900 - 4.5 * 4.5) / 1000));
}
END_TEST

/* Printed by tests/unit/test_distribution.py. */
static const struct {
    double mean, dispersion;
    int32_t sizes[4];
    double nodes[NODES];
} references[] = {
    { 4, 1, { 1 }, { 1, 3, 4, 5, 7, 8, 9, 10, 11 } },
    { 30, 2, { 1 }, { 18, 25, 29, 35, 40, 44, 50, 53, 58 } },
    { 3, 1.5, { 1, 1, 1, 5 }, { 0, 0, 1, 5, 8, 11, 17, 20, 25 } },
    { 400, 3, { 1 }, { 344, 376, 399, 423, 445, 458, 484, 494, 514 } }, /* by its gamma */
};

START_TEST(nodes_are_those_of_scipy)
{
    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
        struct batches batches = { 0 };
        float nodes[NODES];

        for (int j = 0; j < 4 && references[i].sizes[j]; j++)
            batches_add(&batches, references[i].sizes[j]);
        counts_nodes((float)references[i].mean, (float)references[i].dispersion, &batches, nodes);
        for (int j = 0; j < NODES; j++)
            ck_assert_double_eq_tol((double)nodes[j], references[i].nodes[j],
                                    0.5 + 0.005 * references[i].nodes[j]);
    }
}
END_TEST

UNIT_MAIN("counts", gamma_poisson_recovers_the_rate, the_profile_is_recovered,
          self_excitement_is_recovered, rare_demand_is_recovered, batch_sizes_are_recovered,
          nodes_are_those_of_scipy)
