/* SPDX-License-Identifier: Apache-2.0 */
/* Pools and items: learning, ceilings, leases, and every move of an item's life. */
#include "store/item.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/pool.h"
#include "store/query.h"
#include "tests/service/service.h"

static const struct pool_defaults defaults = { .floor = { 3, 2 }, .ceiling = 10,
                                               .pools_per_project = 4 };
static const struct stock_limits wide = { .per_project = 1000, .in_all = 1000 };

static struct pool pool_by_id(const char *id)
{
    struct pool pool;

    must(pool_get(service_store, id, &pool, &error));
    return pool;
}

static void set_pool(const char *id, int64_t floor, int64_t ceiling, int state)
{
    const struct pool_change change = { .floor = floor, .ceiling = ceiling, .target = -1,
                                        .state = state };

    must(pool_change(service_store, id, &change, clock_now_ms(), &error));
}

/* ---- learning ---- */

START_TEST(test_pool_is_learned_and_found)
{
    struct ask ask;
    struct key key;
    struct pool pool;
    char id[ID_SIZE], again[ID_SIZE];

    service_port_ask(1, &ask);
    ask.group_count = 0; /* the default group */
    must_fail(-ENOENT, pool_find_by_ask(service_store, &ask, &pool, &error));
    service_port_ask(1, &ask);
    service_key_of(&ask, &key);
    ask.group_count = 0;
    must(pool_learn(service_store, &ask, &key, &defaults, 1000, id, &error));
    must(pool_learn(service_store, &ask, &key, &defaults, 2000, again, &error));
    ck_assert_str_eq(id, again);
    must(pool_find_by_ask(service_store, &ask, &pool, &error));
    ck_assert_str_eq(pool.id, id);
    ck_assert_int_eq(pool.floor, 3);
    ck_assert_int_eq(pool.created_ms, 1000);
    ck_assert_uint_eq(pool.key.port.group_count, 1);
    ck_assert_int_eq(pool_goal(&pool), 3);
}
END_TEST

START_TEST(test_two_asks_lead_to_one_pool)
{
    struct ask with, without;
    struct key key;
    char a[ID_SIZE], b[ID_SIZE];

    service_volume_ask(1, &with);
    without = with;
    text_copy(without.type, NAME_SIZE, "");
    service_key_of(&with, &key);
    must(pool_learn(service_store, &with, &key, &defaults, 1, a, &error));
    must(pool_learn(service_store, &without, &key, &defaults, 1, b, &error));
    ck_assert_str_eq(a, b);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools"), 1);
    ck_assert_int_eq(pool_by_id(a).floor, 2);
    /* The project's default type was changed: the ask leads elsewhere from now on. */
    text_copy(key.volume.type_id, ID_SIZE, "eeeeeeee-0000-4000-8000-000000000002");
    must(pool_learn(service_store, &without, &key, &defaults, 2, b, &error));
    ck_assert_str_ne(a, b);
}
END_TEST

static void learn_one(struct store *store, int index, void *context)
{
    struct ask ask;
    struct key key;
    char id[ID_SIZE];

    (void)index;
    (void)context;
    service_port_ask(1, &ask);
    service_key_of(&ask, &key);
    must(pool_learn(store, &ask, &key, &defaults, 1, id, &error));
}

START_TEST(test_pool_learned_by_many_is_one)
{
    service_parallel(12, learn_one, NULL);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools"), 1);
}
END_TEST

static void learn_own(struct store *store, int index, void *context)
{
    atomic_int *refused = context;
    struct ask ask, other;
    struct key key;
    char id[ID_SIZE];
    int r;

    service_port_ask(1, &ask);
    service_port_ask(index, &other);
    text_copy(ask.network_id, ID_SIZE, other.network_id);
    service_key_of(&ask, &key);
    r = pool_learn(store, &ask, &key, &defaults, 1, id, NULL);
    ck_assert(r == 0 || r == -EDQUOT);
    atomic_fetch_add(refused, r == -EDQUOT);
}

START_TEST(test_project_begins_no_more_pools_than_its_share)
{
    atomic_int refused = 0;

    service_parallel(12, learn_own, &refused);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools"), 4);
    ck_assert_int_eq(refused, 8);
}
END_TEST

