/* SPDX-License-Identifier: Apache-2.0 */
/* After a failure: how long an item waits, how long its pool pauses, when it is given up. */
#ifndef LARDER_BOOTSTRAP_LIMITS_H
#define LARDER_BOOTSTRAP_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether trying the same again would fail the same way. */
bool failure_is_final(int code);
/* How long a pool makes nothing after 'failures' failures in a row (1, 2, …), the last with
 * 'code'. */
int64_t pool_pause_ms(int code, int64_t failures, uint32_t random);
/* When an item is tried again that failed 'attempts' times. */
int64_t making_delay_ms(int64_t attempts, uint32_t random);
int64_t removing_delay_ms(int64_t attempts, uint32_t random);

#endif
