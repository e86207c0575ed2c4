/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools that yielded: Neutron's hook is removing ports that stood in a tenant's way.  Their items
 * are not handed out any more, and for a while their pools make no new ones.
 */
#ifndef LARDER_STORE_YIELD_H
#define LARDER_STORE_YIELD_H

#include "store/store.h"
#include "base/text.h"

#define YIELD_PORTS_MOST 500 /* told at once */

struct yield {
    const char *network_id; /* whose port pools all keep back; "": only those of the ports */
    const char (*port_ids)[ID_SIZE];
    size_t port_count;
    const char *reason;
    int64_t due_ms;        /* when a worker looks whether they are gone */
    int64_t not_before_ms; /* when the pools may make items again */
};

/* Sends the items that stand for the ports to releasing.  Ports that no item stands for, and items
 * that were adopted, are passed over; so telling it twice does no harm. */
int yield_note(struct store *store, const struct yield *yield, int64_t now_ms, int64_t *ret_items,
               int64_t *ret_pools, struct error *error);

#endif
