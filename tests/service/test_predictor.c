/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predictor on a real database, in times of our own: what was seen becomes forecasts, whoever
 * dies, comes or goes meanwhile, and nothing that was not watched counts as nothing.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/boot.h"
#include "store/query.h"
#include "tests/service/predicting.h"

/* ---- forecasts ---- */

START_TEST(a_known_rate_is_found)
{
    struct series series;
    struct forecast hour;

    begin();
    series = capacity("m1", "a", START);
    see_steadily(&series, START, 10 * 288);
    live(START + 2879 * SLOT, 1);
    hour = series_forecast(&series, 3600);
    ck_assert_msg(fabs(hour.distribution.mean - 24) < 6, "a mean of %g", hour.distribution.mean);
    ck_assert_int_eq(hour.from_ms, START + 2880 * SLOT);
    ck_assert_int_eq(hour.model_version, model_version());
    ck_assert_int_gt(distribution_quantile(&hour.distribution, 0.99),
                     (int64_t)hour.distribution.mean);
    ck_assert_double_lt(series_forecast(&series, 600).distribution.mean, hour.distribution.mean);
}
END_TEST

START_TEST(a_new_series_is_forecast_at_the_next_slots_end)
{
    struct predictor_hand hand;
    struct series series;
    struct forecast rows[8];

    begin();
    predictor_hand_init(&hand, &predictor);
    turn_at(&hand, START + 100);
    series = capacity("m1", "a", START + 5000);
    see(&series, START + 5000, 2);
    turn_at(&hand, START + SLOT + GRACE - 1);
    ck_assert_uint_eq(forecasts(FORECAST_FLAVOR, "m1", rows), 0);
    turn_at(&hand, START + SLOT + GRACE);
    ck_assert_double_gt(series_forecast(&series, 600).distribution.mean, 0);
    ck_assert_uint_eq(forecasts(FORECAST_FLAVOR, "m1", rows), 2);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM models"), 1);
}
END_TEST

START_TEST(a_pools_series_is_forecast_over_its_protection_interval)
{
    struct ask ask;
    struct key key;
    struct series series;
    char pool_id[ID_SIZE];

    begin();
    service_port_ask(1, &ask);
    service_pool(&ask, 0, pool_id);
    must(query_run(service_store, "UPDATE pools SET lead_time_ms = 1, lead_time_high_ms = 1200000",
                   NO_VALUES, NULL, &error));
    service_key_of(&ask, &key);
    series_of_key(&key, START, &series);
    must(series_note(service_store, &series, 1, &error));
    see(&series, START, 1);
    live(START, 1);
    ck_assert_int_eq(predictor_protection_s(&predictor, 1200000), 1500);
    ck_assert_int_eq(predictor_protection_s(&predictor, 0), 300);
    ck_assert_int_eq(series_forecast(&series, 1500).from_ms, START + SLOT);
    ck_assert_double_gt(forecast_of(FORECAST_RESOURCE, "addresses", 600).distribution.mean, 0);
}
END_TEST

START_TEST(flavors_and_resources_are_sums)
{
    struct series one, other, strange;
    struct boot boot = { .instance_id = "i", .flavor_id = "m1", .vcpus = 4, .memory_mb = 1024,
                         .asked_ms = START };
    double mean;

    begin();
    one = capacity("m1", "a", START);
    other = capacity("m1", "b", START);
    strange = capacity("m2", "a", START);
    see_steadily(&one, START, 50);
    see_steadily(&other, START, 50);
    see_steadily(&strange, START, 50);
    must(boots_note(service_store, &boot, 1, &error));
    live(START + 49 * SLOT, 1);
    mean = series_forecast(&one, 3600).distribution.mean;
    ck_assert_double_eq_tol(forecast_of(FORECAST_FLAVOR, "m1", 3600).distribution.mean, 2 * mean,
                            0.02 * mean);
    ck_assert_double_eq_tol(forecast_of(FORECAST_FLAVOR, "m2", 3600).distribution.mean, mean,
                            0.02 * mean);
    ck_assert_double_eq_tol(forecast_of(FORECAST_RESOURCE, "VCPU", 3600).distribution.mean,
                            8 * mean, 0.1 * mean);
    ck_assert_double_eq_tol(forecast_of(FORECAST_RESOURCE, "MEMORY_MB", 3600).distribution.mean,
                            2048 * mean, 30 * mean);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM forecasts WHERE subject = 'resource'"
                                    " AND subject_id = 'DISK_GB'"), 0);
}
END_TEST

/* ---- gaps ---- */

