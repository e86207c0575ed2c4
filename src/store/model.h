/* SPDX-License-Identifier: Apache-2.0 */
/* The stored states of the series' models, read and written many at a time. */
#ifndef LARDER_STORE_MODEL_H
#define LARDER_STORE_MODEL_H

#include "predict/predict.h"
#include "store/slot.h"

/* A series that is alive, and its model's state if there is one. */
struct model_row {
    int64_t series_id;
    enum series_kind kind;
    char project_id[ID_SIZE], image_id[ID_SIZE], flavor_id[NAME_SIZE]; /* of the series */
    int64_t began_ms, last_ms; /* the series' oldest and newest sighting */
    int64_t lead_time_ms;      /* its pool's high one; -1: it has none */
    int64_t version;           /* model_version() that wrote the state; 0: there is no state */
    int64_t from_ms;           /* where the history that it has taken in begins */
    int64_t seen_until_ms;
    int64_t built_ms;          /* when it was last built of the history */
    size_t state_length;
    unsigned char state[MODEL_STATE_MOST];
};

/* Up to 'most' series of a shard with ids after 'after', in id order: those seen since
 * 'alive_ms'. */
int models_read(struct store *store, const struct shard *shard, int64_t alive_ms, int64_t after,
                size_t most, struct model_row *ret_rows, size_t *ret_count, struct error *error);
/* The least 'seen_until_ms' of the shard's states that lies in [since_ms, until_ms); 'until_ms'
 * when there is none. */
int models_seen_until(struct store *store, const struct shard *shard, int64_t since_ms,
                      int64_t until_ms, int64_t *ret_ms, struct error *error);
/* Writes the states, all in one statement. */
int models_write(struct store *store, const struct model_row *rows, size_t count,
                 struct error *error);

#endif
