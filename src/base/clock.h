/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks.  Only the edges of the program read them; everything else takes `now_ms`. */
#ifndef LARDER_BASE_CLOCK_H
#define LARDER_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);       /* wall clock, milliseconds since 1970 UTC */
int64_t clock_monotonic_ms(void); /* never jumps; for timeouts and durations */

#endif
