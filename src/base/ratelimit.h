/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket; pure: time comes as an argument.  Not thread-safe: its owner locks. */
#ifndef LARDER_BASE_RATELIMIT_H
#define LARDER_BASE_RATELIMIT_H

#include <stdint.h>

struct ratelimit {
    double per_second; /* tokens gained per second; <= 0: no limit */
    double burst;      /* most tokens that can be saved up */
    double tokens;
    int64_t updated_ms;
};

void ratelimit_init(struct ratelimit *limit, double per_second, double burst, int64_t now_ms);
/* Takes a token and returns 0, or takes it in advance and returns the milliseconds to wait. */
int64_t ratelimit_take(struct ratelimit *limit, int64_t now_ms);

#endif
