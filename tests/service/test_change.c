/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that the bus tells of: noted once, looked at at once, and no more than hints. */
#include <string.h>

#include "base/clock.h"
#include "bootstrap/inspect.h"
#include "bus/decode.h"
#include "role/sink.h"
#include "store/change.h"
#include "store/query.h"
#include "tests/service/rig.h"

#define CHANGES "SELECT COUNT(*) FROM changes"

static struct ask ask;
static struct key key;
static char pool_id[ID_SIZE];

/* Takes a message as the listener would: the payload is 'before', the id, 'behind'. */
static void tell(const char *type, const char *before, const char *id, const char *behind)
{
    static struct boot_event event;
    auto_strbuf body = STRBUF_INIT(4096);
    struct harvest harvest = { .events = &event, .count = 1, .pool_project = "",
                               .now_ms = clock_now_ms() };

    strbuf_add_format(&body, "{\"event_type\": \"%s\", \"payload\": %s\"%s\"%s, \"timestamp\": "
                      "\"2026-11-24 07:29:21.000000\", \"message_id\": \"x\"}",
                      type, before, id, behind);
    ck_assert_int_eq(bus_decode(strbuf_text(&body), body.length, &event, NULL), 1);
    must(sinks_take(service_store, &harvest, &error));
}

static void tell_of_subnet(const char *type)
{
    tell(type, "{\"subnet\": {\"network_id\": ", ask.network_id, "}}");
}

/* Items that were made before are stale then; the bus tells of it. */
static void change_subnets(const char *type)
{
    fake_cloud_say("set subnets 2");
    tell_of_subnet(type);
}

/* Nor can anybody look, until "heal". */
static void change_subnets_unseen(void)
{
    fake_cloud_say("fault 500 1000 GET /network");
    change_subnets("subnet.update.end");
}

static void begin(enum kind kind)
{
    rig_open();
    service_ask(kind, 1, &ask);
    service_key_of(&ask, &key);
    rig_stock(&ask, 2, pool_id);
}

/* One look at what is due then; how many changes that were. */
static size_t look(int64_t now_ms, int64_t stale)
{
    auto_client *client = NULL;
    struct inspection inspection = { .store = service_store, .now_ms = now_ms };
    size_t count;

    must(client_open(rig_bootstrap.cloud, &client, &error));
    inspection.client = client;
    must(inspect_changes(&inspection, &count, &error));
    ck_assert_int_eq(inspection.stale_items, stale);
    return count;
}

static void move_all(const char *sql)
{
    must(query_run(service_store, sql, NO_VALUES, NULL, &error));
}

/* The service is asked: a forged message, or one that is late, lets nothing go. */
START_TEST(a_message_alone_changes_nothing)
{
    begin(KIND_PORT);
    for (int i = 0; i < 2; i++)
        tell("network.update.end", "{\"network\": {\"id\": ", ask.network_id, "}}");
    ck_assert_int_eq(service_number(CHANGES), 1);
    ck_assert_uint_eq(look(clock_now_ms() + 1000, 0), 1);
    ck_assert_int_eq(service_number(READY), 2);
    rig_close();
}
END_TEST

/* A worker may have begun an item by what it saw a moment before: so there is a second look. */
START_TEST(a_change_is_looked_at_twice)
{
    int64_t now_ms;

    begin(KIND_PORT);
    change_subnets("subnet.create.end");
    now_ms = clock_now_ms();
    ck_assert_uint_eq(look(now_ms, 2), 1);
    ck_assert_uint_eq(look(now_ms + 1000, 0), 0);
    ck_assert_int_eq(service_number(CHANGES), 1);
    ck_assert_uint_eq(look(now_ms + 10000, 0), 1);
    ck_assert_int_eq(service_number(CHANGES), 0);
    rig_close();
}
END_TEST

/* What is told while it is looked at is not done with by that look. */
START_TEST(a_change_told_meanwhile_stays)
{
    struct change change;
    size_t count;

    begin(KIND_PORT);
    tell_of_subnet("subnet.update.end");
    must(changes_due(service_store, clock_now_ms() + 1000, 1, &change, &count, &error));
    ck_assert_uint_eq(count, 1);
    tell_of_subnet("subnet.update.end");
    must(change_done(service_store, &change, &error));
    must(change_put_off(service_store, &change, INT64_MAX, &error));
    ck_assert_int_eq(service_number(CHANGES), 1);
    ck_assert_uint_eq(look(clock_now_ms() + 1000, 0), 1);
    rig_close();
}
END_TEST

