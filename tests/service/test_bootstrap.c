/* SPDX-License-Identifier: Apache-2.0 */
/* Items through their lives by real workers, while answers of the cloud are lost, late or bad. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/query.h"
#include "tests/service/rig.h"

static struct ask ask;
static char pool_id[ID_SIZE];

static struct pool pool_now(void)
{
    struct pool pool;

    must(pool_get(service_store, pool_id, &pool, &error));
    return pool;
}

static void begin_ports(int64_t floor)
{
    rig_open();
    service_port_ask(1, &ask);
    rig_pool(&ask, floor, pool_id);
}

static void begin_volumes(int64_t floor)
{
    rig_open();
    service_volume_ask(1, &ask);
    rig_pool(&ask, floor, pool_id);
}

static void end(void)
{
    rig_stop();
    rig_close();
}

START_TEST(ports_are_made_and_drained)
{
    begin_ports(20);
    rig_start();
    rig_wait(READY, 20);
    ck_assert_int_eq(fake_cloud_count("ports"), 20);
    ck_assert_int_gt(pool_now().lead_time_ms, 0);
    rig_change(pool_id, -1, POOL_DRAINING);
    rig_wait(GONE, 20);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    end();
}
END_TEST

START_TEST(a_lost_answer_makes_no_second_port)
{
    begin_ports(4);
    fake_cloud_say("fault lose 6 POST /network/v2.0/ports");
    rig_start();
    rig_wait(READY, 4);
    ck_assert_int_eq(fake_cloud_count("ports"), 4);
    ck_assert_int_eq(service_number("SELECT COUNT(DISTINCT resource_id) FROM items"
                                    " WHERE state = 'ready'"), 4);
    end();
}
END_TEST

static void check_offer(const struct item *item)
{
    char key[SEALED_SIZE];

    ck_assert_str_eq(fake_cloud_say("name %s", item->resource_id), "-");
    ck_assert_int_eq(unseal(&service_seal_key, item->id, item->sealed, item->sealed_length, key),
                     0);
    ck_assert_str_eq(fake_cloud_say("key %s", item->transfer_id), key);
}

static void check_offers(int64_t count)
{
    struct item items[8];
    size_t found = 0;

    must(item_list(service_store, NULL, 1u << ITEM_READY, "", 8, items, &found, &error));
    ck_assert_int_eq((int64_t)found, count);
    ck_assert_int_eq(fake_cloud_count("volumes"), count);
    ck_assert_int_eq(fake_cloud_count("transfers"), count);
    for (size_t i = 0; i < found; i++)
        check_offer(&items[i]);
}

START_TEST(volumes_are_offered_and_drained)
{
    begin_volumes(3);
    rig_start();
    rig_wait(READY, 3);
    check_offers(3);
    rig_change(pool_id, -1, POOL_DRAINING);
    rig_wait(GONE, 3);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    ck_assert_int_eq(fake_cloud_count("transfers"), 0);
    end();
}
END_TEST

/* Every call of a volume's way is lost once and carried out all the same. */
START_TEST(lost_answers_leave_volumes_whole)
{
    static const char *const calls[] = { "POST .*/volumes$", "PUT .*/volumes/",
                                         "POST .*/volume-transfers", "DELETE .*/volume-transfers",
                                         "DELETE .*/volumes/", "GET .*/volumes/" };

    begin_volumes(2);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        fake_cloud_say("fault lose 1 %s", calls[i]);
    rig_start();
    rig_wait(READY, 2);
    check_offers(2);
    rig_change(pool_id, -1, POOL_DRAINING);
    rig_wait(GONE, 2);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    end();
}
END_TEST

START_TEST(a_broken_volume_fails_and_is_removed)
{
    begin_volumes(1);
    fake_cloud_say("set outcome error");
    rig_start();
    rig_wait(FAILED, 1);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    ck_assert(strstr(rig_item(ITEM_FAILED).reason, "is error") != NULL);
    ck_assert_int_ge(pool_now().failures, 1);
    fake_cloud_say("set outcome available");
    rig_wait(READY, 1);
    rig_wait("SELECT MAX(failures) FROM pools", 0); /* noted a moment later */
    end();
}
END_TEST

START_TEST(a_quota_pauses_the_pool)
{
    struct pool pool;

    begin_ports(2);
    fake_cloud_say("fault 413 1000 POST /network/v2.0/ports");
    rig_start();
    rig_wait("SELECT COUNT(*) FROM pools WHERE failures > 0", 1);
    pool = pool_now();
    ck_assert_int_gt(pool.not_before_ms, clock_now_ms() + 10000);
    ck_assert_msg(strstr(pool.last_error, "uota") != NULL, "%s", pool.last_error);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    end();
}
END_TEST

START_TEST(attempts_have_an_end)
{
    begin_ports(1);
    rig_options.attempts = 2;
    fake_cloud_say("fault 503 1000 POST /network/v2.0/ports");
    rig_start();
    rig_wait(FAILED, 1);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    end();
}
END_TEST

START_TEST(encrypted_types_are_never_pooled)
{
    begin_volumes(1);
    fake_cloud_say("set encrypted 1");
    rig_start();
    rig_wait(FAILED, 1);
    ck_assert(strstr(rig_item(ITEM_FAILED).reason, "encrypted") != NULL);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    end();
}
END_TEST

