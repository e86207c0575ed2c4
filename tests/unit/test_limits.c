/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from a failure. */
#include "bootstrap/limits.h"

#include <errno.h>

#include "unit.h"

START_TEST(what_cannot_change_by_itself_is_final)
{
    const int final[] = { -EINVAL, -EPERM, -EIO };
    const int passing[] = { -ENOENT, -EAGAIN, -ETIMEDOUT, -EDQUOT, -ENOSPC, -EEXIST, -EACCES,
                            -EPROTO };

    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        ck_assert_msg(failure_is_final(final[i]), "%d", final[i]);
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        ck_assert_msg(!failure_is_final(passing[i]), "%d", passing[i]);
}
END_TEST

START_TEST(pauses_grow_and_end)
{
    const int codes[] = { -EAGAIN, -EDQUOT, -ENOSPC, -ENOENT, -EPERM, -EIO };

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        int64_t before = 0;

        for (int64_t failures = 1; failures < 30; failures++) {
            int64_t pause = pool_pause_ms(codes[i], failures, 0);

            ck_assert_int_ge(pause, before);
            ck_assert_int_le(pause, 60 * 60 * 1000);
            before = pause;
        }
        ck_assert_int_eq(pool_pause_ms(codes[i], INT64_MAX, 0), before);
    }
}
END_TEST

START_TEST(a_quota_is_asked_less_often_than_a_service_that_is_away)
{
    ck_assert_int_gt(pool_pause_ms(-EDQUOT, 1, 0), pool_pause_ms(-EAGAIN, 1, 0) * 10);
    ck_assert_int_gt(pool_pause_ms(-EPERM, 1, 0), pool_pause_ms(-EDQUOT, 1, 0));
}
END_TEST

START_TEST(items_are_tried_again_ever_more_rarely)
{
    ck_assert_int_eq(making_delay_ms(1, 0), 1000);
    ck_assert_int_gt(making_delay_ms(4, 0), making_delay_ms(2, 0));
    ck_assert_int_eq(making_delay_ms(1000, 0), 60 * 1000);
    ck_assert_int_eq(removing_delay_ms(1000, 0), 5 * 60 * 1000);
}
END_TEST

UNIT_MAIN("limits", what_cannot_change_by_itself_is_final, pauses_grow_and_end,
          a_quota_is_asked_less_often_than_a_service_that_is_away,
          items_are_tried_again_ever_more_rarely)
