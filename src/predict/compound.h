/* SPDX-License-Identifier: Apache-2.0 */
/* Compound distributions: a number of requests, each wanting a batch of servers. */
#ifndef LARDER_PREDICT_COMPOUND_H
#define LARDER_PREDICT_COMPOUND_H

#include "predict/batch.h"
#include "predict/distribution.h"

/* The requests are negative binomial with this mean and shape (variance = mean + mean^2 / shape);
 * shape may be INFINITY, which is Poisson. */
void compound_negative_binomial(double mean, double shape, const struct batches *batches,
                                struct distribution *ret_distribution);

#endif
