/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Experts combined online, at each level by its own weights, by their quantile losses: the
 * polynomially weighted average forecaster, p = 2, on linearised losses (N. Cesa-Bianchi,
 * G. Lugosi, "Potential-Based Algorithms in On-Line Prediction and Game Theory", Machine Learning
 * 51 (2003), section 2.1; linearised: "Prediction, Learning, and Games" (2006), 2.5); quantiles
 * are averaged (K. C. Lichtendahl, Y. Grushka-Cockayne, R. L. Winkler, "Is It Better to Average
 * Probabilities or Quantiles?", Management Science 59 (2013)).  Regrets fade, so that the weights
 * follow what changes.
 */
#ifndef LARDER_PREDICT_AGGREGATE_H
#define LARDER_PREDICT_AGGREGATE_H

#include "predict/nodes.h"

#define EXPERTS 8

struct weights {
    float regret[NODES][EXPERTS];
};

void weights_now(const struct weights *weights, float ret_shares[static NODES][EXPERTS]);
/* 'scale' is what an ordinary loss is; 'combined' what was said, 'experts' what each had said. */
void weights_learn(struct weights *weights, float experts[static EXPERTS][NODES],
                   const float combined[static NODES], float demand, float scale);
/* Share of the time that q, rounded up or down at random, covers the demand. */
float covers(float q, float demand);

#endif
