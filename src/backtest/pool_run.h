/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool played over recorded demand: the base-stock policy with a lead time.  Demand of a slot is
 * served from what is ready at its start; each slot's end orders up to the target.
 */
#ifndef LARDER_BACKTEST_POOL_RUN_H
#define LARDER_BACKTEST_POOL_RUN_H

#include "backtest/backtest.h"

#define LEAD_MOST 288

struct pool_run {
    int64_t lead;                /* slots from order to use, besides the one that passes */
    double ready;
    double coming[LEAD_MOST + 2]; /* a ring: what becomes ready at the end of each slot */
    int64_t slot;
    double position;             /* ready and coming */
};

/* A pool that starts with 'target' items ready. */
void pool_run_start(struct pool_run *run, int64_t lead_slots, double target);
/* One slot passes with this demand; at its end the target is 'target': what lacks is ordered, what
 * is too much and ready is given back.  'score' (NULL: not scored) adds it up. */
void pool_run_slot(struct pool_run *run, double demand, double target, double slot_hours,
                   struct pool_score *score);

#endif