START_TEST(test_pools_are_listed_in_pages)
{
    struct pool pools[5];
    struct ask ask;
    char id[ID_SIZE];
    char marker[ID_SIZE] = "";
    size_t count = 0, seen = 0;

    for (int i = 1; i <= 7; i++) {
        if (i % 2)
            service_port_ask(i, &ask);
        else
            service_volume_ask(i, &ask);
        service_pool(&ask, 0, id);
    }
    do {
        must(pool_list(service_store, -1, NULL, marker, 3, pools, &count, &error));
        for (size_t i = 0; i < count; i++)
            ck_assert_int_gt(strcmp(pools[i].id, i ? pools[i - 1].id : marker), 0);
        seen += count;
        if (count)
            text_copy(marker, ID_SIZE, pools[count - 1].id);
    } while (count == 3);
    ck_assert_uint_eq(seen, 7);
    must(pool_list(service_store, KIND_VOLUME, NULL, "", 5, pools, &count, &error));
    ck_assert_uint_eq(count, 3);
    service_port_ask(3, &ask);
    must(pool_list(service_store, KIND_PORT, ask.project_id, "", 5, pools, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(pools[0].key.port.network_id, ask.network_id);
}
END_TEST

START_TEST(test_pool_changes_are_checked)
{
    struct pool_change change = { .floor = 11, .ceiling = -1, .target = -1, .state = -1 };
    struct ask ask;
    struct key key;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_key_of(&ask, &key);
    must(pool_learn(service_store, &ask, &key, &defaults, 1, id, &error));
    must_fail(-EINVAL, pool_change(service_store, id, &change, 2, &error));
    must_fail(-ENOENT, pool_change(service_store, "nowhere", &change, 2, &error));
    change.ceiling = 20;
    change.state = POOL_PAUSED;
    must(pool_change(service_store, id, &change, 2, &error));
    ck_assert_int_eq(pool_by_id(id).floor, 11);
    ck_assert_int_eq(pool_by_id(id).state, POOL_PAUSED);
    ck_assert_int_eq(pool_by_id(id).updated_ms, 2);
    must_fail(-EINVAL, query_run(service_store, "UPDATE pools SET floor = 21", NO_VALUES, NULL,
                                 &error));
}
END_TEST

START_TEST(test_outcomes_are_noted)
{
    struct ask ask;
    char id[ID_SIZE];
    struct pool pool;

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    must(pool_note_made(service_store, id, 800, 5, &error));
    ck_assert_int_eq(pool_by_id(id).lead_time_ms, 800);
    must(pool_note_made(service_store, id, 1600, 6, &error));
    pool = pool_by_id(id);
    ck_assert_int_eq(pool.lead_time_ms, 900);
    ck_assert_int_gt(pool.lead_time_high_ms, 1131); /* the bin of 1600 */
    ck_assert_int_le(pool.lead_time_high_ms, 1600);
    must(query_run(service_store, "UPDATE pools SET lead_times = 'of another form'", NO_VALUES,
                   NULL, &error));
    must(pool_note_made(service_store, id, 30000, 6, &error));
    ck_assert_int_gt(pool_by_id(id).lead_time_high_ms, 25000);
    must(pool_note_failure(service_store, id, "Neutron said no", 9000, 7, &error));
    must(pool_note_failure(service_store, id, "Neutron said no", 9900, 8, &error));
    pool = pool_by_id(id);
    ck_assert_int_eq(pool.failures, 2);
    ck_assert_int_eq(pool.not_before_ms, 9900);
    ck_assert_str_eq(pool.last_error, "Neutron said no");
    must(pool_note_made(service_store, id, 900, 9, &error));
    ck_assert_int_eq(pool_by_id(id).failures, 0);
    ck_assert_int_eq(pool_by_id(id).not_before_ms, 0);
}
END_TEST

/* ---- stocking and trimming ---- */

static int64_t stock(const char *id, const struct stock_limits *limits)
{
    int64_t made = -1;

    must(pool_stock(service_store, id, limits, 1000, &made, &error));
    return made;
}

START_TEST(test_stock_fills_up_to_the_goal)
{
    struct ask ask;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    set_pool(id, 5, 10, -1);
    ck_assert_int_eq(stock(id, &wide), 5);
    ck_assert_int_eq(stock(id, &wide), 0);
    ck_assert_int_eq(pool_by_id(id).wanted, 5);
    set_pool(id, 7, 10, POOL_PAUSED);
    ck_assert_int_eq(stock(id, &wide), 0);
    set_pool(id, 7, 10, POOL_ACTIVE);
    must(pool_note_failure(service_store, id, "no", 1001, 1, &error));
    ck_assert_int_eq(stock(id, &wide), 0); /* not yet */
    must(pool_note_made(service_store, id, 1, 1, &error));
    ck_assert_int_eq(stock(id, &wide), 2);
}
END_TEST

struct stocking {
    char ids[3][ID_SIZE];
    struct stock_limits limits;
    atomic_int made;
};

static void stock_body(struct store *store, int index, void *context)
{
    struct stocking *stocking = context;

    for (int i = 0; i < 6; i++) {
        int64_t made = 0;

        must(pool_stock(store, stocking->ids[(index + i) % 3], &stocking->limits, 1000, &made,
                        &error));
        atomic_fetch_add(&stocking->made, (int)made);
    }
}

/* Pools 0 and 1 are the same project's. */
static void make_stocking(struct stocking *stocking)
{
    struct ask ask, other;

    service_port_ask(1, &ask);
    service_pool(&ask, 0, stocking->ids[0]);
    service_port_ask(2, &other);
    text_copy(ask.network_id, ID_SIZE, other.network_id);
    service_pool(&ask, 0, stocking->ids[1]);
    service_volume_ask(3, &ask);
    service_pool(&ask, 0, stocking->ids[2]);
    for (int i = 0; i < 3; i++)
        set_pool(stocking->ids[i], 30, 40, -1);
}

START_TEST(test_stock_never_exceeds_a_projects_share)
{
    struct stocking stocking = { .limits = { .per_project = 37, .in_all = 1000 } };

    make_stocking(&stocking);
    service_parallel(8, stock_body, &stocking);
    ck_assert_int_eq(pool_by_id(stocking.ids[0]).wanted + pool_by_id(stocking.ids[1]).wanted, 37);
    ck_assert_int_eq(pool_by_id(stocking.ids[2]).wanted, 30);
    ck_assert_int_eq(stocking.made, 67);
}
END_TEST

START_TEST(test_stock_never_exceeds_all)
{
    struct stocking stocking = { .limits = { .per_project = 1000, .in_all = 41 } };

    make_stocking(&stocking);
    service_parallel(8, stock_body, &stocking);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM items"), 41);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM item_events"), 41);
}
END_TEST

