/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential backoff; see backoff.h. */
#include "base/backoff.h"

int64_t backoff_delay_ms(const struct backoff *backoff, int failures, uint32_t random)
{
    int64_t delay = backoff->first_ms;
    int64_t jitter;

    if (failures <= 0 || delay <= 0)
        return 0;
    while (--failures > 0 && delay < backoff->most_ms)
        if (__builtin_mul_overflow(delay, 2, &delay))
            delay = backoff->most_ms;
    if (delay > backoff->most_ms)
        delay = backoff->most_ms;
    /* From half of it to all of it: those that failed together do not come back together. */
    jitter = delay / 2 + 1;
    return delay - (int64_t)(random / 4294967296.0 * (double)jitter);
}

bool backoff_ended(const struct backoff *backoff, int failures)
{
    return backoff->tries > 0 && failures >= backoff->tries;
}
