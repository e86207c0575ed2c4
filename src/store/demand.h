/* SPDX-License-Identifier: Apache-2.0 */
/* Demand: every create that a hook saw Nova make, hit or miss, with its reason. */
#ifndef LARDER_STORE_DEMAND_H
#define LARDER_STORE_DEMAND_H

#include "store/key.h"
#include "store/store.h"

enum outcome { OUTCOME_HIT, OUTCOME_MISS };
#define OUTCOME_CHOICES "hit|miss"
const char *outcome_name(enum outcome outcome);

struct demand {
    int64_t id; /* set by the store; grows */
    int64_t at_ms;
    enum kind kind;
    enum outcome outcome;
    char pool_id[ID_SIZE]; /* "" when no pool fits */
    char project_id[ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char instance_id[ID_SIZE];
    char reason[128]; /* a miss's: no-claim, no-item, …; see doc/api.md */
    double seconds;   /* what the create took */
};

/* Counted in /metrics when the row is there for good: a hit, or a miss by its reason. */
void demand_count(enum kind kind, enum outcome outcome, const char *reason);

int demand_add(struct store *store, const struct demand *demand, struct error *error);
/* Newest first, ids below 'before' (0: all). */
int demand_list(struct store *store, const char *pool_id, const char *project_id, int64_t before,
                size_t most, struct demand *ret_demand, size_t *ret_count, struct error *error);

#endif