START_TEST(test_stock_never_exceeds_a_pools_ceiling)
{
    struct stocking stocking = { .limits = { .per_project = 1000, .in_all = 1000 } };

    make_stocking(&stocking);
    service_stock(stocking.ids[0], 30);
    must(query_run(service_store, "UPDATE items SET state = 'claimed', claim_id = 'c' LIMIT 25",
                   NO_VALUES, NULL, &error));
    service_parallel(8, stock_body, &stocking);
    ck_assert_int_eq(pool_by_id(stocking.ids[0]).claimed, 25);
    ck_assert_int_eq(pool_by_id(stocking.ids[0]).wanted, 10); /* 40 in all, though 25 lack */
}
END_TEST

START_TEST(test_trim_gives_back_what_is_too_much)
{
    struct item items[20];
    struct ask ask;
    char id[ID_SIZE];
    int64_t released = -1;
    size_t count = 0;

    service_port_ask(1, &ask);
    service_pool(&ask, 4, id);
    set_pool(id, 6, 10, -1);
    ck_assert_int_eq(stock(id, &wide), 2);
    must(pool_trim(service_store, id, 0, 5000, &released, &error));
    ck_assert_int_eq(released, 0);
    set_pool(id, 3, 10, -1);
    must(pool_trim(service_store, id, 0, 5000, &released, &error));
    ck_assert_int_eq(released, 3); /* both wanted, and the oldest ready */
    ck_assert_int_eq(pool_by_id(id).wanted, 0);
    ck_assert_int_eq(pool_by_id(id).ready, 3);
    must(item_list(service_store, id, 1U << ITEM_READY, "", 20, items, &count, &error));
    for (size_t i = 0; i < count; i++)
        ck_assert_int_gt(items[i].ready_ms, service_number("SELECT MIN(ready_ms) FROM items"
                                                           " WHERE ready_ms > 0"));
}
END_TEST

START_TEST(test_draining_empties_all_but_the_claimed)
{
    struct ask ask;
    char id[ID_SIZE];
    int64_t released = -1;
    struct pool pool;

    service_port_ask(1, &ask);
    service_pool(&ask, 4, id);
    set_pool(id, 6, 10, -1);
    stock(id, &wide);
    must(query_run(service_store, "UPDATE items SET state = 'claimed', claim_id = 'c'"
                   " WHERE state = 'ready' LIMIT 1", NO_VALUES, NULL, &error));
    set_pool(id, -1, -1, POOL_PAUSED);
    must(pool_trim(service_store, id, 0, 5000, &released, &error));
    ck_assert_int_eq(released, 2); /* what was only wanted */
    set_pool(id, -1, -1, POOL_DRAINING);
    must(pool_trim(service_store, id, 0, 5000, &released, &error));
    ck_assert_int_eq(released, 3);
    pool = pool_by_id(id);
    ck_assert_int_eq(pool.claimed, 1);
    ck_assert_int_eq(pool.ready + pool.wanted + pool.creating, 0);
    ck_assert_int_eq(pool.releasing, 5);
    ck_assert_int_eq(stock(id, &wide), 0);
}
END_TEST

