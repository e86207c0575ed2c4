/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Demand Prediction Engine: one model a series.  A model is fed each slot of its series, in
 * order, and gives the distribution of the demand over any interval that comes.  Pure: no clock, no
 * I/O; one thread a model at a time, different models in parallel.
 *
 * Demand is a compound process: requests arrive, and each wants a batch of servers; so a slot is
 * given as the sizes of the batches that arrived in it.
 */
#ifndef LARDER_PREDICT_PREDICT_H
#define LARDER_PREDICT_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "predict/distribution.h"
#include "predict/factors.h"

#define MODEL_STATE_MOST 8192 /* bytes of a saved model, at most */

struct predict_options {
    int64_t slot_s; /* length of a slot; 10 to 3600, divides a day */
};

struct slot {
    int64_t start_s;        /* since 1970, a multiple of slot_s */
    bool gap;               /* nobody watched: the demand is not known, which is not zero */
    const int32_t *batches; /* >= 1 each; in any order */
    size_t batch_count;
};

struct model;

/* A model that has seen nothing; its first slot is the one that holds 'start_s'. */
int model_new(const struct predict_options *options, int64_t start_s, struct model **ret_model,
              struct error *error);
void model_free(struct model *model); /* NULL is fine */

/* What bears on the demand from outside (NULL: nothing, as at first), for the calls that follow; it
 * is borrowed, and no part of the state but for what was learned of it.  While an event is on, what
 * the model learns is the demand as it would have been without; what it forecasts is with it.  An
 * event that it has not lived through has no effect. */
void model_set_factors(struct model *model, const struct factors *factors);
/* By what an event multiplies the demand, as far as was learned; 1: not at all, or unknown. */
double model_effect(const struct model *model, uint32_t event);

/* Takes in the next slot.  Slots left out are gaps; one that was seen already is -EALREADY and
 * changes nothing. */
int model_update(struct model *model, const struct slot *slot);
/* End of the last slot taken in; what comes earlier is in the state. */
int64_t model_seen_until_s(const struct model *model);

/* Fits what is fitted on a longer past, which is not in the state: 'demand' holds that of each of
 * the last slots, the newest the last one taken in; NAN: nobody watched.  Once a day is often
 * enough; it takes some milliseconds, and may be done on a loaded copy while the model goes on.
 * NULL: what the state itself holds, which is a week of five-minute slots.  -ENOMEM: nothing has
 * changed. */
int model_refit(struct model *model, const float *demand, size_t slots);

/* Distribution of the demand in [from_s, until_s), which lies behind what was seen; an interval
 * that is no whole number of slots is answered in proportion. */
int model_forecast(const struct model *model, int64_t from_s, int64_t until_s,
                   struct distribution *ret_forecast);

/* What all states of this program begin with; another version's state is not read. */
int model_version(void);
/* At most 'size' bytes; -ENOSPC. */
int model_save(const struct model *model, void *ret_state, size_t size, size_t *ret_length);
/* -EPROTO: damaged, or another version's; rebuild it from history then. */
int model_load(const struct predict_options *options, const void *state, size_t length,
               struct model **ret_model, struct error *error);

#endif
