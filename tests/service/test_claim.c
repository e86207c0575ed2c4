/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: what is set aside, topped up and given back. */
#include "tests/service/claims.h"

#include <errno.h>
#include <string.h>

static void set_pool_state(const char *id, enum pool_state state)
{
    const struct pool_change change = { .floor = -1, .ceiling = -1, .target = -1,
                                        .state = (int)state };

    must(pool_change(service_store, id, &change, NOW, &error));
}

START_TEST(test_claim_sets_the_oldest_aside)
{
    struct claim_request request;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 5, pool);
    request = request_for(1, &ask, 2);
    text_copy(request.flavor_id, NAME_SIZE, "m1");
    claim = make_claim(&request, NOW, true);
    ck_assert_uint_eq(claim.line_count, 1);
    ck_assert_int_eq(claim.lines[0].wanted, 2);
    ck_assert_int_eq(claim.lines[0].set_aside, 2);
    ck_assert_str_eq(claim.lines[0].pool_id, pool);
    ck_assert_str_eq(claim.lines[0].reason, "");
    ck_assert_int_eq(claim.expires_ms, NOW + 300000);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 2);
    ck_assert_int_eq(service_number("SELECT MAX(a.ready_ms) < MIN(b.ready_ms) FROM items a, items b"
                                    " WHERE a.state = 'claimed' AND b.state = 'ready'"), 1);
    ck_assert_str_eq(claim_by_id(claim.id).flavor_id, "m1");
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].set_aside, 2);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM item_events WHERE to_state = 'claimed'"
                                    " AND from_state = 'ready'"), 2);
}
END_TEST

START_TEST(test_repeated_claim_is_the_same)
{
    struct claim_request request, more;
    struct claim first, second;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 5, pool);
    request = request_for(1, &ask, 2);
    first = make_claim(&request, NOW, true);
    more = request;
    more.wishes[0].count = 5; /* the first call's wish counts */
    second = make_claim(&more, NOW + 1000, false);
    ck_assert_str_eq(first.id, second.id);
    ck_assert_int_eq(second.lines[0].wanted, 2);
    ck_assert_int_eq(second.lines[0].set_aside, 2);
    ck_assert_int_eq(second.expires_ms, first.expires_ms);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 2);
}
END_TEST

START_TEST(test_short_claim_is_topped_up)
{
    struct claim_request request;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 20, pool);
    request = request_for(1, &ask, 40);
    claim = make_claim(&request, NOW, true);
    ck_assert_int_eq(claim.lines[0].set_aside, 20);
    ck_assert_str_eq(claim.lines[0].reason, "no-item");
    service_stock(pool, 30);
    claim = make_claim(&request, NOW + 1, false);
    ck_assert_int_eq(claim.lines[0].set_aside, 40);
    ck_assert_str_eq(claim.lines[0].reason, "");
    ck_assert_str_eq(claim_by_id(claim.id).lines[0].reason, "");
    ck_assert_int_eq(count_items(ITEM_READY), 10);
}
END_TEST

START_TEST(test_claim_on_no_pool_finds_it_later)
{
    struct claim_request request;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    request = request_for(1, &ask, 1);
    claim = make_claim(&request, NOW, true);
    ck_assert_str_eq(claim.lines[0].reason, "no-pool");
    ck_assert_str_eq(claim.lines[0].pool_id, "");
    service_pool(&ask, 1, pool);
    claim = make_claim(&request, NOW, false);
    ck_assert_str_eq(claim.lines[0].pool_id, pool);
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].set_aside, 1);
}
END_TEST

START_TEST(test_equal_wishes_are_one_line)
{
    struct claim_request request;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];
    bool is_new;

    service_port_ask(1, &ask);
    service_pool(&ask, 3, pool);
    request = request_for(1, &ask, 1);
    request.wishes[request.wish_count++] = request.wishes[0];
    claim = make_claim(&request, NOW, true);
    ck_assert_uint_eq(claim.line_count, 1);
    ck_assert_int_eq(claim.lines[0].set_aside, 2);
    request.wishes[0].count = 0;
    must_fail(-EINVAL, claim_make(service_store, &claims_options, &request, NOW, &claim, &is_new,
                                  &error));
}
END_TEST

START_TEST(test_two_asks_of_one_pool_keep_apart)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct claim claim;
    struct ask ask, other;
    struct key key;
    char pool[ID_SIZE], same[ID_SIZE];

    service_volume_ask(1, &ask);
    service_pool(&ask, 3, pool);
    other = ask;
    text_copy(other.zone, NAME_SIZE, "nova");
    service_key_of(&ask, &key);
    must(pool_learn(service_store, &other, &key,
                    &(struct pool_defaults){ .ceiling = 9, .pools_per_project = 9 }, NOW, same,
                    &error));
    ck_assert_str_eq(pool, same);
    request = request_for(1, &ask, 2);
    request.wishes[request.wish_count++] = (struct claim_wish){ .ask = other, .count = 2 };
    claim = make_claim(&request, NOW, true);
    ck_assert_int_eq(claim.lines[0].set_aside, 2);
    ck_assert_int_eq(claim.lines[1].set_aside, 1);
    adoption = adoption_for(&request);
    adoption.ask = other;
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_str_eq(adopt(&adoption, NOW), "no-item"); /* not the other line's */
    claim = claim_by_id(claim.id);
    ck_assert_int_eq(claim.lines[0].set_aside, 2);
    ck_assert_int_eq(claim.lines[1].taken, 1);
}
END_TEST

