/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pool would have gained, had it been there: the demand that was seen is played against the
 * goals that were set, as the keeper would have stocked it.  Pure.
 */
#ifndef LARDER_FEEDBACK_REPLAY_H
#define LARDER_FEEDBACK_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct replay_event {
    int64_t at_ms;
    int64_t items; /* asked for at once */
};

struct replay_step {
    int64_t at_ms;
    int64_t goal; /* from then on */
};

struct replay_case {
    int64_t from_ms, until_ms;
    int64_t lead_ms; /* from order to ready */
    int64_t goal;    /* at the start; so many are ready then */
    const struct replay_step *steps; /* by time */
    size_t step_count;
    const struct replay_event *events; /* by time */
    size_t event_count;
};

struct gain {
    int64_t hits, misses;
    double seconds_saved;
    double idle_seconds; /* of all items together, ready and not wanted */
};

/* Each item that is served saves 'create_s'. */
int replay_pool(const struct replay_case *of, double create_s, struct gain *ret_gain,
                struct error *error);

void gain_add(struct gain *sum, const struct gain *gain);
/* Of what was asked for, the share that was served; 0 when nothing was. */
double gain_hit_rate(const struct gain *gain);

#endif
