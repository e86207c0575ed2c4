/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting: what is older than the history we keep, in bites that nobody notices. */
#ifndef LARDER_STORE_HISTORY_H
#define LARDER_STORE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Removes up to 'most' each of the sightings, boots and gaps before 'before_ms', and of the series
 * of which nothing was seen since, with their models.  Adds to 'removed' how many rows these
 * were. */
int history_purge(struct store *store, int64_t before_ms, size_t most, int64_t *removed,
                  struct error *error);

#endif
