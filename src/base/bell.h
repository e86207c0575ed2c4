/* SPDX-License-Identifier: Apache-2.0 */
/* What threads wait on that have nothing to do: until it rings, is closed, or some time is over. */
#ifndef LARDER_BASE_BELL_H
#define LARDER_BASE_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    uint64_t rings;
    bool closed;
};

int bell_init(struct bell *bell);
void bell_destroy(struct bell *bell);

void bell_ring(struct bell *bell);  /* wakes all who wait; those who work look again at once */
void bell_close(struct bell *bell); /* for good: nobody waits any more */
bool bell_is_closed(struct bell *bell);

/* Waits at most 'most_ms' for a ring that 'seen' (0 at first) does not count yet, and counts it;
 * false when the bell is closed. */
bool bell_wait(struct bell *bell, uint64_t *seen, int64_t most_ms);
/* Waits 'ms' whether it rings or not, unless it is closed. */
void bell_pause(struct bell *bell, int64_t ms);

#endif