/* An image that was wanted for 150 slots and is not for as many; the mean of what comes. */
static double mean_after_silence(bool gap)
{
    struct series series;
    double mean;

    begin();
    series_of_image(gap ? "gap" : "zero", START, &series);
    must(series_note(service_store, &series, 1, &error));
    see_steadily(&series, START, 150);
    must(watch_note(service_store, SOURCE_BUS, START + 2 * DAY, &error));
    if (gap)
        must(gap_note(service_store, SOURCE_BUS, START + 150 * SLOT, START + 300 * SLOT, "test",
                      &error));
    live(START + 299 * SLOT, 1);
    mean = series_forecast(&series, 3600).distribution.mean;
    must(query_run(service_store, "DELETE FROM gaps", NO_VALUES, NULL, &error));
    return mean;
}

START_TEST(a_gap_is_not_zero)
{
    double zero = mean_after_silence(false), gap;

    must(query_run(service_store, "DELETE FROM leases", NO_VALUES, NULL, &error));
    gap = mean_after_silence(true);
    ck_assert_msg(zero < 0.75 * gap, "%g after silence, %g after a gap", zero, gap);
}
END_TEST

START_TEST(a_gap_that_was_filled_is_taken_in)
{
    struct series series;
    struct model_row *before, *after;
    double mean;
    struct gap gap;
    size_t count;

    begin();
    series_of_image("filled", START, &series);
    must(series_note(service_store, &series, 1, &error));
    see(&series, START, 1);
    must(watch_note(service_store, SOURCE_BUS, START + 2 * DAY, &error));
    must(gap_note(service_store, SOURCE_BUS, START + SLOT, START + 9 * SLOT, "test", &error));
    live(START + 9 * SLOT, 1);
    before = state_of(&series);
    see_steadily(&series, START + SLOT, 8);
    live(START + 10 * SLOT, 1);
    mean = series_forecast(&series, 3600).distribution.mean;
    must(gap_list(service_store, NULL, ALL_KINDS, START, 1, &gap, &count, &error));
    must(gap_fill(service_store, gap.id, KINDS_OF_INSTANCES, START + 11 * SLOT, &error));
    live(START + 11 * SLOT, 1);
    after = state_of(&series);
    ck_assert_int_eq(before->built_ms, START + 10 * SLOT + GRACE);
    ck_assert_int_eq(after->built_ms, START + 12 * SLOT + GRACE);
    ck_assert_double_gt(series_forecast(&series, 3600).distribution.mean, 1.5 * mean);
    free(before);
    free(after);
}
END_TEST

/* Ports of which hooks tell for 300 slots, while the bus is not watched in the latter half. */
static double mean_of_ports(const char *name, bool gap)
{
    struct series series = { .kind = SERIES_PORT, .began_ms = START, .last_ms = START };

    begin();
    text_copy(series.digest, sizeof(series.digest), name);
    must(series_note(service_store, &series, 1, &error));
    see_steadily(&series, START, 300);
    must(watch_note(service_store, SOURCE_BUS, START + 2 * DAY, &error));
    if (gap)
        must(gap_note(service_store, SOURCE_BUS, START + 150 * SLOT, START + 300 * SLOT, "test",
                      &error));
    must(query_run(service_store, "DELETE FROM leases", NO_VALUES, NULL, &error));
    live(START + 299 * SLOT, 1);
    return series_forecast(&series, 3600).distribution.mean;
}

static void watch_as(const char *source, int64_t from_ms, int64_t until_ms)
{
    must(watch_note(service_store, source, from_ms, &error));
    must(watch_note(service_store, source, until_ms, &error));
}

/* A third of the slots are empty: who left out these alone would see half as much again. */
START_TEST(what_is_known_of_a_gap_by_chance_does_not_count)
{
    double whole = mean_of_ports("whole", false), gap = mean_of_ports("gap", true);

    ck_assert_msg(gap > 0.75 * whole && gap < 1.33 * whole, "%g, and %g with a gap", whole, gap);
}
END_TEST

START_TEST(what_hooks_report_counts_while_nobody_listens)
{
    double whole = mean_of_ports("whole", false), unknown = mean_of_ports("unknown", true);

    watch_as("hooks:port", START, START + 100 * SLOT);
    watch_as(SOURCE_API, START, START + 300 * SLOT);
    ck_assert_double_eq(mean_of_ports("known", true), whole);
    must(gap_note(service_store, SOURCE_API, START + 150 * SLOT, START + 300 * SLOT, "test",
                  &error));
    ck_assert_double_eq(mean_of_ports("no API", true), unknown);
    ck_assert_double_ne(unknown, whole);
}
END_TEST