START_TEST(test_paused_hands_out_draining_does_not)
{
    struct claim_request request, second;
    struct adoption_request adoption;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 3, pool);
    set_pool_state(pool, POOL_PAUSED);
    request = request_for(1, &ask, 2);
    ck_assert_int_eq(make_claim(&request, NOW, true).lines[0].set_aside, 2);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    second = request_for(2, &ask, 9);
    ck_assert_str_eq(make_claim(&second, NOW, true).lines[0].reason, "paused");
    set_pool_state(pool, POOL_DRAINING);
    ck_assert_str_eq(adopt(&adoption, NOW), "draining");
    second = request_for(3, &ask, 1);
    claim = make_claim(&second, NOW, true);
    ck_assert_str_eq(claim.lines[0].reason, "draining");
    ck_assert_int_eq(claim.lines[0].set_aside, 0);
}
END_TEST

START_TEST(test_expired_claim_gives_back)
{
    struct claim_request request, later;
    struct adoption_request adoption;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];
    size_t count = 9;

    service_port_ask(1, &ask);
    service_pool(&ask, 20, pool);
    request = request_for(1, &ask, 18);
    later = request_for(2, &ask, 1);
    claim = make_claim(&request, NOW, true);
    make_claim(&later, NOW + 1000, true);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    must(claim_expire(service_store, NOW + 299999, 10, &count, &error));
    ck_assert_uint_eq(count, 0);
    must(claim_expire(service_store, NOW + 300000, 10, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(count_items(ITEM_READY), 18);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 1);
    ck_assert_int_eq(count_items(ITEM_ADOPTED), 1);
    ck_assert_int_eq(claim_by_id(claim.id).state, CLAIM_EXPIRED);
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].taken, 1);
    ck_assert_str_eq(adopt(&adoption, NOW), "no-claim");
    claim = make_claim(&request, NOW + 300001, false); /* it stays expired */
    ck_assert_int_eq(claim.state, CLAIM_EXPIRED);
    ck_assert_int_eq(claim.lines[0].set_aside, 0);
    must(claim_expire(service_store, NOW + 999999999, 1, &count, &error));
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(test_time_over_is_enough)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 1, pool);
    request = request_for(1, &ask, 1);
    adoption = adoption_for(&request);
    make_claim(&request, NOW, true);
    ck_assert_str_eq(adopt(&adoption, NOW + 300000), "no-claim");
    ck_assert_str_eq(adopt(&adoption, NOW + 299999), "");
}
END_TEST

static bool under_way(int64_t since_ms)
{
    bool yes = false;

    must(claim_under_way(service_store, &claims_options, since_ms, &yes, &error));
    return yes;
}

START_TEST(test_boots_are_under_way)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 1, pool);
    ck_assert(!under_way(NOW - 3000));
    request = request_for(1, &ask, 1);
    make_claim(&request, NOW, true);
    ck_assert(under_way(NOW + 100000)); /* however long ago: its item waits */
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW + 1000), "");
    ck_assert(under_way(NOW - 1));
    ck_assert(!under_way(NOW));
}
END_TEST

START_TEST(test_claims_are_listed)
{
    struct claim claims[4];
    struct claim_request request;
    struct ask ask;
    size_t count = 0;

    for (int i = 1; i <= 3; i++) {
        service_port_ask(i == 3 ? 2 : 1, &ask);
        request = request_for(i, &ask, i);
        make_claim(&request, NOW, true);
    }
    must(claim_list(service_store, NULL, -1, "", 2, claims, &count, &error));
    ck_assert_uint_eq(count, 2);
    must(claim_list(service_store, NULL, CLAIM_OPEN, claims[1].id, 4, claims, &count, &error));
    ck_assert_uint_eq(count, 1);
    must(claim_list(service_store, ask.project_id, -1, "", 4, claims, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(claims[0].lines[0].wanted, 3);
    must(claim_list(service_store, NULL, CLAIM_SETTLED, "", 4, claims, &count, &error));
    ck_assert_uint_eq(count, 0);
    must_fail(-ENOENT, claim_get(service_store, "nothing", claims, &error));
}
END_TEST

SERVICE_MAIN("claim", test_claim_sets_the_oldest_aside, test_repeated_claim_is_the_same,
             test_short_claim_is_topped_up, test_claim_on_no_pool_finds_it_later,
             test_equal_wishes_are_one_line, test_two_asks_of_one_pool_keep_apart,
             test_paused_hands_out_draining_does_not, test_expired_claim_gives_back,
             test_time_over_is_enough, test_boots_are_under_way, test_claims_are_listed)
