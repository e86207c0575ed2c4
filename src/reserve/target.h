/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target of one pool: the order-up-to level of a base-stock policy under continuous review.
 * What is taken is ordered again at once; so the pool must survive, with the probability that its
 * tier asks for, the demand of one protection interval.  Pure.
 */
#ifndef LARDER_RESERVE_TARGET_H
#define LARDER_RESERVE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/distribution.h"
#include "reserve/tier.h"

/* The time until what is ordered now is ready, and until one looks again. */
int64_t protection_interval_ms(int64_t lead_time_ms, int64_t review_ms);

#define TARGET_REASON_SIZE 256 /* "…; the ceiling allows 100; shared limits leave 7" */

/* What a target was until now, and since when less was asked for. */
struct target_state {
    int64_t target;
    int64_t lower_since_ms; /* the forecast has asked for less since; 0: it does not */
    int64_t lower_most;     /* the most that it has asked for in that time */
};

struct target_case {
    enum tier tier;
    double level;       /* the tier's service level; 0: nothing is held */
    const struct distribution *forecast; /* over 'interval_ms'; NULL: there is none */
    int64_t interval_ms;
    bool stale;         /* the forecast is too old to go by: what is, stays */
    int64_t ceiling;
    int64_t idle_age_ms;
    struct target_state before;
};

struct target_answer {
    int64_t wanted; /* what the forecast asks for, within the ceiling */
    struct target_state after;
    char reason[TARGET_REASON_SIZE];
};

/* Growth is at once; a target falls only when less was asked for during the whole idle age, and
 * then to the most that was asked for in it. */
void target_set(const struct target_case *of, int64_t now_ms, struct target_answer *ret_answer);

/* Adds to a reason; what does not fit is left out. */
void target_reason_add(char reason[static TARGET_REASON_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
