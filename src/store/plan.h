/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner reads of all pools, and writes: targets, and the decisions that explain them. */
#ifndef LARDER_STORE_PLAN_H
#define LARDER_STORE_PLAN_H

#include "reserve/plan.h"
#include "store/key.h"
#include "store/store.h"

/* Who leads: whatever is written is written under this lease, or not at all. */
struct plan_lease {
    const char *name, *owner;
    int64_t length_ms;
};

struct plan_row {
    char id[ID_SIZE];
    struct plan_pool pool; /* its tier's rule is not read but chosen by the planner */
    int64_t model_version; /* of the forecast; 0: there is none */
    /* as the store has it */
    enum tier tier;
    char tier_rule[ID_SIZE]; /* "": none gave it */
    int64_t target_since_ms;
};

/* All pools of ports and volumes, in id order, each with the forecast for its protection interval;
 * to be freed. */
int plan_read(struct store *store, int64_t review_ms, struct plan_row **ret_rows,
              size_t *ret_count, struct error *error);

/* Writes the answers of those that differ from what the store has, and a decision for each target
 * that changed; 'ret_changed' counts these.  -ESTALE when another has taken the lease. */
int plan_write(struct store *store, const struct plan_lease *lease, const struct plan_row *rows,
               size_t count, int64_t now_ms, int64_t *ret_changed, struct error *error);

/* A target that changed, and why. */
struct decision {
    int64_t id; /* set by the store; grows */
    char pool_id[ID_SIZE];
    int64_t at_ms;
    int64_t target, previous;
    enum tier tier;
    double service_level; /* 0: nothing is held */
    int64_t interval_ms;  /* that the target is for */
    double mean;          /* of the forecast for it */
    int64_t model_version;
    char reason[TARGET_REASON_SIZE];
};
/* Newest first, ids below 'before' (0: all); 'pool_id' NULL: of all pools. */
int decision_list(struct store *store, const char *pool_id, int64_t before, size_t most,
                  struct decision *ret_decisions, size_t *ret_count, struct error *error);
/* Removes up to 'most' that are older, but for each pool's last. */
int decisions_purge(struct store *store, int64_t before_ms, size_t most, int64_t *ret_removed,
                    struct error *error);

#endif
