/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and cloud that differ, in both directions, and what one reconciliation makes of it. */
#include <string.h>

#include "base/clock.h"
#include "store/image_host.h"
#include "store/image_pool.h"
#include "tests/service/claims.h"
#include "tests/service/rig.h"

static struct ask ask;
static char pool_id[ID_SIZE];

static struct reconciliation compare_at(int64_t now_ms)
{
    auto_client *client = NULL;
    struct reconciliation found;

    must(client_open(rig_bootstrap.cloud, &client, &error));
    must(reconcile(&rig_bootstrap, service_store, client, now_ms, &found, &error));
    return found;
}

static void check_found(int64_t orphans, int64_t lost, int64_t stale, int64_t settled)
{
    struct reconciliation found = compare_at(clock_now_ms());

    ck_assert_int_eq(found.orphans_removed, orphans);
    ck_assert_int_eq(found.lost_items, lost);
    ck_assert_int_eq(found.stale_items, stale);
    ck_assert_int_eq(found.settled, settled);
}

static void begin(enum kind kind, int64_t count)
{
    rig_open();
    service_ask(kind, 1, &ask);
    rig_stock(&ask, count, pool_id);
}

START_TEST(what_agrees_is_left_alone)
{
    begin(KIND_PORT, 3);
    check_found(0, 0, 0, 0);
    service_volume_ask(2, &ask);
    rig_pool(&ask, 2, pool_id);
    rig_start();
    rig_wait(READY, 5);
    rig_stop();
    check_found(0, 0, 0, 0);
    rig_close();
}
END_TEST

START_TEST(orphans_are_removed_and_strangers_left)
{
    char id[ID_SIZE];

    begin(KIND_VOLUME, 1);
    text_make_uuid(id);
    fake_cloud_say("add-port %s", id);
    fake_cloud_say("add-port %s compute:nova", id);
    fake_cloud_say("add-volume %s available", id);
    fake_cloud_say("add-volume - awaiting-transfer");
    fake_cloud_say("add-volume someones available");
    check_found(3, 0, 0, 0);
    ck_assert_int_eq(fake_cloud_count("ports"), 1);
    ck_assert_int_eq(fake_cloud_count("transfers"), 1);
    rig_close();
}
END_TEST

/* Another process asked for it this moment, and has not heard yet. */
START_TEST(what_is_being_made_is_no_orphan)
{
    struct stock_limits limits = { 100, 100 };
    struct item item;
    int64_t now_ms = clock_now_ms(), made;

    rig_open();
    service_port_ask(1, &ask);
    rig_pool(&ask, 1, pool_id);
    must(pool_stock(service_store, pool_id, &limits, now_ms, &made, &error));
    must(item_lease(service_store, "other", 60000, now_ms, &item, &error));
    must(item_move(service_store, item.id, ITEM_WANTED, ITEM_CREATING, "other", "test", now_ms,
                   &error));
    fake_cloud_say("add-port %s", item.id);
    check_found(0, 0, 0, 0);
    ck_assert_int_eq(fake_cloud_count("ports"), 1);
    rig_close();
}
END_TEST

START_TEST(the_second_of_two_is_an_orphan)
{
    struct item item;

    begin(KIND_PORT, 1);
    item = rig_item(ITEM_READY);
    fake_cloud_say("add-port %s", item.id);
    check_found(1, 0, 0, 0);
    ck_assert_str_eq(fake_cloud_say("has %s", item.resource_id), "1");
    rig_close();
}
END_TEST

/* Lets the workers do what the reconciliation ordered. */
static void let_work(const char *sql, int64_t number)
{
    rig_start();
    rig_wait(sql, number);
    rig_wait(UNDER_WAY, 0);
    rig_stop();
}

START_TEST(items_without_resource_are_replaced)
{
    begin(KIND_PORT, 3);
    fake_cloud_say("drop %s", rig_item(ITEM_READY).resource_id);
    check_found(0, 1, 0, 0);
    let_work(READY, 3);
    ck_assert_int_eq(fake_cloud_count("ports"), 3);
    ck_assert_int_eq(service_number(GONE), 1);
    check_found(0, 0, 0, 0);
    rig_close();
}
END_TEST

