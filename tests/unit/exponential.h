/* SPDX-License-Identifier: Apache-2.0 */
/* A distribution of which all is known: the quantile of p is -mean ln(1 - p). */
#ifndef LARDER_TESTS_EXPONENTIAL_H
#define LARDER_TESTS_EXPONENTIAL_H

#include <math.h>

#include "predict/distribution.h"

static inline struct distribution exponential(double mean)
{
    struct distribution made = { .mean = mean, .variance = mean * mean };

    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        made.quantiles[i] = -mean * log1p(-distribution_levels[i]);
    return made;
}

#endif