START_TEST(an_image_that_is_not_active_is_not_used)
{
    begin_volumes(1);
    fake_cloud_say("set image deactivated");
    rig_start();
    rig_wait(FAILED, 1);
    ck_assert(strstr(rig_item(ITEM_FAILED).reason, "deactivated") != NULL);
    ck_assert_int_eq(fake_cloud_count("volumes"), 0);
    end();
}
END_TEST

START_TEST(the_last_addresses_are_left_to_tenants)
{
    begin_ports(10);
    rig_options.workers = 1;
    rig_options.free_addresses = 16;
    fake_cloud_say("set free 16");
    rig_start();
    rig_wait("SELECT COUNT(*) FROM pools WHERE last_error LIKE '%free addresses%'", 1);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    end();
}
END_TEST

START_TEST(a_paused_pool_makes_nothing)
{
    const struct timespec moment = { .tv_sec = 2 };

    begin_ports(3);
    rig_change(pool_id, -1, POOL_PAUSED);
    rig_start();
    nanosleep(&moment, NULL);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    rig_change(pool_id, -1, POOL_ACTIVE);
    rig_wait(READY, 3);
    end();
}
END_TEST

/* A claim was just made: its boot needs the services more than the pool does. */
static void claim_one(void)
{
    static struct claim_request request;
    struct claim claim;
    bool is_new;

    request = (struct claim_request){ .servers = 1, .wish_count = 1 };
    text_make_request_id(request.request_id);
    text_copy(request.project_id, ID_SIZE, ask.project_id);
    request.wishes[0] = (struct claim_wish){ .ask = ask, .count = 1 };
    must(claim_make(service_store, &rig_claim_options, &request, clock_now_ms(), &claim, &is_new,
                    &error));
}

START_TEST(making_yields_to_boots_and_not_for_ever)
{
    const struct timespec moment = { .tv_sec = 1 };
    int64_t began_ms;

    begin_ports(2);
    rig_options.yield_s = 600;
    rig_options.yield_most_s = 4;
    claim_one();
    began_ms = clock_now_ms();
    rig_start();
    nanosleep(&moment, NULL);
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    rig_wait(READY, 2);
    ck_assert_int_ge(clock_now_ms() - began_ms, 3500);
    end();
}
END_TEST

/* It ends claims, and that is all: the pool stays empty, the orphan is left alone. */
START_TEST(who_observes_leaves_the_cloud_alone)
{
    begin_ports(2);
    rig_options.observe = true;
    claim_one();
    must(query_run(service_store, "UPDATE claims SET expires_ms = 1", NO_VALUES, NULL, &error));
    fake_cloud_say("add-port %s", pool_id); /* an orphan, if anybody looked */
    rig_start();
    rig_wait("SELECT COUNT(*) FROM claims WHERE state = 'expired'", 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM items"), 0);
    ck_assert_int_eq(fake_cloud_count("ports"), 1);
    end();
}
END_TEST

/* A worker died: asked the cloud, noted nothing. */
START_TEST(what_a_dead_worker_began_is_finished)
{
    struct stock_limits limits = { 100, 100 };
    struct item item;
    int64_t now_ms = clock_now_ms(), made;

    begin_ports(1);
    must(pool_stock(service_store, pool_id, &limits, now_ms, &made, &error));
    must(item_lease(service_store, "dead", 2000, now_ms, &item, &error));
    must(item_note(service_store, item.id, "dead",
                   &(struct item_facts){ .holder_id = fake_cloud_say("project") }, &error));
    must(item_move(service_store, item.id, ITEM_WANTED, ITEM_CREATING, "dead", "test", now_ms,
                   &error));
    fake_cloud_say("add-port %s", item.id);
    rig_start();
    rig_wait(READY, 1);
    ck_assert_int_eq(fake_cloud_count("ports"), 1);
    ck_assert_str_eq(rig_item(ITEM_READY).id, item.id);
    end();
}
END_TEST

/* A hook took it over and the row is released all the same: it is the tenant's now. */
START_TEST(what_is_not_ours_is_not_removed)
{
    struct item item;

    begin_ports(0);
    rig_stock(&ask, 1, pool_id);
    item = rig_item(ITEM_READY);
    fake_cloud_say("take %s %s", item.resource_id, ask.project_id);
    rig_change(pool_id, -1, POOL_DRAINING);
    rig_start();
    rig_wait(GONE, 1);
    ck_assert_str_eq(fake_cloud_say("has %s", item.resource_id), "1");
    end();
}
END_TEST

SERVICE_MAIN("bootstrap", ports_are_made_and_drained, a_lost_answer_makes_no_second_port,
             volumes_are_offered_and_drained, lost_answers_leave_volumes_whole,
             a_broken_volume_fails_and_is_removed, a_quota_pauses_the_pool, attempts_have_an_end,
             encrypted_types_are_never_pooled, an_image_that_is_not_active_is_not_used,
             the_last_addresses_are_left_to_tenants, a_paused_pool_makes_nothing,
             making_yields_to_boots_and_not_for_ever,
             who_observes_leaves_the_cloud_alone,
             what_a_dead_worker_began_is_finished, what_is_not_ours_is_not_removed)
