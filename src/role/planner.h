/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role planner: one thread that reviews all pools and sets their targets.  Of all planners one
 * leads, by a lease row; the others wait for its end, and take over within two lease times.
 */
#ifndef LARDER_ROLE_PLANNER_H
#define LARDER_ROLE_PLANNER_H

#include "reserve/plan.h"
#include "store/plan.h"
#include "store/store.h"

#define PLANNER_LEASE "planner"

/* What a pass needs and keeps; one thread's own. */
struct planning {
    struct plan_options options;
    struct plan_limits limits;
    char owner[ID_SIZE];    /* its name on the lease */
    int64_t noted_ms;       /* claims that were over by then have been noted */
    int64_t purged_ms;
    int64_t pools, changed; /* of the last pass */
};

/* One pass: who used which pool, tiers, targets, decisions.  -ESTALE when another leads. */
int planning_pass(struct planning *planning, struct store *store, int64_t now_ms,
                  struct error *error);

struct planner;
/* 'database' outlives it; 'changed' (may be NULL) is called after a pass that changed targets. */
int planner_start(const struct plan_options *options, const struct plan_limits *limits,
                  struct database *database, void (*changed)(void *context), void *context,
                  struct planner **ret_planner, struct error *error);
/* A rule or a pool changed: the next pass comes at once.  NULL is fine in all of these. */
void planner_wake(struct planner *planner);
void planner_reload(struct planner *planner, const struct plan_options *options,
                    const struct plan_limits *limits);
/* -ETIMEDOUT: see loop_stop(). */
int planner_stop(struct planner *planner, int64_t grace_ms);

#endif
