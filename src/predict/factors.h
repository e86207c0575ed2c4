/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bears on demand from outside, given to models as plain tables: what local time is, which
 * events are on, and what was measured elsewhere.  Pure; nothing here is part of a model's state.
 */
#ifndef LARDER_PREDICT_FACTORS_H
#define LARDER_PREDICT_FACTORS_H

#include <stddef.h>
#include <stdint.h>

/* ---- local time ---- */

#define ZONE_CHANGES_MOST 128

struct zone_change {
    int64_t from_s;   /* since 1970, UTC */
    int32_t offset_s; /* local time - UTC from then on */
};

/* Rising by 'from_s'; the first holds for all before it as well.  None: UTC. */
struct zone {
    size_t count;
    struct zone_change changes[ZONE_CHANGES_MOST];
};

int32_t zone_offset(const struct zone *zone, int64_t time_s); /* NULL: UTC */

/* ---- events ---- */

#define OCCURRENCES_MOST 8192

/* Once that something is on: [from_s, until_s) of the event that is called so. */
struct occurrence {
    int64_t from_s, until_s;
    uint32_t event; /* event_of_name() */
};

/* Events of one name are one: what the last had for an effect is expected of the next. Never 0. */
uint32_t event_of_name(const char *name);
/* Sorts by the time that they begin, as struct factors wants them. */
void occurrences_sort(struct occurrence *occurrences, size_t count);
int64_t occurrences_longest_s(const struct occurrence *occurrences, size_t count);

/* ---- measurements ---- */

#define INPUTS_MOST 4
#define INPUT_STEP_S 3600
#define INPUT_LAGS 2        /* the last whole step that is known, and the one before */
#define INPUT_SETTLE_S 1200 /* so long after its end a step is known, at the earliest */

/* Means of each step of 'first_step' * INPUT_STEP_S seconds since 1970 and the steps behind it;
 * NAN: not known. */
struct inputs {
    int64_t first_step;
    size_t steps;
    const float *values[INPUTS_MOST]; /* NULL: there is no such input */
};

/* What is known of input 'which' at 'now_s', 'lag' steps (0: the last) back; NAN: nothing. */
float input_at(const struct inputs *inputs, int which, int64_t now_s, int lag);

/* ---- all of it ---- */

/* Borrowed: whoever hands it to a model keeps it as long as the model may use it. */
struct factors {
    const struct zone *zone;              /* NULL: UTC */
    const struct occurrence *occurrences; /* sorted; those that apply to the series */
    size_t occurrence_count;
    int64_t longest_s; /* no occurrence lasts longer */
    const struct inputs *inputs; /* NULL: none */
};

#endif
