/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the production code over one series of a trace, slot by slot, without seeing the future, and
 * scores what it says: quantile losses and coverage of the forecasts, and a pool that follows them,
 * beside a static pool, seasonal-naive quantiles, and perfect foresight.
 *
 * The clock: what is ordered at the end of slot t is usable when slot t + 1 + lead ends; until then
 * the pool must do with what is ready or under way.  Idle is the average over time.
 */
#ifndef LARDER_BACKTEST_BACKTEST_H
#define LARDER_BACKTEST_BACKTEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "backtest/film.h"
#include "backtest/trace.h"

#define BACKTEST_LENGTHS 2 /* 600 s and 3600 s */
#define BACKTEST_LEVELS 5  /* 0.5, 0.9, 0.95, 0.99, 0.995 */

extern const double backtest_levels[BACKTEST_LEVELS];
extern const int64_t backtest_lengths[BACKTEST_LENGTHS];

struct backtest_options {
    int64_t slot_s;
    int64_t lead_slots;     /* lead time, in slots */
    int64_t score_from_s;   /* the test part begins here, */
    int64_t start_s, end_s; /* the trace's bounds */
    int64_t idle_age_s;     /* how long less must be asked for until a target falls */
    double level;           /* share of the boots to serve */
    FILE *forecasts;        /* every forecast of the test part as CSV, or NULL */
    struct film *film;      /* filled in with the test part, for film_clear(); NULL: not wanted */
    void (*progress)(void *context, double share);
    void *context;
};

/* What a way of keeping a pool did in the test part. */
struct pool_score {
    double demand;     /* servers */
    double served;     /* from the pool */
    double idle_hours; /* items ready and waiting, times hours */
    double made;       /* items */
    double hours;
};

enum policy { POLICY_LARDER, POLICY_STATIC_TRAINED, POLICY_STATIC_BEST, POLICY_NAIVE,
              POLICY_FORESIGHT, POLICIES };

struct length_score {
    double loss[BACKTEST_LEVELS];    /* sums of 2 x quantile loss */
    double naive[BACKTEST_LEVELS];   /* those of seasonal-naive quantiles */
    double covered[BACKTEST_LEVELS]; /* sums over forecasts */
    double demand;
    double forecasts;
};

struct backtest_score {
    struct pool_score pools[POLICIES];
    struct length_score lengths[BACKTEST_LENGTHS];
};

const char *policy_name(enum policy policy);

/* -ENOMEM, -EINVAL. */
int backtest_run(const struct trace_series *series, const struct backtest_options *options,
                 struct backtest_score *ret_score, struct error *error);
/* Adds up the scores of several series. */
void backtest_add(struct backtest_score *sum, const struct backtest_score *score);

#endif