/* As long as one is being made from what was before, the change is not over. */
START_TEST(what_is_being_made_is_waited_for)
{
    struct item item;
    int64_t now_ms;

    begin(KIND_PORT);
    item = rig_item(ITEM_READY);
    move_all("UPDATE items SET state = 'creating'");
    change_subnets("subnet.update.end");
    now_ms = clock_now_ms() + 10000;
    ck_assert_uint_eq(look(now_ms, 0), 1);
    ck_assert_int_eq(service_number(CHANGES), 1);
    move_all("UPDATE items SET state = 'ready'");
    ck_assert_uint_eq(look(now_ms + 5000, 2), 1);
    ck_assert_int_eq(service_number(CHANGES), 0);
    must(item_get(service_store, item.id, &item, &error));
    ck_assert_str_eq(item.reason, "stale: what it was made from has changed");
    rig_close();
}
END_TEST

START_TEST(a_cloud_that_is_away_is_asked_later)
{
    int64_t now_ms;

    begin(KIND_PORT);
    change_subnets_unseen();
    now_ms = clock_now_ms() + 10000;
    ck_assert_uint_eq(look(now_ms, 0), 1);
    ck_assert_int_eq(service_number(READY), 2);
    fake_cloud_say("heal");
    ck_assert_uint_eq(look(now_ms + 1000, 0), 0);
    ck_assert_uint_eq(look(now_ms + 20000, 2), 1);
    rig_close();
}
END_TEST

/* Neither asked for each change every few seconds, nor for ever. */
START_TEST(a_cloud_that_is_away_for_long_is_left_to_the_sweep)
{
    int64_t told_ms, looks = 0;

    begin(KIND_PORT);
    change_subnets_unseen();
    told_ms = clock_now_ms();
    for (int64_t later_ms = 0; later_ms < 3 * 3600000; later_ms += 5000)
        looks += (int64_t)look(told_ms + later_ms, 0);
    ck_assert_int_gt(looks, 5);
    ck_assert_int_lt(looks, 20);
    ck_assert_int_eq(service_number(CHANGES), 0);
    ck_assert_int_eq(service_number(READY), 2);
    rig_close();
}
END_TEST

static size_t count_pools(enum subject subject, const char *id)
{
    struct change change = { .subject = subject };
    char ids[4][ID_SIZE];
    size_t count;

    text_copy(change.id, ID_SIZE, id);
    must(change_pools(service_store, &change, "", 4, ids, &count, &error));
    return count;
}

/* Each subject leads to its pools, and to no other. */
START_TEST(pools_of_each_subject)
{
    static const char other[] = "99999999-0000-4000-8000-000000000001";
    struct ask volume_ask;

    rig_open();
    service_port_ask(1, &ask);
    service_volume_ask(1, &volume_ask);
    rig_pool(&ask, 0, pool_id);
    rig_pool(&volume_ask, 0, pool_id);
    service_key_of(&volume_ask, &key);
    ck_assert_uint_eq(count_pools(SUBJECT_NETWORK, ask.network_id), 1);
    ck_assert_uint_eq(count_pools(SUBJECT_GROUP, ask.groups[0]), 1);
    ck_assert_uint_eq(count_pools(SUBJECT_GROUP, ask.network_id), 0);
    ck_assert_uint_eq(count_pools(SUBJECT_IMAGE, key.volume.image_id), 1);
    ck_assert_uint_eq(count_pools(SUBJECT_TYPE, key.volume.type_id), 1);
    ck_assert_uint_eq(count_pools(SUBJECT_PROJECT, ask.project_id), 2);
    ck_assert_uint_eq(count_pools(SUBJECT_QUALITY, other), 1); /* whose it is, Cinder knows */
    for (int subject = 0; subject < SUBJECTS; subject++)
        if (subject != SUBJECT_QUALITY)
            ck_assert_uint_eq(count_pools((enum subject)subject, other), 0);
    rig_close();
}
END_TEST

/* The threads do all of it, long before the next reconciliation. */
START_TEST(running_workers_replace_what_is_stale)
{
    begin(KIND_VOLUME);
    rig_start();
    rig_wait(UNDER_WAY, 0);
    fake_cloud_say("set specs other");
    tell("volume_type_extra_specs.update", "{\"type_id\": ", key.volume.type_id, "}");
    rig_wait(GONE, 2);
    rig_wait(READY, 2);
    rig_wait(CHANGES, 0);
    rig_stop();
    rig_close();
}
END_TEST

START_TEST(a_disabled_project_loses_its_ports)
{
    begin(KIND_PORT);
    rig_start();
    rig_wait(UNDER_WAY, 0);
    fake_cloud_say("set project disabled");
    tell("identity.project.disabled", "{\"resource_info\": ", ask.project_id, "}");
    rig_wait(GONE, 2);
    rig_stop();
    ck_assert_int_eq(fake_cloud_count("ports"), 0);
    rig_close();
}
END_TEST

SERVICE_MAIN("change", a_message_alone_changes_nothing, a_change_is_looked_at_twice,
             a_change_told_meanwhile_stays, what_is_being_made_is_waited_for,
             a_cloud_that_is_away_is_asked_later,
             a_cloud_that_is_away_for_long_is_left_to_the_sweep, pools_of_each_subject,
             running_workers_replace_what_is_stale, a_disabled_project_loses_its_ports)
