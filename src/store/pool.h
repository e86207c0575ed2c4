/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: items of one (kind, key), with a target, a floor, a ceiling and a state.
 *
 * An image pool has no items: its key is an image on the hosts of an aggregate, and its counts are
 * hosts in the states of image_host.h (wanted, caching as creating, warm as ready, failed).  Its
 * target is set by who caches images (bootstrap/image.h), not by the planner, and nothing of it is
 * stocked, claimed or adopted.
 */
#ifndef LARDER_STORE_POOL_H
#define LARDER_STORE_POOL_H

#include "reserve/tier.h"
#include "store/key.h"
#include "store/store.h"

enum pool_state { POOL_ACTIVE, POOL_PAUSED, POOL_DRAINING };
#define POOL_STATE_CHOICES "active|paused|draining"
const char *pool_state_name(enum pool_state state);

struct pool {
    char id[ID_SIZE];
    struct key key;
    enum pool_state state;
    int64_t target;  /* ready items wanted by the forecast; 0 until there is one */
    int64_t floor;   /* never fewer are wanted */
    int64_t ceiling; /* never more exist (wanted, creating, ready and claimed together) */
    int64_t lead_time_ms; /* measured, wanted to ready, exponentially weighted; 0: none yet */
    int64_t lead_time_high_ms; /* what 95 % of the items do not exceed; see lead_time.h */
    int64_t failures;     /* in a row; 0 after a success */
    int64_t not_before_ms; /* nothing is made before (backoff) */
    char last_error[512];
    int tier;                /* enum tier, as last planned; -1: not yet */
    char tier_rule[ID_SIZE]; /* which gave it; "": none did */
    int64_t target_since_ms; /* when the target changed last; 0: never */
    int64_t created_ms, updated_ms, demanded_ms;
    /* counted from the items when read; image: hosts */
    int64_t wanted, creating, ready, claimed, releasing, failed;
};

/* What one wants ready: the larger of target and floor, at most the ceiling; 0 unless active. */
int64_t pool_goal(const struct pool *pool);

struct pool_defaults {
    int64_t floor[KINDS];
    int64_t ceiling;
    int64_t pools_per_project; /* ports; more are not begun (-EDQUOT) */
};

/* Finds the pool that 'ask' leads to; -ENOENT when that is not known (yet). */
int pool_find_by_ask(struct store *store, const struct ask *ask, struct pool *ret_pool,
                     struct error *error);
/* Remembers that 'ask' leads to 'key', making the pool where there is none. */
int pool_learn(struct store *store, const struct ask *ask, const struct key *key,
               const struct pool_defaults *defaults, int64_t now_ms, char ret_id[static ID_SIZE],
               struct error *error);

int pool_get(struct store *store, const char *id, struct pool *ret_pool, struct error *error);
/* Up to 'most' pools with ids after 'marker' ("": from the start), in id order; 'kind' -1: all. */
int pool_list(struct store *store, int kind, const char *project_id, const char *marker,
              size_t most, struct pool *ret_pools, size_t *ret_count, struct error *error);

/* Operator's change; members < 0 stay.  -EINVAL when floor > ceiling. */
struct pool_change {
    int64_t floor, ceiling, target;
    int state;
};
int pool_change(struct store *store, const char *id, const struct pool_change *change,
                int64_t now_ms, struct error *error);

/* Rows 'wanted' for what the pool lacks, within the ceilings of pool, project (ports) and all.  Any
 * number of workers may call it at once.  'ret_made' is the number of new rows. */
struct stock_limits {
    int64_t per_project; /* items of one project's port pools */
    int64_t in_all;      /* items of all pools */
};
int pool_stock(struct store *store, const char *id, const struct stock_limits *limits,
               int64_t now_ms, int64_t *ret_made, struct error *error);
/* Sends what is too much (draining: everything not claimed) to releasing: wanted first, then the
 * oldest ready.  An active pool gives back only what is above the goal; and when its target changed
 * within 'idle_age_ms', nothing that is ready for less long, unless the ceiling asks for it. */
int pool_trim(struct store *store, const char *id, int64_t idle_age_ms, int64_t now_ms,
              int64_t *ret_released, struct error *error);

/* Outcome of making one item: keeps lead time, failures and backoff. */
int pool_note_made(struct store *store, const char *id, int64_t lead_time_ms, int64_t now_ms,
                   struct error *error);
int pool_note_failure(struct store *store, const char *id, const char *reason,
                      int64_t not_before_ms, int64_t now_ms, struct error *error);

#endif