START_TEST(a_listener_that_is_behind_is_waited_for)
{
    struct series series;
    struct model_row *row;

    begin();
    series_of_image("late", START, &series);
    must(series_note(service_store, &series, 1, &error));
    see(&series, START, 1);
    must(watch_note(service_store, SOURCE_BUS, START + SLOT + 1, &error));
    live(START + SLOT, 1);
    row = state_of(&series);
    ck_assert_int_eq(row->seen_until_ms, START + SLOT);
    ck_assert_int_eq(series_forecast(&series, 600).from_ms, START + 2 * SLOT);
    free(row);
    live(START + 4 * SLOT, 1); /* but not for ever */
    row = state_of(&series);
    ck_assert_int_eq(row->seen_until_ms, START + 5 * SLOT);
    free(row);
}
END_TEST

/* ---- those who die ---- */

/* Lives as fast as it can, in a process of its own. */
static pid_t start_process(int64_t from_ms, int64_t slots)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct store_options mine = service_options();

        service_database = NULL;
        service_store = NULL;
        must(database_open(&mine, &service_database, &error));
        must(store_borrow(service_database, &service_store, &error));
        predictor.database = service_database;
        live(from_ms, slots);
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

static void forget_models(void)
{
    must(query_run(service_store, "DELETE FROM models", NO_VALUES, NULL, &error));
    must(query_run(service_store, "DELETE FROM leases", NO_VALUES, NULL, &error));
}

START_TEST(who_is_killed_is_continued_exactly)
{
    const int64_t slots = 150;
    struct series series;
    struct model_row *whole, *pieces;

    begin();
    series = capacity("m1", "a", START);
    see_steadily(&series, START, slots);
    live(START, slots);
    whole = state_of(&series);
    forget_models();
    for (int piece = 1; piece <= 4; piece++) {
        pid_t pid = start_process(START, slots);
        int status;

        nanosleep(&(struct timespec){ .tv_nsec = piece * 40000000 }, NULL);
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    }
    ck_assert_int_gt(service_number("SELECT COUNT(*) FROM models"), 0);
    live(START, slots);
    pieces = state_of(&series);
    check_same_state(whole, pieces);
    ck_assert_int_eq(whole->built_ms, START + SLOT + GRACE);
    /* Never built anew: at most each of the killed had the lease of the first slots in vain. */
    ck_assert_int_le(pieces->built_ms, START + 5 * SLOT + GRACE);
    free(whole);
    free(pieces);
}
END_TEST

START_TEST(two_share_and_the_survivor_takes_over)
{
    struct predictor_hand one, other;
    struct series series[12];
    int64_t now_ms = START + SLOT + GRACE;
    int held = 0;

    begin();
    for (int i = 0; i < 12; i++) {
        char flavor[8];

        snprintf(flavor, sizeof(flavor), "m%d", i);
        series[i] = capacity(flavor, "a", START);
        see(&series[i], START + i, 1);
    }
    predictor_hand_init(&one, &predictor);
    predictor_hand_init(&other, &predictor);
    for (int i = 0; i < 4; i++, now_ms += 1000) {
        turn_at(&one, now_ms);
        turn_at(&other, now_ms);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_msg(one.held[i] != other.held[i], "shard %d", i);
        held += one.held[i];
    }
    ck_assert_int_eq(held, 2);
    now_ms = START + 2 * SLOT + GRACE;
    turn_at(&one, now_ms); /* the other is dead; its leases are not renewed */
    turn_at(&one, now_ms + 2 * options.lease_s * 1000);
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(series_forecast(&series[i], 600).from_ms, START + 2 * SLOT);
    ck_assert(one.held[0] && one.held[1] && one.held[2] && one.held[3]);
}
END_TEST

/* It hung, and wakes up when its shards are another's. */
START_TEST(who_lost_a_shard_writes_nothing)
{
    struct predictor_hand slow, quick;
    struct series series;

    begin();
    options.shards = 1;
    series = capacity("m1", "a", START);
    see(&series, START, 1);
    predictor_hand_init(&slow, &predictor);
    predictor_hand_init(&quick, &predictor);
    turn_at(&slow, START + SLOT + GRACE);
    turn_at(&quick, START + 3 * SLOT + GRACE);
    ck_assert_int_eq(series_forecast(&series, 600).from_ms, START + 3 * SLOT);
    turn_at(&slow, START + 2 * SLOT + GRACE);
    ck_assert(!slow.held[0]);
    ck_assert_int_eq(series_forecast(&series, 600).from_ms, START + 3 * SLOT);
}
END_TEST

