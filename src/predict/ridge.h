/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Additive regression on the logarithm: level, analogues and Fourier terms.
 *
 * A. E. Hoerl, R. W. Kennard, "Ridge Regression", Technometrics 12 (1970), eq. (2.1), on
 * standardised features; Fourier seasonality as in S. J. Taylor, B. Letham, "Forecasting at Scale",
 * The American Statistician 72 (2018), eq. (5).
 */
#ifndef LARDER_PREDICT_RIDGE_H
#define LARDER_PREDICT_RIDGE_H

#include "predict/features.h"
#include "predict/nodes.h"

struct ridge {
    float constant;
    float slope[FEATURES];
    float usual[INPUTS_MOST]; /* measurements, for when they are not known */
    float around[NODES];      /* quantiles of what is left */
};

/* Rows of FEATURES numbers each, and what came of them; 'scratch' takes 'rows' numbers.  A
 * measurement that is not known, which is NAN, counts as its mean. */
void ridge_fit(const float *features, const float *targets, int rows, float *scratch,
               struct ridge *ret_ridge);
float ridge_predict(const struct ridge *ridge, const float features[static FEATURES]);

#endif
