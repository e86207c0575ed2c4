/* SPDX-License-Identifier: Apache-2.0 */
/* Members: rows, and the loop that keeps the own one; sums for /metrics. */
#include "store/member.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "role/member.h"
#include "store/demand.h"
#include "store/figures.h"
#include "store/gap.h"
#include "tests/service/service.h"

static struct member row(const char *roles, int64_t seen_ms)
{
    struct member member = { .host = "host1", .pid = 42, .version = "1.0", .started_ms = 1,
                             .seen_ms = seen_ms };

    text_make_uuid(member.id);
    text_copy(member.roles, sizeof(member.roles), roles);
    return member;
}

static size_t list(struct member *ret_members, const char *marker)
{
    size_t count = 0;

    must(member_list(service_store, marker, 10, ret_members, &count, &error));
    return count;
}

START_TEST(a_row_is_kept_and_forgotten)
{
    struct member member = row("api,worker", 100000), listed[10];
    int64_t count = 0;

    must(member_put(service_store, &member, &error));
    member.seen_ms = 105000;
    text_copy(member.late, sizeof(member.late), "worker");
    must(member_put(service_store, &member, &error));
    ck_assert_uint_eq(list(listed, ""), 1);
    ck_assert_int_eq(memcmp(&listed[0], &member, sizeof(member)), 0);
    ck_assert_uint_eq(list(listed, member.id), 0);
    must(member_forget(service_store, 105000, &count, &error));
    ck_assert_int_eq(count, 0);
    must(member_forget(service_store, 105001, &count, &error));
    ck_assert_int_eq(count, 1);
    must(member_put(service_store, &member, &error));
    must(member_drop(service_store, member.id, &error));
    ck_assert_uint_eq(list(listed, ""), 0);
}
END_TEST

START_TEST(states_follow_from_the_row)
{
    struct member member = row("api", 100000);

    ck_assert_int_eq(member_state(&member, 100000 + MEMBER_DOWN_MS), MEMBER_UP);
    ck_assert_int_eq(member_state(&member, 100001 + MEMBER_DOWN_MS), MEMBER_DOWN);
    text_copy(member.late, sizeof(member.late), "api");
    ck_assert_int_eq(member_state(&member, 100000), MEMBER_LATE);
    ck_assert_int_eq(member_state(&member, 100001 + MEMBER_DOWN_MS), MEMBER_DOWN);
    ck_assert_str_eq(member_state_name(MEMBER_LATE), "late");
}
END_TEST

/* Waits for the row of the only member to be so. */
static struct member wait_member(bool (*so)(const struct member *member))
{
    int64_t end_ms = clock_monotonic_ms() + 20000;
    struct member listed[10];

    while (list(listed, "") != 1 || !so(&listed[0])) {
        ck_assert_msg(clock_monotonic_ms() < end_ms, "the member does not become so");
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000000 }, NULL);
    }
    return listed[0];
}

static bool is_well(const struct member *member)
{
    return !member->late[0];
}

static bool is_late(const struct member *member)
{
    return strcmp(member->late, "planner") == 0;
}

/* A planner that hangs until it is let go. */
static atomic_bool let_go;

static void *hang(void *context)
{
    struct pulse *pulse = context;

    pulse_begin(pulse);
    while (!atomic_load(&let_go))
        nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000000 }, NULL);
    pulse_end(pulse);
    return NULL;
}

START_TEST(a_process_says_that_it_is_there_and_what_hangs)
{
    const struct membership_options options = { .roles = "planner,api", .version = "9",
                                                .late_after_ms = 200 };
    struct pulse *pulse = pulse_open("planner");
    struct membership *membership = NULL;
    struct member member, listed[10];
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, hang, pulse), 0);
    must(membership_start(service_database, &options, &membership, &error));
    member = wait_member(is_late);
    ck_assert_str_eq(member.roles, "planner,api");
    ck_assert_int_eq(member.pid, getpid());
    atomic_store(&let_go, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_gt(wait_member(is_well).seen_ms, member.seen_ms);
    must(membership_stop(membership, 5000));
    ck_assert_uint_eq(list(listed, ""), 0);
    pulse_close(pulse);
}
END_TEST