static void check_rebuilt(const char *damage)
{
    struct series series;
    struct model_row *whole, *rebuilt;

    begin();
    series = capacity(damage, "a", START);
    see_steadily(&series, START, 30);
    live(START, 30);
    whole = state_of(&series);
    must(query_run(service_store, damage, NO_VALUES, NULL, &error));
    must(query_run(service_store, "DELETE FROM leases", NO_VALUES, NULL, &error));
    live(START + 29 * SLOT, 1);
    rebuilt = state_of(&series);
    check_same_state(whole, rebuilt);
    ck_assert_int_eq(rebuilt->built_ms, START + 30 * SLOT + GRACE);
    free(whole);
    free(rebuilt);
    forget_models();
}

START_TEST(a_damaged_state_is_rebuilt)
{
    check_rebuilt("UPDATE models SET state = INSERT(state, 1, 8, 'XXXXXXXX')");
    check_rebuilt("UPDATE models SET state = INSERT(state, LENGTH(state) DIV 2, 8, 'XXXXXXXX')");
    check_rebuilt("UPDATE models SET state = LEFT(state, LENGTH(state) - 1)");
    check_rebuilt("UPDATE models SET state = ''");
    check_rebuilt("UPDATE models SET state = REPEAT('x', 100000)");
    check_rebuilt("UPDATE models SET version = version + 1");
    check_rebuilt("UPDATE models SET seen_until_ms = seen_until_ms + 86400000000");
    check_rebuilt("DELETE FROM models");
}
END_TEST

START_TEST(what_came_late_counts_after_a_refit)
{
    struct series series;
    double before;

    begin();
    series = capacity("m1", "a", START);
    see_steadily(&series, START, 12);
    live(START, 12);
    before = series_forecast(&series, 3600).distribution.mean;
    options.refit_s = 3600; /* due now, wherever the series' id puts it */
    for (int i = 0; i < 12; i++)
        see(&series, START + i * SLOT, 40);
    live(START + 12 * SLOT, 1);
    ck_assert_double_gt(series_forecast(&series, 3600).distribution.mean, 2 * before);
}
END_TEST

/* ---- forgetting ---- */

START_TEST(what_is_old_is_forgotten)
{
    struct predictor_hand hand;
    struct series old, young;
    int64_t now_ms = START + 61 * DAY;

    begin();
    old = capacity("old", "a", START);
    see(&old, START, 40);
    see(&old, START + 1, 40);
    young = capacity("young", "a", now_ms - DAY);
    see(&young, now_ms - DAY, 1);
    must(gap_note(service_store, SOURCE_BUS, START, START + 1, "test", &error));
    must(boots_note(service_store, &(struct boot){ .instance_id = "old", .asked_ms = START }, 1,
                    &error));
    must(boots_note(service_store, &(struct boot){ .instance_id = "young", .asked_ms = now_ms }, 1,
                    &error));
    live(START, 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM models"), 1);
    predictor_hand_init(&hand, &predictor);
    turn_at(&hand, now_ms);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM boots"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM gaps"), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM series"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM models"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM forecasts WHERE subject_id = 'old'"), 0);
}
END_TEST

/* ---- the thread ---- */

START_TEST(the_thread_forecasts_and_leaves_in_order)
{
    struct predictor_role *role = NULL;
    int64_t now_ms = clock_now_ms(), end_ms = clock_monotonic_ms() + 30000;
    struct series series;

    begin();
    options.slot_s = 60;
    options.grace_s = 1;
    options.lease_s = 3;
    series = capacity("m1", "a", now_ms - 120000);
    see(&series, now_ms - 120000, 3);
    must(predictor_start(&predictor, &role, &error));
    while (service_number("SELECT COUNT(*) FROM forecasts WHERE subject = 'resource' OR"
                          " subject = 'flavor'") < 2 && clock_monotonic_ms() < end_ms)
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    ck_assert_double_gt(forecast_of(FORECAST_FLAVOR, "m1", 600).distribution.mean, 0);
    ck_assert_int_gt(service_number("SELECT COUNT(*) FROM leases"), 0);
    ck_assert_int_eq(predictor_stop(role, 10000), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM leases"), 0);
}
END_TEST

SERVICE_MAIN("predictor", a_known_rate_is_found, a_new_series_is_forecast_at_the_next_slots_end,
             a_pools_series_is_forecast_over_its_protection_interval,
             flavors_and_resources_are_sums, a_gap_is_not_zero,
             what_is_known_of_a_gap_by_chance_does_not_count,
             what_hooks_report_counts_while_nobody_listens, a_gap_that_was_filled_is_taken_in,
             a_listener_that_is_behind_is_waited_for, who_is_killed_is_continued_exactly,
             two_share_and_the_survivor_takes_over, who_lost_a_shard_writes_nothing,
             a_damaged_state_is_rebuilt, what_came_late_counts_after_a_refit,
             what_is_old_is_forgotten, the_thread_forecasts_and_leaves_in_order)