/* ---- leases ---- */

struct leases {
    char ids[20][40][ID_SIZE]; /* by thread */
    size_t counts[20];
};

static void lease_body(struct store *store, int index, void *context)
{
    struct leases *leases = context;
    struct item item;
    char owner[16];
    int r;

    snprintf(owner, sizeof(owner), "worker-%d", index);
    while ((r = item_lease(store, owner, 60000, 2000, &item, NULL)) == 0)
        text_copy(leases->ids[index][leases->counts[index]++], ID_SIZE, item.id);
    ck_assert_int_eq(r, -ENOENT);
}

START_TEST(test_item_is_leased_by_one_only)
{
    static struct leases leases;
    struct ask ask;
    char id[ID_SIZE];
    size_t total = 0;

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    set_pool(id, 40, 40, -1);
    ck_assert_int_eq(stock(id, &wide), 40);
    service_parallel(8, lease_body, &leases);
    for (int i = 0; i < 8; i++)
        total += leases.counts[i];
    ck_assert_uint_eq(total, 40);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM items WHERE lease_until_ms = 62000"),
                     40);
}
END_TEST

START_TEST(test_lease_runs_out_and_ends)
{
    struct item item, other;
    struct ask ask;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    set_pool(id, 1, 1, -1);
    stock(id, &wide);
    must(item_lease(service_store, "a", 1000, 2000, &item, &error));
    must_fail(-ENOENT, item_lease(service_store, "b", 1000, 2999, &other, &error));
    must(item_lease(service_store, "b", 1000, 3000, &other, &error));
    must_fail(-ESTALE, item_unlease(service_store, item.id, "a", 0, 1, &error));
    must_fail(-ESTALE, item_move(service_store, item.id, ITEM_WANTED, ITEM_CREATING, "a", "x",
                                 3001, &error));
    must_fail(-ESTALE, item_note(service_store, item.id, "a",
                                 &(struct item_facts){ .holder_id = "h" }, &error));
    must(item_unlease(service_store, item.id, "b", 9000, 2, &error));
    must_fail(-ENOENT, item_lease(service_store, "a", 1000, 8999, &item, &error));
    must(item_lease(service_store, "a", 1000, 9000, &item, &error));
    ck_assert_int_eq(item.attempts, 2);
    ck_assert_int_eq(item.not_before_ms, 9000);
}
END_TEST

/* ---- moves ---- */

static void force_state(const char *id, enum item_state state)
{
    bool claimed = state == ITEM_CLAIMED || state == ITEM_ADOPTED;

    must(query_run(service_store, "UPDATE items SET state = ?, claim_id = ? WHERE id = ?",
                   VALUES(TEXT(item_state_name(state)), TEXT(claimed ? "some-claim" : ""),
                          TEXT(id)), NULL, &error));
}

/* What the plan of an item's life says, written down a second time. */
static bool in_plan(enum item_state from, enum item_state to)
{
    static const enum item_state plan[][2] = {
        { ITEM_WANTED, ITEM_CREATING },   { ITEM_WANTED, ITEM_RELEASING },
        { ITEM_WANTED, ITEM_GONE },       { ITEM_WANTED, ITEM_FAILED },
        { ITEM_CREATING, ITEM_READY },    { ITEM_CREATING, ITEM_RELEASING },
        { ITEM_CREATING, ITEM_FAILED },   { ITEM_READY, ITEM_CLAIMED },
        { ITEM_READY, ITEM_ADOPTED },     { ITEM_READY, ITEM_RELEASING },
        { ITEM_CLAIMED, ITEM_READY },     { ITEM_CLAIMED, ITEM_ADOPTED },
        { ITEM_CLAIMED, ITEM_RELEASING }, { ITEM_ADOPTED, ITEM_READY },
        { ITEM_ADOPTED, ITEM_RELEASING }, { ITEM_RELEASING, ITEM_GONE },
        { ITEM_RELEASING, ITEM_FAILED },
    };

    for (size_t i = 0; i < ARRAY_SIZE(plan); i++)
        if (plan[i][0] == from && plan[i][1] == to)
            return true;
    return false;
}

