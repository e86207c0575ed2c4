/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: within bounds, all of them, evenly. */
#include "base/random.h"

#include <string.h>

#include "unit.h"

START_TEST(bytes_fill_exactly_what_was_asked)
{
    unsigned char bytes[66] = { 0 };
    int changed = 0;

    random_bytes(bytes + 1, 64);
    ck_assert(bytes[0] == 0 && bytes[65] == 0);
    for (int i = 1; i <= 64; i++)
        changed += bytes[i] != 0;
    ck_assert_int_gt(changed, 40);
}
END_TEST

/* 60 000 throws of a die: each side comes 10 000 times, with a standard deviation of 91. */
START_TEST(below_is_even)
{
    int count[6] = { 0 };

    for (int i = 0; i < 60000; i++) {
        uint32_t value = random_below(6);

        ck_assert_uint_lt(value, 6);
        count[value]++;
    }
    for (int i = 0; i < 6; i++)
        ck_assert_msg(count[i] > 9300 && count[i] < 10700, "%d came %d times", i, count[i]);
}
END_TEST

START_TEST(below_has_its_edges)
{
    int high = 0;

    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(random_below(1), 0);
        high += random_below(UINT32_MAX) > UINT32_MAX / 2;
    }
    ck_assert(high > 10 && high < 90);
}
END_TEST

UNIT_MAIN("random", bytes_fill_exactly_what_was_asked, below_is_even, below_has_its_edges)
