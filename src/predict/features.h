/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the regressions look at: recent levels, the last cells, and analogues, which are the windows
 * at the same place of the last hours and days.  All on the scale of log(1 + demand of a window).
 * A window is as many cells as are forecast.
 */
#ifndef LARDER_PREDICT_FEATURES_H
#define LARDER_PREDICT_FEATURES_H

#include <stdint.h>

#include "predict/factors.h"

#define LEVELS 7         /* exponentially weighted means */
#define TREE_FEATURES 23 /* the first of them, which trees look at */
#define WAVES 14         /* the others: of the time of hour, day and week, for the ridge */
#define INPUT_FEATURES (INPUTS_MOST * INPUT_LAGS) /* behind them: measurements; NAN: not known */
#define FEATURES (TREE_FEATURES + WAVES + INPUT_FEATURES)
#define FEATURE_REACH 2048 /* cells; what lies further back is not looked at */
#define FEATURE_DAYS 7
#define FEATURE_HOURS 24

struct levels {
    float sum[LEVELS];
    float weight[LEVELS];
};

struct clockwork {
    int cells_per_hour;
    int cells_per_day;
    int64_t cell_s;
    const struct factors *factors; /* local time and measurements; NULL: UTC and none */
};

/* The past, oldest first. */
struct view {
    const float *cells;
    const float *logs; /* of the window that starts at each cell; NULL: not known yet */
    int64_t first;     /* number of the first cell since 1970 */
    int count;
};

void levels_add(struct levels *levels, float demand);
float levels_mean(const struct levels *levels, int which); /* of a cell; 0: the fastest */

/* For the window of 'window' cells behind cell 'now' (index into the view, seen). */
void features_make(const struct view *view, const struct clockwork *clock,
                   const struct levels *levels, int now, int window,
                   float ret_features[static FEATURES]);

#endif
