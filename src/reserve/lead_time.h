/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What making an item takes, from its order to its being ready: how such times are distributed.
 * That is the worker's real throughput too, since what waits its turn in a burst waits in this
 * time.  A pool that was sized for the mean would be short in half of the cases.  Pure.
 *
 * A histogram whose bins grow by the square root of two, from 0.2 s to 2.6 hours, so that a
 * quantile is known to within a bin; old times fade, so that it follows a cloud that becomes
 * slower or faster.
 */
#ifndef LARDER_RESERVE_LEAD_TIME_H
#define LARDER_RESERVE_LEAD_TIME_H

#include <stdint.h>

#define LEAD_TIME_BINS 32
#define LEAD_TIME_LEVEL 0.95 /* the quantile that protection intervals are made of */

struct lead_times {
    float weights[LEAD_TIME_BINS]; /* all 0: nothing was measured yet */
};

/* Takes in what one item took; 50 later ones leave a third of its weight. */
void lead_times_add(struct lead_times *times, int64_t ms);
/* The time that is not exceeded with the probability 'level', in (0, 1); 0 when nothing was
 * measured.  Within a bin the logarithm of time is taken as uniform. */
int64_t lead_times_quantile(const struct lead_times *times, double level);

#endif