static void check_move(const char *id, enum item_state from, enum item_state to)
{
    bool by_claim = to == ITEM_CLAIMED || to == ITEM_ADOPTED;
    bool allowed = in_plan(from, to) && !by_claim;
    struct item item;
    int r;

    force_state(id, from);
    r = item_move(service_store, id, from, to, NULL, "because", 77, NULL);
    ck_assert_msg(r == (allowed ? 0 : -EINVAL), "%s -> %s: %d", item_state_name(from),
                  item_state_name(to), r);
    ck_assert_int_eq(item_move_allowed(from, to), in_plan(from, to));
    must(item_get(service_store, id, &item, &error));
    ck_assert_int_eq(item.state, allowed ? to : from);
    if (allowed && (to == ITEM_READY || from == ITEM_CLAIMED))
        ck_assert_str_eq(item.claim_id, "");
}

START_TEST(test_every_move_of_the_table)
{
    struct ask ask;
    struct item item;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    set_pool(id, 1, 1, -1);
    stock(id, &wide);
    must(item_lease(service_store, "a", 1000, 2000, &item, &error));
    for (int from = 0; from < ITEM_STATES; from++)
        for (int to = 0; to < ITEM_STATES; to++)
            check_move(item.id, (enum item_state)from, (enum item_state)to);
    ck_assert(!item_move_allowed((enum item_state)-1, ITEM_READY));
    ck_assert(!item_move_allowed(ITEM_READY, (enum item_state)ITEM_STATES));
    /* A move from where it is not. */
    force_state(item.id, ITEM_GONE);
    must_fail(-ESTALE, item_move(service_store, item.id, ITEM_READY, ITEM_RELEASING, NULL, "x", 1,
                                 &error));
    must_fail(-ENOENT, item_move(service_store, "nothing", ITEM_READY, ITEM_RELEASING, NULL, "x",
                                 1, &error));
}
END_TEST

START_TEST(test_history_tells_the_life)
{
    static const enum item_state life[] = { ITEM_WANTED, ITEM_CREATING, ITEM_READY,
                                            ITEM_RELEASING, ITEM_GONE };
    struct item_event events[10];
    struct item items[2];
    struct ask ask;
    char id[ID_SIZE];
    size_t count = 0;

    service_port_ask(1, &ask);
    service_pool(&ask, 1, id);
    must(item_list(service_store, id, 0, "", 2, items, &count, &error));
    ck_assert_uint_eq(count, 1);
    must(item_move(service_store, items[0].id, ITEM_READY, ITEM_RELEASING, NULL, "stale",
                   clock_now_ms() + 10, &error));
    must(item_move(service_store, items[0].id, ITEM_RELEASING, ITEM_GONE, NULL, "deleted",
                   clock_now_ms() + 20, &error));
    must(item_history(service_store, items[0].id, 10, events, &count, &error));
    ck_assert_uint_eq(count, ARRAY_SIZE(life));
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(events[i].to, life[i]);
        ck_assert_int_eq(events[i].from, i ? (int)life[i - 1] : -1);
    }
    ck_assert_str_eq(events[3].reason, "stale");
}
END_TEST

START_TEST(test_facts_are_kept_and_found)
{
    struct item item, found;
    struct ask ask;
    char id[ID_SIZE];
    size_t count = 0;

    service_volume_ask(1, &ask);
    service_pool(&ask, 1, id);
    must(item_list(service_store, NULL, 1U << ITEM_READY, "", 1, &item, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(item.sealed_length, 6 + SEAL_OVERHEAD);
    ck_assert_str_eq(item.fingerprint, "print");
    must(item_find_by_resource(service_store, item.resource_id, &found, &error));
    ck_assert_str_eq(found.id, item.id);
    ck_assert_mem_eq(found.sealed, item.sealed, item.sealed_length);
    must_fail(-ENOENT, item_find_by_resource(service_store, "", &found, &error));
    must_fail(-ENOENT, item_get(service_store, "caf\xc3\xa9", &found, &error));
}
END_TEST

SERVICE_MAIN("item", test_pool_is_learned_and_found, test_two_asks_lead_to_one_pool,
             test_pool_learned_by_many_is_one, test_project_begins_no_more_pools_than_its_share,
             test_pools_are_listed_in_pages, test_pool_changes_are_checked,
             test_outcomes_are_noted, test_stock_fills_up_to_the_goal,
             test_stock_never_exceeds_a_projects_share, test_stock_never_exceeds_all,
             test_stock_never_exceeds_a_pools_ceiling, test_trim_gives_back_what_is_too_much,
             test_draining_empties_all_but_the_claimed, test_item_is_leased_by_one_only,
             test_lease_runs_out_and_ends, test_every_move_of_the_table,
             test_history_tells_the_life, test_facts_are_kept_and_found)
