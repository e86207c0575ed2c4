/* SPDX-License-Identifier: Apache-2.0 */
/* What everything has in common that compares items with the cloud and lets go of some. */
#ifndef LARDER_BOOTSTRAP_RETIRE_H
#define LARDER_BOOTSTRAP_RETIRE_H

#include "bootstrap/kind.h"

typedef int (*item_check)(const struct item *item, void *context, struct error *error);

/* Calls 'check' for each item in one of 'states' (a mask); 'pool_id' NULL: of all pools.  The last
 * failure is the result. */
int each_item(struct store *store, const char *pool_id, unsigned states, item_check check,
              void *context, struct error *error);

/* Sends the item to releasing, unless somebody has moved it meanwhile; counts it in 'count'. */
int retire_item(struct store *store, const struct item *item, const char *reason, int64_t now_ms,
                int64_t *count, struct error *error);

/* Neutron hides what its policy does not let one see, and does so too while a process that has just
 * started still loads that policy.  So what is said to be gone is looked at once more, a moment
 * later; one moment will do for all ('waited'). */
void wait_a_moment(bool *waited);

#endif
