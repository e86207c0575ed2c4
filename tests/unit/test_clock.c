/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks: milliseconds, since 1970 and forward. */
#include "base/clock.h"

#include <time.h>

#include "unit.h"

START_TEST(wall_clock_is_in_milliseconds)
{
    int64_t seconds = time(NULL);

    ck_assert_int_ge(clock_now_ms(), seconds * 1000 - 1000);
    ck_assert_int_le(clock_now_ms(), (seconds + 60) * 1000);
}
END_TEST

START_TEST(monotonic_clock_never_goes_back)
{
    int64_t before = clock_monotonic_ms(), start = before;
    const struct timespec step = { .tv_nsec = 20000000 };

    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_monotonic_ms();

        ck_assert_int_ge(now, before);
        before = now;
    }
    nanosleep(&step, NULL);
    ck_assert_int_ge(clock_monotonic_ms(), start + 20);
}
END_TEST

UNIT_MAIN("clock", wall_clock_is_in_milliseconds, monotonic_clock_never_goes_back)
