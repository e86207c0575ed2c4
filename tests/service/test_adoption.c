/* SPDX-License-Identifier: Apache-2.0 */
/* Adoptions: who gets an item, who does not, and what becomes of it. */
#include "tests/service/claims.h"

#include <errno.h>

#include "store/demand.h"
#include "store/query.h"

/* ---- who gets nothing ---- */

START_TEST(test_only_the_claims_owner_adopts)
{
    struct claim_request request;
    struct adoption_request adoption, forged;
    struct ask ask, other;
    char pool[ID_SIZE];

    service_volume_ask(1, &ask);
    service_volume_ask(2, &other);
    service_pool(&ask, 3, pool);
    request = request_for(1, &ask, 1);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW), "no-claim");
    make_claim(&request, NOW, true);
    forged = adoption;
    text_copy(forged.project_id, ID_SIZE, other.project_id); /* another project */
    ck_assert_str_eq(adopt(&forged, NOW), "no-claim");
    text_copy(forged.ask.project_id, ID_SIZE, other.project_id);
    ck_assert_str_eq(adopt(&forged, NOW), "no-claim");
    forged = adoption;
    text_copy(forged.request_id, REQUEST_ID_SIZE, "req-00000000-0000-4000-8000-000000000002");
    ck_assert_str_eq(adopt(&forged, NOW), "no-claim");
    forged = adoption;
    text_copy(forged.ask.image_id, ID_SIZE, other.image_id); /* another image */
    ck_assert_str_eq(adopt(&forged, NOW), "no-right");
    forged = adoption;
    forged.ask.size = 2;
    ck_assert_str_eq(adopt(&forged, NOW), "no-right");
    ck_assert_int_eq(count_items(ITEM_ADOPTED), 0);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_str_eq(adopt(&adoption, NOW), "no-right"); /* all of it is taken */
}
END_TEST

/* ---- adoptions ---- */

START_TEST(test_adoption_hands_over_a_volume)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct demand demand;
    struct claim claim;
    struct adoption read;
    struct item item;
    struct ask ask;
    char pool[ID_SIZE];
    size_t count = 0;

    service_volume_ask(1, &ask);
    service_pool(&ask, 2, pool);
    request = request_for(1, &ask, 1);
    claim = make_claim(&request, NOW, true);
    adoption = adoption_for(&request);
    text_copy(adoption.instance_id, ID_SIZE, "");
    ck_assert_str_eq(adopt(&adoption, NOW + 5), "");
    ck_assert_str_eq(auth_key, "secret");
    ck_assert_str_eq(adopted.claim_id, claim.id);
    ck_assert_str_eq(adopted.pool_id, pool);
    ck_assert_str_eq(adopted.resource_id, adopted_item.resource_id);
    ck_assert_int_eq(adopted_item.state, ITEM_ADOPTED);
    ck_assert_str_ne(adopted_item.transfer_id, "");
    must(item_get(service_store, adopted.item_id, &item, &error));
    ck_assert_int_eq(item.state, ITEM_ADOPTED);
    ck_assert_str_eq(item.project_id, ask.project_id);
    ck_assert_uint_eq(item.sealed_length, 0); /* forgotten */
    must(adoption_get(service_store, adopted.id, &read, &error));
    ck_assert_int_eq(read.state, ADOPTION_BEGUN);
    ck_assert_str_eq(read.item_id, item.id);
    must(demand_list(service_store, pool, ask.project_id, 0, 1, &demand, &count, &error));
    ck_assert_uint_eq(count, 0); /* it may come to nothing yet */
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, "", NOW + 255, &error));
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, "", NOW + 900, &error));
    must(demand_list(service_store, pool, ask.project_id, 0, 1, &demand, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(demand.outcome, OUTCOME_HIT);
    ck_assert_int_eq(demand.at_ms, NOW + 5);
    ck_assert_double_eq_tol(demand.seconds, 0.25, 1e-9);
    ck_assert_int_eq(claim_by_id(claim.id).state, CLAIM_SETTLED);
}
END_TEST

START_TEST(test_adoption_takes_what_came_later)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE];

    service_port_ask(1, &ask);
    request = request_for(1, &ask, 2);
    adoption = adoption_for(&request);
    make_claim(&request, NOW, true);
    ck_assert_str_eq(adopt(&adoption, NOW), "no-item"); /* no pool */
    service_pool(&ask, 0, pool);
    ck_assert_str_eq(adopt(&adoption, NOW), "no-item"); /* an empty one */
    service_stock(pool, 5);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_str_eq(adopted_item.instance_id, adoption.instance_id);
    ck_assert_str_eq(auth_key, "");
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_str_eq(adopt(&adoption, NOW), "no-right");
    ck_assert_int_eq(count_items(ITEM_READY), 3);
}
END_TEST

START_TEST(test_key_that_does_not_open_is_never_given)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE], reason[64];
    const struct seal_key wrong = { { 9 } };

    service_volume_ask(1, &ask);
    service_pool(&ask, 1, pool);
    request = request_for(1, &ask, 1);
    adoption = adoption_for(&request);
    make_claim(&request, NOW, true);
    must_fail(-EBADMSG, claim_adopt(service_store, &wrong, &adoption, NOW, &adopted, &adopted_item,
                                    auth_key, reason, &error));
    ck_assert_int_eq(count_items(ITEM_RELEASING), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM adoptions"), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM demand"), 0);
}
END_TEST

