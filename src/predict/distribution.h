/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distribution of a count that is not known yet: how many items will be wanted in an interval.
 * Kept as its quantiles at fixed levels, dense where pools are sized, so that distributions of
 * different models can be mixed, stored and shown in one form.  Pure.
 */
#ifndef LARDER_PREDICT_DISTRIBUTION_H
#define LARDER_PREDICT_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

#define DISTRIBUTION_LEVELS 32

/* Probabilities, rising, from 0.01 to 0.9999; among them 0.5, 0.75, 0.9, 0.95, 0.99, 0.995 and
 * 0.999. */
extern const double distribution_levels[DISTRIBUTION_LEVELS];

struct distribution {
    double mean;
    double variance;
    double quantiles[DISTRIBUTION_LEVELS]; /* rising, >= 0; real numbers: rounded when asked */
};

/* The least whole n with P(demand <= n) >= level; 0 < level < 1. */
int64_t distribution_quantile(const struct distribution *distribution, double level);
/* P(demand > n). */
double distribution_exceeds(const struct distribution *distribution, double n);
/* E[max(demand - n, 0)]: what a pool of n misses. */
double distribution_excess(const struct distribution *distribution, double n);
/* The sum of independent demands, each worth weights[i] (NULL: 1) units; weights >= 0. */
void distribution_add(const struct distribution *parts, const double *weights, size_t count,
                      struct distribution *ret_sum);

#endif
