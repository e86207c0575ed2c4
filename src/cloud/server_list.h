/* SPDX-License-Identifier: Apache-2.0 */
/* Nova's servers of all projects, those that were deleted too: what happened while nobody
 * looked. */
#ifndef LARDER_CLOUD_SERVER_LIST_H
#define LARDER_CLOUD_SERVER_LIST_H

#include "cloud/client.h"
#include "cloud/instance.h"

/* At most 'most' servers that changed (began, ended, …) since 'since_ms', behind 'marker' (NULL:
 * from the start); fewer only at the end.  -ESTALE when Nova does not know the marker any more.
 * A deleted server is known as long as Nova keeps its row. */
int server_list(struct client *client, int64_t since_ms, const char *marker, size_t most,
                struct instance *ret_instances, size_t *ret_count, struct error *error);

#endif
