/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Dynamic Bootstrapping Service: workers that move items through their lives against the
 * OpenStack APIs, and the keeper, which stocks pools, ends claims and reconciles rows with the
 * cloud. Any number of workers and keepers in any number of processes share the work through the
 * store.
 */
#ifndef LARDER_BOOTSTRAP_BOOTSTRAP_H
#define LARDER_BOOTSTRAP_BOOTSTRAP_H

#include "base/digest.h"
#include "claim/claim.h"
#include "cloud/cloud.h"
#include "store/pool.h"
#include "store/store.h"

struct bootstrap_options {
    int64_t workers;      /* threads of this process */
    int64_t floor_port;   /* of a pool that comes into being */
    int64_t floor_volume;
    int64_t ceiling_pool;
    int64_t ceiling_project;
    int64_t ceiling_all;
    int64_t pools_per_project;
    int64_t free_addresses; /* left in a subnet, at least */
    int64_t lease_s;        /* of an item that a worker moves */
    int64_t attempts;       /* at one item before it fails */
    int64_t yield_s;        /* making waits until no boot was seen for so long; 0: it does not */
    int64_t yield_most_s;   /* but never longer than this */
    int64_t give_way_s;     /* pools that stood in a tenant's way make nothing for so long */
    int64_t review_s;       /* between two looks at all pools */
    int64_t reconcile_s;    /* between two comparisons with the cloud */
    int64_t idle_age_s;     /* that a target which changed leaves to what is ready */
    bool observe;           /* the cloud is not touched: only claims are ended */
    char key_file[512];     /* seals transfer keys */
};

/* What the threads share; all members outlive them. */
struct bootstrap {
    const struct bootstrap_options *options;
    const struct claim_options *claim_options;
    const struct seal_key *key;
    struct database *database;
    struct cloud *cloud;
};

struct workers;
/* Starts the worker threads and the keeper. */
int workers_start(const struct bootstrap *bootstrap, struct workers **ret_workers,
                  struct error *error);
/* Makes the keeper look at once: an item was taken, or a pool changed. */
void workers_wake(struct workers *workers);
/* From now on these options hold, but for the number of threads. */
void workers_reload(struct workers *workers, const struct bootstrap_options *options);
/* Lets each thread finish its step, then frees.  -ETIMEDOUT when a thread is still at it after
 * 'grace_ms': nothing is freed then, and what the threads share must stay as well. */
int workers_stop(struct workers *workers, int64_t grace_ms);

/* One comparison of rows and cloud in both directions; ends differences.  Counts what it found. */
struct reconciliation {
    int64_t orphans_removed;  /* in the cloud without a row */
    int64_t lost_items;       /* rows whose resource is gone, or not as we left it */
    int64_t stale_items;      /* ready ones that a create would not make like this any more */
    int64_t settled;          /* adoptions without a report, settled by looking */
};
int reconcile(const struct bootstrap *bootstrap, struct store *store, struct client *client,
              int64_t now_ms, struct reconciliation *ret_found, struct error *error);

#endif