/* Of two that were killed, one is shown yet. */
START_TEST(who_is_long_gone_is_forgotten)
{
    const struct membership_options options = { .roles = "api", .version = "9",
                                                .serves = true, .late_after_ms = 60000 };
    int64_t now_ms = clock_now_ms(), end_ms = clock_monotonic_ms() + 20000;
    struct member down = row("worker", now_ms - MEMBER_KEPT_MS + 60000);
    struct member gone = row("worker", now_ms - MEMBER_KEPT_MS - 1);
    struct membership *membership = NULL;
    struct member listed[10];

    must(member_put(service_store, &down, &error));
    must(member_put(service_store, &gone, &error));
    must(membership_start(service_database, &options, &membership, &error));
    while (list(listed, "") != 2 || strcmp(listed[0].id, gone.id) == 0
           || strcmp(listed[1].id, gone.id) == 0) {
        ck_assert_msg(clock_monotonic_ms() < end_ms, "it is not forgotten");
        nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000000 }, NULL);
    }
    must(membership_stop(membership, 5000));
    ck_assert_uint_eq(list(listed, ""), 1);
    ck_assert_str_eq(listed[0].id, down.id);
    ck_assert_int_eq(member_state(&listed[0], now_ms), MEMBER_DOWN);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM watches WHERE source = 'api'"), 1);
}
END_TEST

static size_t gaps_of_api(struct gap *ret_gaps)
{
    size_t count = 0;

    must(gap_list(service_store, SOURCE_API, ALL_KINDS, 0, 10, ret_gaps, &count, &error));
    return count;
}

START_TEST(a_silence_of_all_apis_is_a_gap)
{
    const char *why = "there was no API";
    struct gap gaps[10];

    must(watch_continue(service_store, SOURCE_API, 15000, 100000, why, &error));
    must(watch_continue(service_store, SOURCE_API, 15000, 115000, why, &error));
    ck_assert_uint_eq(gaps_of_api(gaps), 0);
    must(watch_continue(service_store, SOURCE_API, 15000, 130001, why, &error));
    must(watch_continue(service_store, SOURCE_API, 15000, 130000, why, &error)); /* another one */
    ck_assert_uint_eq(gaps_of_api(gaps), 1);
    ck_assert_int_eq(gaps[0].from_ms, 115000);
    ck_assert_int_eq(gaps[0].until_ms, 130001);
}
END_TEST

/* Each demand comes from a hook; so these are known to be in use. */
START_TEST(hooks_say_that_they_are_there)
{
    struct demand demand = { .kind = KIND_VOLUME, .outcome = OUTCOME_MISS };
    int64_t first_ms = clock_now_ms() + 3600000;
    struct watch watch;

    for (int64_t at_ms = first_ms; at_ms <= first_ms + 100000; at_ms += 50000) {
        demand.at_ms = at_ms;
        must(demand_add(service_store, &demand, &error));
    }
    must(watch_get(service_store, "hooks:volume", &watch, &error));
    ck_assert_int_eq(watch.since_ms, first_ms);
    ck_assert_int_eq(watch.until_ms, first_ms + 100000);
    ck_assert_int_eq(watch_get(service_store, "hooks:port", &watch, NULL), -ENOENT);
}
END_TEST

START_TEST(sums_agree_with_the_rows)
{
    struct pool_sum pools[POOL_SUMS_MOST];
    struct item_sum items[ITEM_SUMS_MOST];
    struct pool_figure figures[10];
    char large[ID_SIZE], small[ID_SIZE];
    size_t count = 0;
    struct ask ask;

    service_port_ask(1, &ask);
    service_pool(&ask, 3, large);
    service_port_ask(2, &ask);
    service_pool(&ask, 1, small);
    must(figures_pools(service_store, pools, POOL_SUMS_MOST, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(pools[0].kind, "port");
    ck_assert_str_eq(pools[0].state, "active");
    ck_assert_int_eq(pools[0].pools, 2);
    must(figures_items(service_store, items, ITEM_SUMS_MOST, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(items[0].state, "ready");
    ck_assert_int_eq(items[0].items, 4);
    must(pool_change(service_store, large, &(struct pool_change){ .floor = 2, .ceiling = -1,
                     .target = 7, .state = -1 }, 1, &error));
    must(figures_each_pool(service_store, 1, figures, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(figures[0].id, large);
    ck_assert_int_eq(figures[0].ready, 3);
    ck_assert_int_eq(figures[0].target, 7);
    ck_assert_int_eq(figures[0].goal, 7);
}
END_TEST

SERVICE_MAIN("member", a_row_is_kept_and_forgotten, states_follow_from_the_row,
             a_process_says_that_it_is_there_and_what_hangs, who_is_long_gone_is_forgotten,
             a_silence_of_all_apis_is_a_gap, hooks_say_that_they_are_there,
             sums_agree_with_the_rows)
