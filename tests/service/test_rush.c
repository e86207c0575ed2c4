/* SPDX-License-Identifier: Apache-2.0 */
/* Claims and adoptions all at once: no item is ever handed out twice, and none is lost. */
#include "tests/service/claims.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"

/* ---- all at once ---- */

struct rush {
    struct ask ask;
    atomic_int next, set_aside, hits, misses;
    struct claim_request request; /* one for all, where they share it */
};

static void claim_body(struct store *store, int index, void *context)
{
    struct rush *rush = context;
    struct claim_request request;
    struct claim claim;
    bool is_new;
    int number;

    (void)index;
    while ((number = atomic_fetch_add(&rush->next, 1)) < 50) {
        request = request_for(number, &rush->ask, 1);
        must(claim_make(store, &claims_options, &request, NOW, &claim, &is_new, &error));
        ck_assert(is_new);
        atomic_fetch_add(&rush->set_aside, (int)claim.lines[0].set_aside);
    }
}

START_TEST(test_fifty_claims_at_once_over_twenty_items)
{
    struct rush rush = { .next = 0 };
    char pool[ID_SIZE];

    service_port_ask(1, &rush.ask);
    service_pool(&rush.ask, 20, pool);
    service_parallel(16, claim_body, &rush);
    ck_assert_int_eq(rush.set_aside, 20);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 20);
    ck_assert_int_eq(service_number("SELECT COUNT(DISTINCT claim_id) FROM items"), 20);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM claims"), 50);
}
END_TEST

static void same_claim_body(struct store *store, int index, void *context)
{
    struct rush *rush = context;
    struct claim claim;
    bool is_new;

    (void)index;
    must(claim_make(store, &claims_options, &rush->request, NOW, &claim, &is_new, &error));
    atomic_fetch_add(&rush->hits, is_new);
    ck_assert_int_eq(claim.lines[0].set_aside, 6);
}

START_TEST(test_one_claim_made_by_many_at_once)
{
    struct rush rush = { .next = 0 };
    char pool[ID_SIZE];

    service_port_ask(1, &rush.ask);
    service_pool(&rush.ask, 20, pool);
    rush.request = request_for(1, &rush.ask, 6);
    service_parallel(16, same_claim_body, &rush);
    ck_assert_int_eq(rush.hits, 1);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 6);
}
END_TEST

static void adopt_body(struct store *store, int index, void *context)
{
    struct rush *rush = context;
    struct adoption_request request = adoption_for(&rush->request);
    struct adoption adoption;
    struct item item;
    char key[SEALED_SIZE], reason[64];

    (void)index;
    for (int i = 0; i < 4; i++) {
        struct error error = { 0 };
        int r = claim_adopt(store, &service_seal_key, &request, NOW, &adoption, &item, key, reason,
                            &error);

        ck_assert_msg(r == 0 || r == -ENOENT, "%d %s", r, error.message);
        atomic_fetch_add(r == 0 ? &rush->hits : &rush->misses, 1);
    }
}

static void rush_adoptions(int64_t ready, int64_t wanted, int64_t later)
{
    struct rush rush = { .next = 0 };
    char pool[ID_SIZE];

    service_volume_ask(1, &rush.ask);
    service_pool(&rush.ask, ready, pool);
    rush.request = request_for(1, &rush.ask, wanted);
    make_claim(&rush.request, NOW, true);
    if (later)
        service_stock(pool, later);
    service_parallel(16, adopt_body, &rush);
    ck_assert_int_eq(rush.hits + rush.misses, 64);
    ck_assert_int_eq(rush.hits, wanted);
    ck_assert_int_eq(count_items(ITEM_ADOPTED), wanted);
    ck_assert_int_eq(service_number("SELECT COUNT(*) = COUNT(DISTINCT item_id) FROM adoptions"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM adoptions"), wanted);
    ck_assert_int_eq(service_number("SELECT state = 'settled' FROM claims"), 1);
}

START_TEST(test_many_adoptions_take_no_item_twice)
{
    rush_adoptions(40, 20, 0);
}
END_TEST

START_TEST(test_many_adoptions_take_no_more_than_their_right)
{
    rush_adoptions(5, 20, 30); /* most of them from what came later */
}
END_TEST

static void expire_body(struct store *store, int index, void *context)
{
    size_t count = 0;

    if (index % 2)
        adopt_body(store, index, context);
    else
        must(claim_expire(store, NOW + 300000, 10, &count, &error));
}

START_TEST(test_expiry_and_adoption_at_once)
{
    struct rush rush = { .next = 0 };
    char pool[ID_SIZE];

    service_port_ask(1, &rush.ask);
    service_pool(&rush.ask, 20, pool);
    rush.request = request_for(1, &rush.ask, 20);
    make_claim(&rush.request, NOW, true);
    service_parallel(16, expire_body, &rush);
    ck_assert_int_eq(count_items(ITEM_ADOPTED), rush.hits);
    ck_assert_int_eq(count_items(ITEM_READY), 20 - rush.hits);
    ck_assert_int_eq(count_items(ITEM_CLAIMED), 0);
}
END_TEST

/* Not a benchmark: a bound that only a wrong plan breaks (a table read as a whole, a lock waited
 * for). */
START_TEST(test_claim_and_adoption_take_milliseconds)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE];
    int64_t begun_ms;

    service_port_ask(1, &ask);
    service_pool(&ask, 60, pool);
    begun_ms = clock_monotonic_ms();
    for (int i = 0; i < 50; i++) {
        request = request_for(i, &ask, 1);
        make_claim(&request, NOW, true);
        adoption = adoption_for(&request);
        ck_assert_str_eq(adopt(&adoption, NOW), "");
    }
    ck_assert_int_lt(clock_monotonic_ms() - begun_ms, 50 * 40);
    printf("claim and adoption: %.2f ms together\n",
           (double)(clock_monotonic_ms() - begun_ms) / 50);
}
END_TEST

SERVICE_MAIN("rush", test_fifty_claims_at_once_over_twenty_items,
             test_one_claim_made_by_many_at_once, test_many_adoptions_take_no_item_twice,
             test_many_adoptions_take_no_more_than_their_right, test_expiry_and_adoption_at_once,
             test_claim_and_adoption_take_milliseconds)
