/* SPDX-License-Identifier: Apache-2.0 */
/* Demand played against goals: who is served, and how long items lie idle. */
#include "feedback/replay.h"

#include "base/cleanup.h"
#include "unit.h"

#define S INT64_C(1000)

static struct gain gain;

static void play(struct replay_case of)
{
    of.until_ms = 100 * S;
    of.lead_ms = 10 * S;
    ck_assert_int_eq(replay_pool(&of, 2.5, &gain, NULL), 0);
}

static void check(int64_t hits, int64_t misses, double idle_s)
{
    ck_assert_int_eq(gain.hits, hits);
    ck_assert_int_eq(gain.misses, misses);
    ck_assert_double_eq_tol(gain.idle_seconds, idle_s, 1e-9);
    ck_assert_double_eq_tol(gain.seconds_saved, 2.5 * (double)hits, 1e-9);
}

START_TEST(what_nobody_takes_lies_idle)
{
    play((struct replay_case){ .goal = 3 });
    check(0, 0, 300);
    play((struct replay_case){ .goal = 0 });
    check(0, 0, 0);
}
END_TEST

START_TEST(what_is_taken_comes_again_a_lead_time_later)
{
    static const struct replay_event events[] = { { 20 * S, 1 }, { 25 * S, 1 }, { 30 * S, 1 } };

    /* 20 s of one, none until 30 s, then one that is taken at once, and from 40 s on one. */
    play((struct replay_case){ .goal = 1, .events = events, .event_count = 3 });
    check(2, 1, 80);
}
END_TEST

START_TEST(a_batch_takes_what_there_is)
{
    static const struct replay_event events[] = { { 50 * S, 5 } };

    play((struct replay_case){ .goal = 3, .events = events, .event_count = 1 });
    check(3, 2, 150 + 120);
}
END_TEST

START_TEST(a_goal_that_grows_is_met_a_lead_time_later)
{
    static const struct replay_step steps[] = { { 40 * S, 2 } };
    static const struct replay_event events[] = { { 45 * S, 1 }, { 50 * S, 1 } };

    play((struct replay_case){ .steps = steps, .step_count = 1, .events = events,
                               .event_count = 2 });
    check(1, 1, 50 + 40); /* one from 50 s; the second, reordered then, from 60 s */
}
END_TEST

START_TEST(a_goal_that_falls_gives_back_what_is_not_made_yet_first)
{
    static const struct replay_step steps[] = { { 10 * S, 4 }, { 15 * S, 2 }, { 50 * S, 0 } };

    play((struct replay_case){ .goal = 1, .steps = steps, .step_count = 3 });
    check(0, 0, 50 + 30); /* one for 50 s, a second from 20 s to 50 s */
}
END_TEST

START_TEST(sums_and_rates)
{
    struct gain sum = { 0 };

    ck_assert_double_eq_tol(gain_hit_rate(&sum), 0, 1e-15);
    gain_add(&sum, &(struct gain){ 3, 1, 7.5, 10 });
    gain_add(&sum, &(struct gain){ 0, 1, 0, 5 });
    ck_assert_double_eq_tol(gain_hit_rate(&sum), 0.6, 1e-15);
    ck_assert_double_eq_tol(sum.idle_seconds, 15, 1e-15);
    ck_assert_double_eq_tol(sum.seconds_saved, 7.5, 1e-15);
}
END_TEST

UNIT_MAIN("replay", what_nobody_takes_lies_idle, what_is_taken_comes_again_a_lead_time_later,
          a_batch_takes_what_there_is, a_goal_that_grows_is_met_a_lead_time_later,
          a_goal_that_falls_gives_back_what_is_not_made_yet_first, sums_and_rates)
