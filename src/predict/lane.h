/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forecasts for one length of interval: experts, their weights, and the calibration of what comes
 * out.  A forecast is judged when its window has passed; until then it is pending.
 *
 * Calibration is adaptive conformal inference in the form of quantile tracking: each level's
 * quantile is moved up after a miss and down after a hit, so that hits come as often as stated over
 * any long run, whatever the demand does (I. Gibbs, E. Candes, "Adaptive Conformal Inference Under
 * Distribution Shift", NeurIPS 2021, eq. 2; A. N. Angelopoulos, E. Candes, R. J. Tibshirani,
 * "Conformal PID Control for Time Series Prediction", NeurIPS 2023, eq. 5).
 */
#ifndef LARDER_PREDICT_LANE_H
#define LARDER_PREDICT_LANE_H

#include <stdint.h>

#include "predict/aggregate.h"
#include "predict/counts.h"
#include "predict/ridge.h"
#include "predict/trees.h"

#define PENDINGS 2
#define TREE_LEVELS 5
#define TREE_KINDS 2 /* on the demand itself, and on what the ridge leaves */

/* What all lanes of a model share. */
struct past {
    struct view view;
    struct clockwork clock;
    const struct levels *levels;
    const struct counts *counts;
    const struct batches *batches;
    struct count_place place;
    float effect; /* of events on the demand of the window that is asked for: a factor */
};

/* Numbers as codes: 16 bits of their logarithm, exact to 0.02 %. */
struct pending {
    float demand;  /* so far */
    int16_t left;  /* cells; 0: free */
    int16_t known; /* cells that were watched */
    uint16_t experts[EXPERTS][NODES];
    uint16_t combined[NODES];
    uint16_t said[NODES];
    uint16_t means[COUNT_EXPERTS];
};

struct lane {
    int16_t window; /* cells */
    int16_t wait;   /* cells until the next forecast is to be judged */
    int32_t fitted; /* cells the regressions were fitted on; 0: never */
    float dispersion[COUNT_EXPERTS];
    struct weights weights;
    float shift[NODES];
    struct ridge ridge;
    struct trees trees[TREE_KINDS][TREE_LEVELS];
    struct pending pending[PENDINGS];
};

/* The answer, and what led to it. */
struct opinion {
    float experts[EXPERTS][NODES];
    float means[COUNT_EXPERTS];
    float combined[NODES];
    float said[NODES];
};

void lane_init(struct lane *lane, int window);
void lane_ask(const struct lane *lane, const struct past *past, struct opinion *ret_opinion);
/* A cell has passed; 'known' is 0 when nobody watched.  'level' is its usual demand, and
 * 'variance_unit' the variance over the mean of a compound Poisson demand. */
void lane_judge(struct lane *lane, float demand, int known, float level, double variance_unit);
/* Whether the next forecast is one to be judged; it is remembered until its window has passed. */
int lane_due(const struct lane *lane);
void lane_remember(struct lane *lane, const struct opinion *opinion);
/* Fits the regressions anew on this past; cells that are NAN were not watched. -ENOMEM. */
int lane_fit(struct lane *lane, const struct view *view, const struct clockwork *clock,
             const unsigned char *watched);
/* Whether a lane that was stored is one that could have come about, so far as harm could come of
 * it: what it counts and points at lies within bounds, and its numbers are numbers. */
int lane_is_sound(const struct lane *lane, int window);

#endif
