/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions against SciPy's; tests/unit/test_distribution.py printed the reference values. */
#include "predict/distribution.h"

#include <math.h>
#include <string.h>

#include "predict/compound.h"
#include "predict/nodes.h"
#include "unit.h"

static const double asked[] = { 0.5, 0.9, 0.99, 0.999 };

static const struct compound_case {
    double mean, shape;
    int32_t sizes[10]; /* ten batches: a tenth of the requests each; 0 ends */
    int64_t quantiles[4];
} cases[] = {
    { 2.0, 0.5, { 1 }, { 1, 6, 15, 24 } },
    { 40.0, 3.0, { 1 }, { 35, 72, 115, 154 } },
    { 0.05, 0.2, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 20 }, { 0, 0, 1, 21 } },
    { 6.0, 2.0, { 1, 1, 1, 1, 1, 1, 1, 4, 4, 30 }, { 13, 70, 133, 192 } },
    { 500.0, 50.0, { 1, 2 }, { 745, 896, 1033, 1141 } },
};

/* At all levels of a distribution. */
static struct distribution compound(const struct compound_case *one)
{
    struct batches batches = { 0 };
    struct distribution result = { 0 };
    float levels[DISTRIBUTION_LEVELS], quantiles[DISTRIBUTION_LEVELS];

    for (int i = 0; i < 10 && one->sizes[i]; i++)
        batches_add(&batches, one->sizes[i]);
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        levels[i] = (float)distribution_levels[i];
    compound_quantiles(one->mean, one->shape, &batches, levels, DISTRIBUTION_LEVELS, quantiles);
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        result.quantiles[i] = (double)quantiles[i];
    return result;
}

START_TEST(compounds_are_those_of_scipy)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct distribution result = compound(&cases[i]);

        for (int j = 0; j < 4; j++) {
            double wanted = (double)cases[i].quantiles[j];
            double found = (double)distribution_quantile(&result, asked[j]);

            ck_assert_double_le(fabs(found - wanted), (wanted < 10 ? 0 : 1 + 0.01 * wanted));
        }
    }
}
END_TEST

START_TEST(sum_is_that_of_scipy)
{
    static const double wanted[] = { 60, 119, 187, 249 };
    struct distribution parts[] = { compound(&cases[3]), compound(&cases[1]) };
    struct distribution sum;

    distribution_add(parts, NULL, 2, &sum);
    for (int j = 0; j < 4; j++)
        ck_assert_double_eq_tol((double)distribution_quantile(&sum, asked[j]), wanted[j],
                                0.03 * wanted[j]);
}
END_TEST

/* 64 of the same, half of them tripled: mean and variance add up, and the limit is normal. */
START_TEST(many_parts_and_weights)
{
    struct distribution parts[64], sum;
    double weights[64];

    for (int i = 0; i < 64; i++) {
        parts[i] = compound(&cases[1]);
        parts[i].mean = 40;
        parts[i].variance = 40 + 1600 / 3.0;
        weights[i] = i % 2 ? 1 : 3;
    }
    distribution_add(parts, weights, 64, &sum);
    double sd = sqrt(sum.variance);

    ck_assert_double_eq_tol(sum.mean, 40 * 128, 1e-6);
    ck_assert_double_eq_tol(sum.variance, (40 + 1600 / 3.0) * 320, 1e-3);
    ck_assert_double_eq_tol((double)distribution_quantile(&sum, 0.5), sum.mean, 0.1 * sd);
    ck_assert_double_eq_tol((double)distribution_quantile(&sum, 0.99), sum.mean + 2.45 * sd,
                            0.25 * sd);
    distribution_add(NULL, NULL, 0, &sum);
    ck_assert_int_eq(distribution_quantile(&sum, 0.99), 0);
}
END_TEST

/* An exponential distribution is what the interpolation is exact for. */
START_TEST(exceeds_and_excess_of_an_exponential)
{
    static const double rows[][4] = { { 0.1, 20.0, 0.135335, 1.353353 },
                                      { 0.1, 46.0, 0.010052, 0.100518 },
                                      { 2.0, 0.3, 0.548812, 0.274406 } };

    for (int i = 0; i < 3; i++) {
        struct distribution d;

        for (int j = 0; j < DISTRIBUTION_LEVELS; j++)
            d.quantiles[j] = -log1p(-distribution_levels[j]) / rows[i][0];
        ck_assert_double_eq_tol(distribution_exceeds(&d, rows[i][1]), rows[i][2], 1e-5);
        ck_assert_double_eq_tol(distribution_excess(&d, rows[i][1]), rows[i][3], 1e-4);
        ck_assert_double_eq_tol(distribution_excess(&d, 0), 1 / rows[i][0], 1e-6);
    }
}
END_TEST

START_TEST(levels_rise_and_nothing_is_nothing)
{
    struct distribution none = { 0 };

    for (int j = 1; j < DISTRIBUTION_LEVELS; j++)
        ck_assert_double_gt(distribution_levels[j], distribution_levels[j - 1]);
    ck_assert_int_eq(distribution_quantile(&none, 0.9999), 0);
    ck_assert_double_eq(distribution_exceeds(&none, 0), 0);
    ck_assert_double_eq(distribution_excess(&none, 0), 0);
    ck_assert_double_eq(distribution_exceeds(&none, -1), 1);
}
END_TEST

/* Odd arguments give bounded numbers. */
START_TEST(odd_means_and_shapes)
{
    struct batches batches = { 0 };
    float quantiles[NODES];
    static const double odd[] = { 0, -1, NAN, 1e-300, 1e-9, 1e9, INFINITY };

    batches_add(&batches, 2000000000);
    batches_add(&batches, -5);
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) {
            compound_quantiles(odd[i], odd[j], &batches, node_levels, NODES, quantiles);
            for (int k = 0; k < NODES; k++)
                ck_assert(isfinite(quantiles[k]) && quantiles[k] >= 0);
        }
}
END_TEST

UNIT_MAIN("distribution", compounds_are_those_of_scipy, sum_is_that_of_scipy,
          many_parts_and_weights, exceeds_and_excess_of_an_exponential,
          levels_rise_and_nothing_is_nothing, odd_means_and_shapes)
