/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends connections of clients that take too long.  libmicrohttpd's timeout counts silence only; a
 * client that sends a byte now and then would keep its connection for ever.
 */
#ifndef LARDER_API_WATCH_H
#define LARDER_API_WATCH_H

#include <stdint.h>

struct watch;   /* a thread and what it watches */
struct watched; /* one connection */

/* From watch_add() or watch_restart() on a client has 'most_ms' to do its part. */
int watch_new(int64_t most_ms, struct watch **ret_watch);
void watch_free(struct watch *watch); /* all that it watched must be removed before */

/* NULL, and not watched, when memory or descriptors are short; all below take NULL. */
struct watched *watch_add(struct watch *watch, int socket);
void watch_remove(struct watched *watched);
void watch_rest(struct watched *watched); /* we are at work: the clock stands still */
void watch_restart(struct watched *watched);

#endif
