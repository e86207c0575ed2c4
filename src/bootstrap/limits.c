/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures and their consequences, as tables; pure.  A service that is away for a moment pauses a
 * pool for seconds; a quota, a full network or a key of which a part is gone needs a person, and
 * asking more often would only load the services.
 */
#include "bootstrap/limits.h"

#include <errno.h>
#include <limits.h>

#include "base/backoff.h"
#include "base/cleanup.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)

static const struct backoff passing_pause = { .first_ms = 2 * SECOND, .most_ms = 2 * MINUTE };
static const struct backoff making = { .first_ms = 1 * SECOND, .most_ms = 1 * MINUTE };
static const struct backoff removing = { .first_ms = 1 * SECOND, .most_ms = 5 * MINUTE };

static const struct {
    int code;
    bool final;
    struct backoff pause;
} consequences[] = {
    { -EDQUOT, false, { .first_ms = 30 * SECOND, .most_ms = 10 * MINUTE } }, /* quota */
    { -ENOSPC, false, { .first_ms = 30 * SECOND, .most_ms = 10 * MINUTE } }, /* addresses */
    { -EIO, true, { .first_ms = 5 * SECOND, .most_ms = 10 * MINUTE } },      /* came out broken */
    { -ENOENT, false, { .first_ms = 5 * SECOND, .most_ms = 60 * MINUTE } },  /* said to be gone */
    { -EINVAL, true, { .first_ms = 1 * MINUTE, .most_ms = 60 * MINUTE } },   /* refused */
    { -EPERM, true, { .first_ms = 1 * MINUTE, .most_ms = 60 * MINUTE } },    /* never pooled */
};

bool failure_is_final(int code)
{
    for (size_t i = 0; i < ARRAY_SIZE(consequences); i++)
        if (consequences[i].code == code)
            return consequences[i].final;
    return false;
}

static int64_t delay(const struct backoff *backoff, int64_t failures, uint32_t random)
{
    return backoff_delay_ms(backoff, failures > INT_MAX ? INT_MAX : (int)failures, random);
}

int64_t pool_pause_ms(int code, int64_t failures, uint32_t random)
{
    for (size_t i = 0; i < ARRAY_SIZE(consequences); i++)
        if (consequences[i].code == code)
            return delay(&consequences[i].pause, failures, random);
    return delay(&passing_pause, failures, random);
}

int64_t making_delay_ms(int64_t attempts, uint32_t random)
{
    return delay(&making, attempts, random);
}

int64_t removing_delay_ms(int64_t attempts, uint32_t random)
{
    return delay(&removing, attempts, random);
}
