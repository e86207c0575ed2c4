/* SPDX-License-Identifier: Apache-2.0 */
/* A model and what it has not seen yet: batches become slots.  Pure but for the history's reads. */
#ifndef LARDER_ROLE_PREDICT_FEED_H
#define LARDER_ROLE_PREDICT_FEED_H

#include "predict/predict.h"
#include "role/predict_shard.h"
#include "store/model.h"

/* The batches of all series of a shard since 'from_ms', by series and time. */
struct shard_batches {
    int64_t from_ms; /* INT64_MAX: there are none, each series' history is read by itself */
    size_t count;
    struct batch *rows;
};

/* Opens the row's model: from its state, or empty where that is of no use. */
int feed_open(const struct pass *pass, struct model_row *row, struct model **ret_model,
              struct error *error);
/* Whether the row's state must or should be built anew of the history. */
bool feed_is_void(const struct pass *pass, const struct model_row *row);

/* Takes in all slots up to pass->until_ms. */
int feed_model(const struct pass *pass, struct store *store, const struct shard_batches *batches,
               const struct model_row *row, struct model *model, struct error *error);

#endif
