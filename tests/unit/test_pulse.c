/* SPDX-License-Identifier: Apache-2.0 */
/* Pulses: who waits is well, who turns on and on is late, whoever else is well. */
#include "base/pulse.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/loop.h"
#include "unit.h"

#define LATE_MS 1000

static struct pulse_role role_of(const char *name, int64_t later_ms)
{
    struct pulse_role roles[8];
    size_t count = pulse_roles(clock_monotonic_ms() + later_ms, LATE_MS, roles, 8);

    for (size_t i = 0; i < count; i++)
        if (strcmp(roles[i].role, name) == 0)
            return roles[i];
    ck_abort_msg("there is no role %s", name);
}

START_TEST(one_that_waits_is_never_late)
{
    struct pulse *pulse = pulse_open("planner");

    ck_assert_int_eq(role_of("planner", 100000).late, 0);
    ck_assert_int_eq(role_of("planner", 0).turned_ms, 0);
    pulse_begin(pulse);
    pulse_end(pulse);
    ck_assert_int_eq(role_of("planner", 100000).late, 0);
    ck_assert_int_gt(role_of("planner", 0).turned_ms, 0);
    pulse_close(pulse);
}
END_TEST

START_TEST(one_of_two_that_hangs_is_seen)
{
    struct pulse *well = pulse_open("worker"), *hung = pulse_open("worker");
    struct pulse_role role;

    pulse_begin(well);
    pulse_end(well);
    pulse_begin(hung);
    role = role_of("worker", LATE_MS / 2);
    ck_assert_int_eq(role.threads, 2);
    ck_assert_int_eq(role.late, 0);
    ck_assert(!pulse_any_late(clock_monotonic_ms() + LATE_MS / 2, LATE_MS));
    role = role_of("worker", 5 * LATE_MS);
    ck_assert_int_eq(role.late, 1);
    ck_assert_int_ge(role.oldest_ms, 5 * LATE_MS);
    ck_assert(pulse_any_late(clock_monotonic_ms() + 5 * LATE_MS, LATE_MS));
    pulse_end(hung);
    ck_assert(!pulse_any_late(clock_monotonic_ms() + 5 * LATE_MS, LATE_MS));
    pulse_close(well);
    pulse_close(hung);
}
END_TEST

START_TEST(a_long_turn_that_gets_on_is_well)
{
    const struct timespec moment = { .tv_nsec = 30 * 1000000 };
    struct pulse *pulse = pulse_open("keeper");

    pulse_begin(pulse);
    for (int i = 0; i < 5; i++) {
        nanosleep(&moment, NULL);
        pulse_beat();
    }
    ck_assert(!pulse_any_late(clock_monotonic_ms(), 100));
    nanosleep(&(struct timespec){ .tv_nsec = 150 * 1000000 }, NULL);
    ck_assert(pulse_any_late(clock_monotonic_ms(), 100));
    pulse_end(pulse);
    pulse_beat(); /* of a thread that is in no turn: nothing */
    pulse_close(pulse);
}
END_TEST

START_TEST(rows_are_used_again_and_run_out)
{
    struct pulse *pulses[PULSES_MOST];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PULSES_MOST; i++) {
            pulses[i] = pulse_open("many");
            ck_assert_ptr_nonnull(pulses[i]);
        }
        ck_assert_ptr_null(pulse_open("one more"));
        for (int i = 0; i < PULSES_MOST; i++)
            pulse_close(pulses[i]);
    }
    pulse_begin(NULL);
    pulse_end(NULL);
    pulse_close(NULL);
}
END_TEST

static int64_t hang(struct loop *loop, void *context)
{
    volatile bool *go_on = context;

    while (!*go_on)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    (void)loop;
    return 60000;
}

static int64_t rest(struct loop *loop, void *context)
{
    (void)context;
    loop_pause(loop, 60000);
    return 60000;
}

START_TEST(a_loop_has_a_pulse_of_its_name)
{
    volatile bool go_on = false;
    struct loop *hung = NULL, *resting = NULL;
    struct error error = { 0 };

    ck_assert_int_eq(loop_start("hung", hang, (void *)&go_on, &hung, &error), 0);
    ck_assert_int_eq(loop_start("resting", rest, NULL, &resting, &error), 0);
    while (!role_of("hung", 5 * LATE_MS).late)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000000 }, NULL);
    ck_assert_int_eq(role_of("resting", 5 * LATE_MS).late, 0);
    go_on = true;
    ck_assert_int_eq(loop_stop(hung, 10000), 0);
    ck_assert_int_eq(loop_stop(resting, 10000), 0);
    ck_assert(!pulse_any_late(clock_monotonic_ms() + 5 * LATE_MS, LATE_MS));
}
END_TEST

UNIT_MAIN("pulse", one_that_waits_is_never_late, one_of_two_that_hangs_is_seen,
          a_long_turn_that_gets_on_is_well, rows_are_used_again_and_run_out,
          a_loop_has_a_pulse_of_its_name)
