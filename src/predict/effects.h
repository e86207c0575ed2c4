/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What events do to the demand of a series: by what it is multiplied while each is on, learned from
 * what was asked for during its past occurrences and what would have been expected without it.
 *
 * Conjugate Gamma-Poisson with exposure (A. Gelman et al., "Bayesian Data Analysis", 3rd ed. 2013,
 * section 2.6, eq. 2.16 and 2.17): the factor has a Gamma prior with mean 1, which is worth
 * EFFECT_PRIOR requests, so what is hardly known is shrunk to no effect.  Demand that varies more
 * than Poisson's counts for less, by its variance over its mean (quasi-likelihood: R. W. M.
 * Wedderburn, Biometrika 61 (1974)).  Old occurrences fade as new ones come.
 */
#ifndef LARDER_PREDICT_EFFECTS_H
#define LARDER_PREDICT_EFFECTS_H

#include "predict/factors.h"

#define EFFECTS 8           /* of a series; the one that least is known of makes room */
#define EFFECT_PRIOR 4.0F   /* requests */
#define EFFECT_MOST 50.0F   /* an effect is between this and its inverse */

struct effects {
    uint32_t event[EFFECTS]; /* 0: free */
    float asked[EFFECTS];    /* requests that came */
    float expected[EFFECTS]; /* requests that would have come without it */
};

/* Of one event; 1 when nothing is known of it. */
float effect_of(const struct effects *effects, uint32_t event);
/* By what the demand is multiplied at this moment: the product over all events that are on. */
float effects_at(const struct effects *effects, const struct factors *factors, int64_t time_s);
/* The mean over the cells of [from_s, until_s). */
float effects_over(const struct effects *effects, const struct factors *factors, int64_t from_s,
                   int64_t until_s, int64_t cell_s);
/* A cell has passed.  'expected' is its demand without any event, 'unit' the variance of the demand
 * over its mean. */
void effects_learn(struct effects *effects, const struct factors *factors, int64_t time_s,
                   float demand, float expected, float unit);

#endif