START_TEST(an_offer_that_is_not_ours_is_ended)
{
    struct item item;

    begin(KIND_VOLUME, 1);
    item = rig_item(ITEM_READY);
    fake_cloud_say("reoffer %s", item.resource_id);
    check_found(0, 1, 0, 0);
    let_work(READY, 1);
    ck_assert_int_eq(fake_cloud_count("volumes"), 1);
    ck_assert_int_eq(fake_cloud_count("transfers"), 1);
    ck_assert_str_eq(fake_cloud_say("has %s", item.resource_id), "0");
    rig_close();
}
END_TEST

START_TEST(stale_items_are_replaced)
{
    begin(KIND_PORT, 2);
    fake_cloud_say("set subnets 2");
    check_found(0, 0, 2, 0);
    let_work(READY, 2);
    check_found(0, 0, 0, 0);
    rig_close();
}
END_TEST

/* Each thing that a fingerprint holds, changed by itself. */
static void goes_stale(enum kind kind, const char *change, int64_t made_anew, const char *why)
{
    struct item item;

    begin(kind, 1);
    item = rig_item(ITEM_READY);
    fake_cloud_say("%s", change);
    check_found(0, 0, 1, 0);
    must(item_get(service_store, item.id, &item, &error));
    ck_assert_int_eq(item.state, ITEM_RELEASING);
    ck_assert_msg(strstr(item.reason, why) != NULL, "%s: %s", change, item.reason);
    rig_start();
    rig_wait(GONE, 1);
    rig_wait(READY, made_anew);
    rig_stop();
    rig_close();
}

START_TEST(a_change_of_the_type_is_seen)
{
    goes_stale(KIND_VOLUME, "set specs other", 1, "stale");
}
END_TEST

START_TEST(a_change_of_the_images_audience_is_seen)
{
    begin(KIND_VOLUME, 1);
    fake_cloud_say("set visibility shared");
    check_found(0, 0, 1, 0);
    let_work(READY, 1);
    fake_cloud_say("set member c");
    check_found(0, 0, 1, 0);
    rig_close();
}
END_TEST

START_TEST(an_image_that_needs_more_disk_is_seen)
{
    goes_stale(KIND_VOLUME, "set min_disk 2", 0, "does not fit");
}
END_TEST

START_TEST(a_disabled_project_is_seen)
{
    goes_stale(KIND_PORT, "set project disabled", 0, "is disabled");
}
END_TEST

START_TEST(a_deleted_project_is_seen)
{
    goes_stale(KIND_PORT, "set project deleted", 0, "could not be found");
}
END_TEST

START_TEST(a_network_that_is_not_shared_any_more_is_seen)
{
    goes_stale(KIND_PORT, "set shared 0", 0, "is not shared with project");
}
END_TEST

/* It would be handed out all the same, were the adoption as trusting as this. */
START_TEST(claimed_items_go_stale_too)
{
    struct claim_request request;

    begin(KIND_PORT, 1);
    request = request_for(1, &ask, 1);
    make_claim(&request, clock_now_ms(), true);
    fake_cloud_say("set subnets 2");
    check_found(0, 0, 1, 0);
    rig_close();
}
END_TEST

/* What an image pool counts as ready are hosts; there is no resource of ours to compare. */
START_TEST(images_that_are_warm_on_hosts_are_left_alone)
{
    struct image_answer answer = { .cached = true, .at_ms = clock_now_ms() };
    struct aggregate_host member = { .aggregate_id = 7, .name = "seven", .host = "host1" };
    struct image_key key = { .aggregate_id = 7 };

    rig_open();
    text_make_uuid(key.image_id);
    text_copy(answer.image_id, sizeof(answer.image_id), key.image_id);
    text_copy(answer.host, sizeof(answer.host), "host1");
    must(aggregate_hosts_put(service_store, &member, 1, clock_now_ms(), &error));
    must(image_hosts_answered(service_store, &answer, 1, &error));
    must(image_pool_begin(service_store, &key, 1, clock_now_ms(), pool_id, &error));
    check_found(0, 0, 0, 0);
    rig_close();
}
END_TEST

