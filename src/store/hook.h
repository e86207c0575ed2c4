/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: the services on hosts whose filter or paste filter has told of itself, and when last. */
#ifndef LARDER_STORE_HOOK_H
#define LARDER_STORE_HOOK_H

#include "base/text.h"
#include "store/store.h"

#define HOOK_SERVICE_CHOICES "nova|neutron|cinder"
#define HOOK_SERVICES 3
#define HOOK_SEEN_MS (2 * 3600 * 1000LL)     /* they tell at each new token: at most 40 minutes */
#define HOOK_KEPT_MS (7 * 24 * 3600 * 1000LL) /* one that is silent for longer is forgotten */

struct hook {
    int service; /* among HOOK_SERVICE_CHOICES */
    char host[NAME_SIZE];
    char version[64];
    char problem[512]; /* what keeps it from its work, a sentence; "": nothing */
    int64_t seen_ms;
};

const char *hook_service_name(int service);

/* Writes the row, new or again, and forgets those that are silent. */
int hook_put(struct store *store, const struct hook *hook, struct error *error);
/* In the order of services and hosts; more than 'most' are left out. */
int hook_list(struct store *store, size_t most, struct hook *ret_hooks, size_t *ret_count,
              struct error *error);

#endif
