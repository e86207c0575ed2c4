/* SPDX-License-Identifier: Apache-2.0 */
/* What forecasts are compared with: static pools, seasonal-naive quantiles, perfect foresight. */
#ifndef LARDER_BACKTEST_RIVALS_H
#define LARDER_BACKTEST_RIVALS_H

#include "backtest/backtest.h"

struct demand {
    float *slots;
    int64_t count;
    int64_t first_tested; /* slot */
};

double demand_between(const struct demand *demand, int64_t from, int64_t until);

/* Quantiles of the windows at the same time of the last fourteen days. */
void naive_quantiles(const struct demand *demand, int64_t seen, int64_t window, int64_t day,
                     const double *levels, int count, double *ret_quantiles);

/* Fills in all but POLICY_LARDER.  -ENOMEM. */
int rivals_run(const struct demand *demand, const struct backtest_options *options,
               struct pool_score pools[static POLICIES]);
/* The score of a static pool of this size over the slots [from, until). */
struct pool_score static_pool(const struct demand *demand, const struct backtest_options *options,
                              int64_t from, int64_t until, double size);

void pool_score_add(struct pool_score *sum, const struct pool_score *score);

#endif
