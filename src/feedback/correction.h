/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much more than the forecast's quantile serves the share of the boots that is asked for.  A
 * pool that holds the 99 % quantile of a window's demand is enough in 99 of 100 windows; but the
 * misses fall into those with most boots, so fewer than 99 of 100 boots are served.  What came out
 * corrects a factor on the forecast, by the rule by which the forecasts are calibrated (I. Gibbs,
 * E. Candes, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, eq. 2), on the
 * factor's logarithm.  A factor keeps what the forecast knows of better and worse times, where a
 * higher quantile would follow its tail, which is known least.
 */
#ifndef LARDER_FEEDBACK_CORRECTION_H
#define LARDER_FEEDBACK_CORRECTION_H

#include "predict/distribution.h"

struct correction {
    double asked; /* share of the boots, 0 < asked < 1 */
    double log;   /* of the factor */
    double usual; /* demand of a slot in which there was some */
};

void correction_start(struct correction *correction, double asked);
/* What one slot wanted, and what it got. */
void correction_learn(struct correction *correction, double wanted, double served);
void correction_apply(const struct correction *correction, struct distribution *forecast);

#endif
