/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role predictor: at the end of each slot, what was seen of each series goes into its model,
 * and the model's forecasts into the store; then the sums over flavors and resources.
 *
 * Any number of predictors share the series by shards, each under a lease row; what one leaves
 * behind another takes over when the lease has run out.  All states are in the store, each
 * predictor's own memory is of no consequence: killed at any moment it goes on exactly where the
 * store is.
 */
#ifndef LARDER_ROLE_PREDICTOR_H
#define LARDER_ROLE_PREDICTOR_H

#include "base/loop.h"
#include "store/store.h"

#define SHARDS_MOST 256

struct predictor_options {
    int64_t slot_s;     /* 60 to 3600, divides a day */
    int64_t grace_s;    /* after its end a slot is closed: what comes later counts at a refit */
    int64_t patience_s; /* that we wait for a listener that is behind */
    int64_t shards;     /* the same in all processes */
    int64_t lease_s;
    int64_t refit_s;      /* after so long a model is built anew of the history */
    int64_t history_days; /* what is older is forgotten */
    char time_zone[64];   /* of hours and days, and of events; "": UTC */
};

/* All members outlive the predictor. */
struct predictor {
    const struct predictor_options *options;
    int64_t review_s; /* of the pools: part of their protection interval */
    struct database *database;
};

/* How far ahead a pool with this lead time (0: not measured yet) must see: until an item that is
 * ordered at the next review is ready, rounded up to whole slots.  Its series has a forecast of
 * this length. */
int64_t predictor_protection_s(const struct predictor *predictor, int64_t lead_time_ms);

/* One predictor: what it did last. */
struct predictor_hand {
    const struct predictor *predictor;
    char owner[64];
    bool held[SHARDS_MOST];        /* shards it has the lease of */
    int64_t done_ms[SHARDS_MOST];  /* until when the shard's series were taken in */
    int64_t said_ms[SHARDS_MOST];  /* the slot's end that its forecasts begin at */
    int64_t summed_ms;             /* the slot's end that its sums begin at */
    int64_t sums_left;             /* how often they are to be made again */
};
void predictor_hand_init(struct predictor_hand *hand, const struct predictor *predictor);

/* One turn at 'now_ms': takes its share of the shards and does what is due in each, until 'loop'
 * (may be NULL) is to stop.  Negative when something could not be done: it is due again at the next
 * turn. */
int predictor_turn(struct predictor_hand *hand, struct store *store, int64_t now_ms,
                   struct loop *loop, struct error *error);

/* Gives back all leases. */
void predictor_leave(struct predictor_hand *hand, struct store *store);

/* The thread. */
struct predictor_role;
int predictor_start(const struct predictor *predictor, struct predictor_role **ret_role,
                    struct error *error);
/* NULL is fine; -ETIMEDOUT when it is still at it: nothing is freed then. */
int predictor_stop(struct predictor_role *role, int64_t grace_ms);

#endif
