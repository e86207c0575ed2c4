/* SPDX-License-Identifier: Apache-2.0 */
/* Pools that made way: which items go, which stay, and how long their pools keep back. */
#include "store/yield.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/pool.h"
#include "store/query.h"
#include "tests/service/claims.h"

#define MANY 40 /* more than goes in one statement, and no multiple of it */
#define LATER (NOW + 300000)

static char ports[YIELD_PORTS_MOST][ID_SIZE];

/* The resources of a pool's items in any of 'states'. */
static size_t ports_of(const char *pool_id, unsigned states)
{
    static struct item items[YIELD_PORTS_MOST];
    size_t count;

    must(item_list(service_store, pool_id, states, "", YIELD_PORTS_MOST, items, &count, &error));
    for (size_t i = 0; i < count; i++)
        text_copy(ports[i], ID_SIZE, items[i].resource_id);
    return count;
}

static int64_t tell(const char *network_id, size_t count, int64_t *ret_pools)
{
    const struct yield yield = {
        .network_id = network_id, .port_ids = (const char (*)[ID_SIZE])ports,
        .port_count = count, .reason = "made way", .due_ms = NOW + 15000, .not_before_ms = LATER,
    };
    int64_t items = -1;

    must(yield_note(service_store, &yield, NOW, &items, ret_pools, &error));
    return items;
}

static struct pool pool_by_id(const char *id)
{
    struct pool pool;

    must(pool_get(service_store, id, &pool, &error));
    return pool;
}

START_TEST(test_ports_in_the_way_are_released)
{
    struct ask ask;
    struct item item;
    char id[ID_SIZE];
    int64_t pools = -1;

    service_port_ask(1, &ask);
    service_pool(&ask, MANY, id);
    ck_assert_int_eq(tell("", ports_of(id, 0), &pools), MANY);
    ck_assert_int_eq(pools, 1);
    ck_assert_int_eq(pool_by_id(id).releasing, MANY);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM item_events WHERE from_state = 'ready'"
                                    " AND to_state = 'releasing' AND reason = 'made way'"), MANY);
    must_fail(-ENOENT, item_lease(service_store, "w", 1000, NOW + 14999, &item, &error));
    must(item_lease(service_store, "w", 1000, NOW + 15000, &item, &error));
    ck_assert_int_eq(item.state, ITEM_RELEASING);
    ck_assert_int_eq(tell("", ports_of(id, 0), &pools), 0); /* told again */
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM item_events"
                                    " WHERE to_state = 'releasing'"), MANY);
}
END_TEST

START_TEST(test_what_a_claim_holds_goes_and_what_a_tenant_has_stays)
{
    struct ask ask;
    struct claim_request request;
    struct adoption_request wanted;
    struct claim claim;
    char id[ID_SIZE];
    int64_t pools;

    service_port_ask(1, &ask);
    service_pool(&ask, 3, id);
    request = request_for(1, &ask, 2);
    claim = make_claim(&request, NOW, true);
    ck_assert_int_eq(claim.lines[0].set_aside, 2);
    wanted = adoption_for(&request);
    ck_assert_str_eq(adopt(&wanted, NOW), "");
    ck_assert_int_eq(tell("", ports_of(id, 0), &pools), 2);
    ck_assert_int_eq(count_items(ITEM_ADOPTED), 1);
    ck_assert_int_eq(count_items(ITEM_RELEASING), 2);
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].set_aside, 0);
    ck_assert_str_eq(adopt(&wanted, NOW), "no-item");
}
END_TEST

START_TEST(test_strange_ports_are_passed_over)
{
    struct ask ask;
    char id[ID_SIZE];
    int64_t pools;

    service_volume_ask(1, &ask);
    service_pool(&ask, 2, id);
    ck_assert_int_eq(tell("", ports_of(id, 0), &pools), 0);
    ck_assert_int_eq(pools, 0);
    ck_assert_int_eq(pool_by_id(id).ready, 2);
    text_make_uuid(ports[0]);
    ck_assert_int_eq(tell("", 1, &pools), 0);
    ck_assert_int_eq(tell(ports[0], 0, &pools), 0);
    ck_assert_int_eq(pools, 0);
}
END_TEST