START_TEST(items_of_an_image_that_is_not_active_go)
{
    begin(KIND_VOLUME, 1);
    fake_cloud_say("set image deactivated");
    check_found(0, 0, 1, 0);
    ck_assert(strstr(rig_item(ITEM_RELEASING).reason, "deactivated") != NULL);
    rig_close();
}
END_TEST

/* The hook died after it was given the item: whoever owns it now tells how it ended. */
static void adopt_one(bool taken)
{
    struct claim_request request = request_for(1, &ask, 1);
    struct adoption_request adoption;
    int64_t now_ms = clock_now_ms();

    make_claim(&request, now_ms, true);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, now_ms), "");
    if (taken)
        fake_cloud_say("take %s %s", adopted.resource_id, request.project_id);
}

static void check_settled(enum adoption_state state)
{
    struct reconciliation found = compare_at(clock_now_ms());
    struct adoption adoption;

    ck_assert_int_eq(found.settled, 0); /* the hook may still be at it */
    found = compare_at(clock_now_ms() + 61000);
    ck_assert_int_eq(found.settled, 1);
    must(adoption_get(service_store, adopted.id, &adoption, &error));
    ck_assert_msg(adoption.state == state, "%s: %s", adoption_state_name(adoption.state),
                  adoption.reason);
}

START_TEST(an_adoption_that_happened_is_done)
{
    begin(KIND_PORT, 1);
    adopt_one(true);
    check_settled(ADOPTION_DONE);
    ck_assert_str_eq(fake_cloud_say("has %s", adopted.resource_id), "1");
    rig_item(ITEM_ADOPTED);
    rig_close();
}
END_TEST

START_TEST(an_adoption_that_did_not_happen_is_undone)
{
    begin(KIND_VOLUME, 1);
    adopt_one(false);
    check_settled(ADOPTION_FAILED);
    rig_change(pool_id, 0, -1);
    let_work(GONE, 1);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    ck_assert_int_eq(fake_cloud_count("transfers"), 0);
    rig_close();
}
END_TEST

/* Neutron denies for a moment what it has. */
START_TEST(what_is_denied_once_is_not_lost)
{
    begin(KIND_PORT, 2);
    fake_cloud_say("fault deny 1 GET /network/v2.0/ports.project_id");
    fake_cloud_say("fault deny 1 GET /network/v2.0/ports/");
    fake_cloud_say("fault deny 1 GET /network/v2.0/security-groups");
    check_found(0, 0, 0, 0);
    ck_assert_int_eq(service_number(READY), 2);
    rig_close();
}
END_TEST

START_TEST(a_cloud_that_is_away_changes_nothing)
{
    auto_client *client = NULL;
    struct reconciliation found;
    struct error why = { 0 };

    begin(KIND_PORT, 2);
    fake_cloud_say("fault 503 1000 .");
    must(client_open(rig_bootstrap.cloud, &client, &error));
    ck_assert_int_lt(reconcile(&rig_bootstrap, service_store, client, clock_now_ms(), &found,
                               &why), 0);
    ck_assert_int_gt((int)strlen(why.message), 0);
    ck_assert_int_eq(service_number(READY), 2);
    fake_cloud_say("heal");
    check_found(0, 0, 0, 0);
    rig_close();
}
END_TEST

SERVICE_MAIN("reconcile", what_agrees_is_left_alone, orphans_are_removed_and_strangers_left,
             what_is_being_made_is_no_orphan, the_second_of_two_is_an_orphan,
             items_without_resource_are_replaced, an_offer_that_is_not_ours_is_ended,
             stale_items_are_replaced, images_that_are_warm_on_hosts_are_left_alone,
             items_of_an_image_that_is_not_active_go, a_change_of_the_type_is_seen,
             a_change_of_the_images_audience_is_seen, an_image_that_needs_more_disk_is_seen,
             a_disabled_project_is_seen, a_deleted_project_is_seen,
             a_network_that_is_not_shared_any_more_is_seen, claimed_items_go_stale_too,
             what_is_denied_once_is_not_lost, an_adoption_that_happened_is_done,
             an_adoption_that_did_not_happen_is_undone,
             a_cloud_that_is_away_changes_nothing)
