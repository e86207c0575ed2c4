/* SPDX-License-Identifier: Apache-2.0 */
/* Compound distributions: a number of requests, each wanting a batch of servers. */
#ifndef LARDER_PREDICT_COMPOUND_H
#define LARDER_PREDICT_COMPOUND_H

#include <stddef.h>

#include "predict/batch.h"

/* Quantiles of the demand when the requests are negative binomial with this mean and shape
 * (variance = mean + mean^2 / shape).  'levels' rise. */
void compound_quantiles(double requests, double shape, const struct batches *batches,
                        const float *levels, size_t count, float *ret_quantiles);

#endif
