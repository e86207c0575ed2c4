/* SPDX-License-Identifier: Apache-2.0 */
/* A pool played over recorded demand; see pool_run.h. */
#include "backtest/pool_run.h"

#include <math.h>

void pool_run_start(struct pool_run *run, int64_t lead_slots, double target)
{
    *run = (struct pool_run){ .lead = lead_slots, .ready = target, .position = target };
}

/* What becomes ready when a slot ends. */
static double *arrives(struct pool_run *run, int64_t slot)
{
    return &run->coming[slot % (LEAD_MOST + 2)];
}

void pool_run_slot(struct pool_run *run, double demand, double target, double slot_hours,
                   struct pool_score *score)
{
    double served = fmin(demand, run->ready);
    double before = run->ready;
    double ordered, given_back;

    run->ready -= served;
    run->position -= served;
    run->ready += *arrives(run, run->slot);
    *arrives(run, run->slot) = 0;
    ordered = fmax(target - run->position, 0);
    given_back = fmin(fmax(run->position - target, 0), run->ready);
    run->ready -= given_back;
    run->position += ordered - given_back;
    *arrives(run, run->slot + 1 + run->lead) += ordered;
    run->slot++;
    if (!score)
        return;
    score->demand += demand;
    score->served += served;
    score->made += ordered;
    score->hours += slot_hours;
    /* Taken at an even pace within the slot. */
    score->idle_hours += slot_hours * (before - served / 2);
}
