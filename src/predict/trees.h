/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boosted trees for single quantiles, small enough to be kept with each series.
 *
 * J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of
 * Statistics 29 (2001), algorithm 1 with the quantile loss, leaves as in 4.4 (the quantile of what
 * is left); rows drawn anew for each tree as in his "Stochastic Gradient Boosting", CSDA 38 (2002).
 * Trees are oblivious: both nodes of a depth ask the same question (Y. Lou, M. Obukhov, "BDT:
 * Gradient Boosted Decision Tables", KDD 2017).
 */
#ifndef LARDER_PREDICT_TREES_H
#define LARDER_PREDICT_TREES_H

#include <stdint.h>

#include "predict/features.h"

#define TREE_INPUTS (TREE_FEATURES + 1) /* the last: what the ridge predicts */
#define TREES 22

struct tree {
    uint8_t input[2];
    uint8_t above[2]; /* the answer is yes when the input's code is larger */
    int8_t leaf[4];   /* first answer + 2 * second answer */
};

struct trees {
    float start;
    struct tree trees[TREES];
};

/* Rows of codes, one column an input. */
struct tree_rows {
    const uint8_t *codes[TREE_INPUTS];
    int most[TREE_INPUTS]; /* the largest code of each */
    const float *targets;
    int count;
};

uint8_t tree_code(float value);
/* Fits the quantile 'level' of the targets; 'scratch' takes 2 * count numbers. */
void trees_fit(const struct tree_rows *rows, float level, uint32_t seed, float *scratch,
               struct trees *ret_trees);
float trees_predict(const struct trees *trees, const uint8_t codes[static TREE_INPUTS]);

#endif