/* An item that has no port yet is not taken for one by an empty place. */
START_TEST(test_items_without_a_port_stay)
{
    struct ask ask;
    char id[ID_SIZE];
    int64_t made, pools;
    const struct stock_limits wide = { .per_project = 100, .in_all = 100 };
    const struct pool_change change = { .floor = 3, .ceiling = -1, .target = -1, .state = -1 };

    service_port_ask(1, &ask);
    service_pool(&ask, 0, id);
    must(pool_change(service_store, id, &change, NOW, &error));
    must(pool_stock(service_store, id, &wide, NOW, &made, &error));
    must(query_run(service_store, "UPDATE items SET state = 'creating'", NO_VALUES, NULL, &error));
    text_make_uuid(ports[0]);
    ck_assert_int_eq(tell(ask.network_id, 1, &pools), 0);
    ck_assert_int_eq(pools, 1);
    ck_assert_int_eq(count_items(ITEM_CREATING), 3);
}
END_TEST

START_TEST(test_pools_of_the_network_keep_back)
{
    struct ask here, too, elsewhere;
    char ids[3][ID_SIZE];
    int64_t pools, made = -1;
    const struct stock_limits wide = { .per_project = 100, .in_all = 100 };

    service_port_ask(1, &here);
    service_port_ask(2, &too);
    service_port_ask(3, &elsewhere);
    text_copy(too.network_id, ID_SIZE, here.network_id);
    service_pool(&here, 2, ids[0]);
    service_pool(&too, 0, ids[1]);
    service_pool(&elsewhere, 1, ids[2]);
    must(pool_note_failure(service_store, ids[0], "Neutron said no", 1, NOW, &error));
    ck_assert_int_eq(tell(here.network_id, ports_of(ids[0], 0), &pools), 2);
    ck_assert_int_eq(pools, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pool_by_id(ids[i]).not_before_ms, LATER);
        ck_assert_str_eq(pool_by_id(ids[i]).last_error, "made way");
    }
    ck_assert_int_eq(pool_by_id(ids[2]).not_before_ms, 0);
    must(pool_stock(service_store, ids[0], &wide, LATER - 1, &made, &error));
    ck_assert_int_eq(made, 0);
    /* what was under way all the same does not end it; what comes after it does */
    must(pool_note_made(service_store, ids[0], 100, LATER - 1, &error));
    ck_assert_int_eq(pool_by_id(ids[0]).not_before_ms, LATER);
    must(pool_stock(service_store, ids[0], &wide, LATER, &made, &error));
    ck_assert_int_eq(made, 2);
    must(pool_note_made(service_store, ids[0], 100, LATER + 1, &error));
    ck_assert_str_eq(pool_by_id(ids[0]).last_error, "");
}
END_TEST

struct crowd {
    char pool_id[ID_SIZE];
    size_t count;
};

/* Half of the threads tell, half claim: no item ends in two hands. */
static void tell_or_claim(struct store *store, int index, void *context)
{
    const struct crowd *crowd = context;
    const struct yield yield = { .network_id = "", .port_ids = (const char (*)[ID_SIZE])ports,
                                 .port_count = crowd->count, .reason = "made way",
                                 .due_ms = NOW, .not_before_ms = LATER };
    struct claim_request request;
    struct claim claim;
    struct ask ask;
    int64_t items, pools;
    bool made;

    service_port_ask(1, &ask);
    if (index % 2) {
        must(yield_note(store, &yield, NOW, &items, &pools, &error));
        return;
    }
    request = request_for(index, &ask, 5);
    must(claim_make(store, &claims_options, &request, NOW, &claim, &made, &error));
}

START_TEST(test_claims_at_the_same_time)
{
    struct crowd crowd;
    struct ask ask;

    service_port_ask(1, &ask);
    service_pool(&ask, MANY, crowd.pool_id);
    crowd.count = ports_of(crowd.pool_id, 0);
    service_parallel(6, tell_or_claim, &crowd);
    ck_assert_int_eq(count_items(ITEM_RELEASING), MANY);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM items WHERE claim_id <> ''"), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM item_events"
                                    " WHERE to_state = 'releasing'"), MANY);
}
END_TEST

SERVICE_MAIN("yield", test_ports_in_the_way_are_released,
             test_what_a_claim_holds_goes_and_what_a_tenant_has_stays,
             test_strange_ports_are_passed_over, test_items_without_a_port_stay,
             test_pools_of_the_network_keep_back, test_claims_at_the_same_time)
