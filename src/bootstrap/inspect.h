/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stale items: what they were made from has changed, so that a create would make them otherwise
 * now, or not at all.  All pools are inspected now and then, and at once those that a change was
 * told of (store/change.h); either way it is the service itself that is asked.
 */
#ifndef LARDER_BOOTSTRAP_INSPECT_H
#define LARDER_BOOTSTRAP_INSPECT_H

#include "bootstrap/kind.h"

struct inspection {
    struct store *store;
    struct client *client;
    int64_t now_ms;
    bool waited;         /* see wait_a_moment() */
    int64_t stale_items; /* let go */
    int64_t unfinished;  /* still being made, from what was before: to be looked at again */
};

/* Compares the pool's items with what its key would be made from now, and lets go of those that
 * are stale, claimed ones too: the boot then gets what a create makes now. */
int inspect_pool(struct inspection *inspection, const struct pool *pool, struct error *error);
/* The last failure is the result; the other pools are inspected all the same. */
int inspect_all(struct inspection *inspection, struct error *error);

/* Inspects the pools of up to some changes that are due.  'ret_count' is how many changes. */
int inspect_changes(struct inspection *inspection, size_t *ret_count, struct error *error);

#endif
