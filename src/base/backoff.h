/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential backoff with jitter and an end; pure: randomness comes as an argument. */
#ifndef LARDER_BASE_BACKOFF_H
#define LARDER_BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    int64_t first_ms; /* delay after the first failure */
    int64_t most_ms;  /* no delay is longer */
    int tries;        /* failures after which one gives up; 0: never */
};

/* The delay after the 'failures'-th failure (1, 2, …): first * 2^(failures-1), capped, of which the
 * upper half is jittered by 'random' (any value). */
int64_t backoff_delay_ms(const struct backoff *backoff, int failures, uint32_t random);
bool backoff_ended(const struct backoff *backoff, int failures);

#endif