START_TEST(test_item_is_adopted_once_says_the_database)
{
    struct adoption twice = { .kind = KIND_PORT };

    text_copy(twice.id, ID_SIZE, "1");
    text_copy(twice.item_id, ID_SIZE, "item");
    must(adoption_row_insert(service_store, &twice, &error));
    text_copy(twice.id, ID_SIZE, "2");
    must_fail(-EEXIST, adoption_row_insert(service_store, &twice, &error));
    must(adoption_row_finish(service_store, "1", ADOPTION_RETURNED, "", 1, &error));
    must(adoption_row_insert(service_store, &twice, &error));
}
END_TEST

/* ---- the hook's word ---- */

static struct claim begin_adoption(enum kind kind)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct claim claim;
    struct ask ask;
    char pool[ID_SIZE];

    service_ask(kind, 1, &ask);
    service_pool(&ask, 1, pool);
    request = request_for(1, &ask, 1);
    claim = make_claim(&request, NOW, true);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_int_eq(claim_by_id(claim.id).state, CLAIM_SETTLED);
    return claim;
}

static enum item_state state_of_adopted(void)
{
    struct item item;

    must(item_get(service_store, adopted.item_id, &item, &error));
    return item.state;
}

START_TEST(test_done)
{
    struct adoption read;

    begin_adoption(KIND_PORT);
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, NULL, NOW + 9, &error));
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, NULL, NOW + 10, &error));
    must_fail(-ESTALE, adoption_finish(service_store, adopted.id, ADOPTION_FAILED, "", NOW + 10,
                                       &error));
    must(adoption_get(service_store, adopted.id, &read, &error));
    ck_assert_int_eq(read.finished_ms, NOW + 9);
    ck_assert_int_eq(state_of_adopted(), ITEM_ADOPTED);
}
END_TEST

START_TEST(test_failed)
{
    struct claim claim = begin_adoption(KIND_PORT);

    must(adoption_finish(service_store, adopted.id, ADOPTION_FAILED, "quota", NOW + 9, &error));
    ck_assert_int_eq(state_of_adopted(), ITEM_RELEASING);
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].taken, 1);
    must_fail(-EINVAL, adoption_finish(service_store, adopted.id, ADOPTION_BEGUN, "", 1, &error));
    must_fail(-ENOENT, adoption_finish(service_store, "nothing", ADOPTION_DONE, "", 1, &error));
}
END_TEST

START_TEST(test_returned_port_is_ready_again)
{
    struct claim claim = begin_adoption(KIND_PORT);
    struct adoption_request adoption = { 0 };
    char first[ID_SIZE];

    text_copy(first, ID_SIZE, adopted.item_id);
    must(adoption_finish(service_store, adopted.id, ADOPTION_RETURNED, "late", NOW + 9, &error));
    ck_assert_int_eq(state_of_adopted(), ITEM_READY);
    claim = claim_by_id(claim.id);
    ck_assert_int_eq(claim.state, CLAIM_OPEN);
    ck_assert_int_eq(claim.lines[0].taken, 0);
    service_port_ask(1, &adoption.ask);
    text_copy(adoption.project_id, ID_SIZE, claim.project_id);
    text_copy(adoption.request_id, REQUEST_ID_SIZE, claim.request_id);
    ck_assert_str_eq(adopt(&adoption, NOW + 10), "");
    ck_assert_str_eq(adopted.item_id, first);
}
END_TEST

START_TEST(test_returned_volume_is_released)
{
    struct claim claim = begin_adoption(KIND_VOLUME);

    must(adoption_finish(service_store, adopted.id, ADOPTION_RETURNED, "late", NOW + 9, &error));
    ck_assert_int_eq(state_of_adopted(), ITEM_RELEASING);
    ck_assert_int_eq(claim_by_id(claim.id).state, CLAIM_OPEN);
    ck_assert_int_eq(claim_by_id(claim.id).lines[0].taken, 0);
}
END_TEST

START_TEST(test_adoptions_without_word_are_found)
{
    struct adoption list[2];
    size_t count = 9;

    begin_adoption(KIND_PORT);
    must(adoption_list(service_store, ADOPTION_BEGUN, NOW, "", 2, list, &count, &error));
    ck_assert_uint_eq(count, 0);
    must(adoption_list(service_store, ADOPTION_BEGUN, NOW + 1, "", 2, list, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(list[0].id, adopted.id);
    must(adoption_list(service_store, -1, 0, adopted.id, 2, list, &count, &error));
    ck_assert_uint_eq(count, 0);
}
END_TEST

SERVICE_MAIN("adoption", test_only_the_claims_owner_adopts, test_adoption_hands_over_a_volume,
             test_adoption_takes_what_came_later, test_key_that_does_not_open_is_never_given,
             test_item_is_adopted_once_says_the_database, test_done, test_failed,
             test_returned_port_is_ready_again, test_returned_volume_is_released,
             test_adoptions_without_word_are_found)
