/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked of the pools in a while and what lay idle in them: what reports are made of. */
#ifndef LARDER_STORE_GAIN_H
#define LARDER_STORE_GAIN_H

#include "feedback/replay.h"
#include "store/key.h"
#include "store/store.h"

#define GAIN_POOLS_MOST 50000

struct pool_gain {
    char id[ID_SIZE];
    enum kind kind;
    int64_t floor, ceiling, target; /* as they are now */
    int64_t lead_time_ms;
    int64_t created_ms;
    int64_t hits, misses;
    double hit_seconds;  /* what the hits took together */
    double miss_seconds; /* what those misses took together that were timed */
    int64_t timed;       /* so many */
    double idle_seconds; /* of all items together */
};

/* Of each pool of ports and volumes, in [from, until); at most GAIN_POOLS_MOST; to be freed. */
int pool_gains_read(struct store *store, int64_t from_ms, int64_t until_ms,
                    struct pool_gain **ret_rows, size_t *ret_count, struct error *error);
/* Creates that no pool was for. */
int demand_outside(struct store *store, int64_t from_ms, int64_t until_ms, int64_t *ret_count,
                   struct error *error);

/* What was asked of one pool, and when, in (after, until); pages by the last one's time. */
int demand_events(struct store *store, const char *pool_id, int64_t after_ms, int64_t until_ms,
                  size_t most, struct replay_event *ret_events, size_t *ret_count,
                  struct error *error);
/* Its targets in [from, until), and the one that it had before the first of them: 'ret_before' is
 * left alone when there is none. */
int target_steps(struct store *store, const char *pool_id, int64_t from_ms, int64_t until_ms,
                 size_t most, struct replay_step *ret_steps, size_t *ret_count,
                 int64_t *ret_before, struct error *error);

#endif
