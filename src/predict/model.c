/* SPDX-License-Identifier: Apache-2.0 */
/* A series' model: its state, fed slot by slot; see predict.h. */
#include "predict/predict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/batch.h"
#include "predict/compound.h"
#include "predict/rate.h"
#include "predict/state.h"

#define STATE_VERSION 1
#define DAY_S 86400
#define LEAST_SLOT_S 10
#define MOST_SLOT_S 3600
#define RATE_HALF_LIFE_S (12 * 3600.0)
#define BATCH_HALF_LIFE 200.0 /* in requests: sizes are forgotten by use, not by time */

/* What is saved: no pointers, no padding. */
struct memory {
    int64_t slot_s;
    int64_t seen_until_s;
    struct rate rate;
    struct batches batches;
};

struct model {
    struct memory memory;
};

static int check_options(const struct predict_options *options, struct error *error)
{
    int64_t slot_s = options->slot_s;

    if (slot_s < LEAST_SLOT_S || slot_s > MOST_SLOT_S || DAY_S % slot_s != 0)
        return error_set(error, -EINVAL,
                         "a slot of %lld s is not of use: 10 to 3600, and a divisor of a day",
                         (long long)slot_s);
    return 0;
}

int model_new(const struct predict_options *options, int64_t start_s, struct model **ret_model,
              struct error *error)
{
    struct model *model;
    int status = check_options(options, error);

    if (status < 0)
        return status;
    if (start_s < 0)
        return error_set(error, -EINVAL, "a series cannot start before 1970");
    model = calloc(1, sizeof(*model));
    if (!model)
        return error_set(error, -ENOMEM, "no memory for a model");
    model->memory.slot_s = options->slot_s;
    model->memory.seen_until_s = start_s - start_s % options->slot_s;
    rate_init(&model->memory.rate);
    *ret_model = model;
    return 0;
}

void model_free(struct model *model)
{
    free(model);
}

int64_t model_seen_until_s(const struct model *model)
{
    return model->memory.seen_until_s;
}

static double keep(const struct memory *memory)
{
    return exp2(-(double)memory->slot_s / RATE_HALF_LIFE_S);
}

static void take_batches(struct memory *memory, const struct slot *slot)
{
    batches_fade(&memory->batches, exp2(-(double)slot->batch_count / BATCH_HALF_LIFE));
    for (size_t i = 0; i < slot->batch_count; i++)
        batches_add(&memory->batches, slot->batches[i]);
}

int model_update(struct model *model, const struct slot *slot)
{
    struct memory *memory = &model->memory;

    if (slot->start_s < memory->seen_until_s)
        return -EALREADY;
    if (slot->start_s % memory->slot_s != 0)
        return -EINVAL;
    rate_skip(&memory->rate, keep(memory),
              (double)((slot->start_s - memory->seen_until_s) / memory->slot_s));
    memory->seen_until_s = slot->start_s + memory->slot_s;
    if (slot->gap) {
        rate_skip(&memory->rate, keep(memory), 1);
        return 0;
    }
    rate_update(&memory->rate, keep(memory), (double)slot->batch_count);
    take_batches(memory, slot);
    return 0;
}

int model_forecast(const struct model *model, int64_t from_s, int64_t until_s,
                   struct distribution *ret_forecast)
{
    const struct memory *memory = &model->memory;

    if (from_s < memory->seen_until_s || until_s <= from_s)
        return -EINVAL;
    double slots = (double)(until_s - from_s) / (double)memory->slot_s;

    compound_negative_binomial(slots * rate_mean(&memory->rate), rate_shape(&memory->rate),
                               &memory->batches, ret_forecast);
    return 0;
}

int model_version(void)
{
    return STATE_VERSION;
}

int model_save(const struct model *model, void *ret_state, size_t size, size_t *ret_length)
{
    if (size < STATE_HEAD + sizeof(model->memory))
        return -ENOSPC;
    state_seal(STATE_VERSION, &model->memory, sizeof(model->memory), ret_state);
    *ret_length = STATE_HEAD + sizeof(model->memory);
    return 0;
}

int model_load(const struct predict_options *options, const void *state, size_t length,
               struct model **ret_model, struct error *error)
{
    struct model *model;
    int status = model_new(options, 0, &model, error);

    if (status < 0)
        return status;
    status = state_open(STATE_VERSION, state, length, &model->memory, sizeof(model->memory));
    if (status == 0 && model->memory.slot_s == options->slot_s) {
        *ret_model = model;
        return 0;
    }
    model_free(model);
    return error_set(error, -EPROTO,
                     "the model's state is damaged, of another version or of other slots: rebuild "
                     "it from history");
}
