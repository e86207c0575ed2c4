/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket; see ratelimit.h. */
#include "base/ratelimit.h"

#include <math.h>

void ratelimit_init(struct ratelimit *limit, double per_second, double burst, int64_t now_ms)
{
    *limit = (struct ratelimit){
        .per_second = per_second,
        .burst = burst < 1 ? 1 : burst,
        .tokens = burst < 1 ? 1 : burst,
        .updated_ms = now_ms,
    };
}

static void gain(struct ratelimit *limit, int64_t now_ms)
{
    double passed = (double)(now_ms - limit->updated_ms) / 1000;

    if (passed <= 0)
        return;
    limit->tokens = fmin(limit->burst, limit->tokens + passed * limit->per_second);
    limit->updated_ms = now_ms;
}

/* The count may go below zero: then it is the tokens that waiting callers have taken in advance,
 * and each of them waits for its own. */
int64_t ratelimit_take(struct ratelimit *limit, int64_t now_ms)
{
    if (!(limit->per_second > 0))
        return 0;
    gain(limit, now_ms);
    limit->tokens -= 1;
    if (limit->tokens >= 0)
        return 0;
    return (int64_t)ceil(-limit->tokens / limit->per_second * 1000);
}
