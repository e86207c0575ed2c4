/* SPDX-License-Identifier: Apache-2.0 */
/* What the service tests share; see service.h. */
#include "tests/service/service.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "store/query.h"

struct database *service_database;
struct store *service_store;

static char connection[1024];

static const char *const tables[] = {
    "DELETE FROM pools",      "DELETE FROM pool_asks",   "DELETE FROM items",
    "DELETE FROM item_events", "DELETE FROM claims",     "DELETE FROM claim_lines",
    "DELETE FROM adoptions",  "DELETE FROM demand",      "DELETE FROM leases",
    "DELETE FROM series",     "DELETE FROM sightings",   "DELETE FROM boots",
    "DELETE FROM watches",    "DELETE FROM gaps",        "DELETE FROM models",
    "DELETE FROM forecasts",  "DELETE FROM image_hosts", "DELETE FROM compute_hosts",
    "DELETE FROM aggregate_hosts",
    "DELETE FROM decisions",  "DELETE FROM tier_rules", "DELETE FROM pool_users",
    "DELETE FROM imports",    "DELETE FROM utilisation", "DELETE FROM events",
    "DELETE FROM calendars",  "DELETE FROM changes",
};

struct store_options service_options(void)
{
    struct store_options options = { .max_connections = 24, .connect_timeout_s = 5,
                                     .query_timeout_s = 30, .borrow_timeout_ms = 10000 };

    snprintf(options.connection, sizeof(options.connection), "%s", connection);
    return options;
}

/* The first test program's URL names a database; ours is another one on the same server. */
static void use_database(const char *url, const char *name)
{
    const char *slash = strrchr(url, '/');

    snprintf(connection, sizeof(connection), "%.*s/%s", (int)(slash - url), url, name);
}

static int open_database(struct error *error)
{
    struct store_options options = service_options();
    int r = database_open(&options, &service_database, error);

    return r < 0 ? r : store_borrow(service_database, &service_store, error);
}

static void close_database(void)
{
    store_return(service_store);
    database_close(service_database);
    service_store = NULL;
    service_database = NULL;
}

static void set_up(void)
{
    must(open_database(&error));
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        must(query_run(service_store, tables[i], NO_VALUES, NULL, &error));
}

/* Runs in the process of main, before the tests fork. */
static int make_database(const char *url, const char *name, struct error *error)
{
    static char drop[128], create[128];
    int r;

    snprintf(connection, sizeof(connection), "%s", url);
    snprintf(drop, sizeof(drop), "DROP DATABASE IF EXISTS %s", name);
    snprintf(create, sizeof(create), "CREATE DATABASE %s", name);
    r = open_database(error);
    if (r == 0)
        r = query_run(service_store, drop, NO_VALUES, NULL, error);
    if (r == 0)
        r = query_run(service_store, create, NO_VALUES, NULL, error);
    close_database();
    return r;
}

static int make_schema(const char *url, const char *name, struct error *error)
{
    int r = make_database(url, name, error);

    if (r < 0)
        return r;
    use_database(url, name);
    r = open_database(error);
    if (r == 0)
        r = schema_sync(service_store, error);
    close_database();
    return r;
}

static Suite *make_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);

    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_checked_fixture(cases, set_up, close_database);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    return suite;
}

int service_run(const char *name, const TTest *const *tests, size_t count)
{
    const char *url = getenv("LARDER_TEST_DATABASE");
    struct error error = { 0 };
    char database_name[64];
    SRunner *runner;
    int failed;

    if (!url || !strrchr(url, '/')) {
        fprintf(stderr, "LARDER_TEST_DATABASE is not set; start this by tests/service/run\n");
        return EXIT_FAILURE;
    }
    snprintf(database_name, sizeof(database_name), "larder_%s", name);
    if (make_schema(url, database_name, &error) < 0) {
        fprintf(stderr, "%s: %s\n", name, error.message);
        return EXIT_FAILURE;
    }
    runner = srunner_create(make_suite(name, tests, count));
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int64_t service_number(const char *sql)
{
    int64_t number = 0;

    must(query_read_int(service_store, sql, NO_VALUES, &number, &error));
    return number;
}

struct runner {
    pthread_t thread;
    pthread_barrier_t *barrier;
    int index;
    service_body body;
    void *context;
};

static void *run_body(void *argument)
{
    struct runner *runner = argument;
    struct store *store = NULL;

    must(store_borrow(service_database, &store, &error));
    pthread_barrier_wait(runner->barrier);
    runner->body(store, runner->index, runner->context);
    store_return(store);
    return NULL;
}

void service_parallel(int count, service_body body, void *context)
{
    struct runner runners[32];
    pthread_barrier_t barrier;

    ck_assert_int_le(count, 20);
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int i = 0; i < count; i++) {
        runners[i] = (struct runner){ .barrier = &barrier, .index = i, .body = body,
                                      .context = context };
        ck_assert_int_eq(pthread_create(&runners[i].thread, NULL, run_body, &runners[i]), 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(runners[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
}

/* ---- asks, pools, items ---- */

static void numbered_id(const char *what, int number, char ret_id[static ID_SIZE])
{
    snprintf(ret_id, ID_SIZE, "%s-0000-4000-8000-%012d", what, number);
}

void service_port_ask(int number, struct ask *ret_ask)
{
    *ret_ask = (struct ask){ .kind = KIND_PORT, .group_count = 1 };
    numbered_id("aaaaaaaa", number, ret_ask->project_id);
    numbered_id("bbbbbbbb", number, ret_ask->network_id);
    numbered_id("cccccccc", number, ret_ask->groups[0]);
}

void service_volume_ask(int number, struct ask *ret_ask)
{
    *ret_ask = (struct ask){ .kind = KIND_VOLUME, .size = 1 };
    numbered_id("aaaaaaaa", number, ret_ask->project_id);
    numbered_id("dddddddd", number, ret_ask->image_id);
    text_copy(ret_ask->type, NAME_SIZE, "fast");
}

void service_ask(enum kind kind, int number, struct ask *ret_ask)
{
    if (kind == KIND_PORT)
        service_port_ask(number, ret_ask);
    else
        service_volume_ask(number, ret_ask);
}

void service_key_of(const struct ask *ask, struct key *ret_key)
{
    if (ask->kind == KIND_PORT)
        key_of_port_ask(ask, ask->group_count, ask->groups, ret_key);
    else
        key_of_volume_ask(ask, "eeeeeeee-0000-4000-8000-000000000001", "nova", ret_key);
}

void service_pool(const struct ask *ask, int64_t ready, char ret_pool_id[static ID_SIZE])
{
    const struct pool_defaults defaults = { .floor = { 0, 0 }, .ceiling = 1000,
                                            .pools_per_project = 100 };
    struct key key;

    service_key_of(ask, &key);
    must(pool_learn(service_store, ask, &key, &defaults, clock_now_ms(), ret_pool_id, &error));
    if (ready)
        service_stock(ret_pool_id, ready);
}

const struct seal_key service_seal_key = { { 1, 2, 3 } };

static void note_facts(const struct item *item)
{
    unsigned char sealed[SEALED_SIZE];
    char resource[ID_SIZE], transfer[ID_SIZE];
    struct item_facts facts = { .holder_id = "f0000000000000000000000000000000",
                                .resource_id = resource, .fingerprint = "print" };

    text_make_uuid(resource);
    text_make_uuid(transfer);
    if (item->kind == KIND_VOLUME) {
        must(seal(&service_seal_key, item->id, "secret", 6, sealed));
        facts.transfer_id = transfer;
        facts.sealed = sealed;
        facts.sealed_length = 6 + SEAL_OVERHEAD;
    }
    must(item_note(service_store, item->id, "worker", &facts, &error));
}

static void make_ready(const struct item *item, int64_t now_ms)
{
    must(item_move(service_store, item->id, ITEM_WANTED, ITEM_CREATING, "worker", "test", now_ms,
                   &error));
    note_facts(item);
    must(item_move(service_store, item->id, ITEM_CREATING, ITEM_READY, "worker", "test", now_ms,
                   &error));
    must(item_unlease(service_store, item->id, "worker", 0, 0, &error));
}

void service_stock(const char *pool_id, int64_t goal)
{
    const struct stock_limits limits = { .per_project = 10000, .in_all = 10000 };
    const struct pool_change change = { .floor = goal, .ceiling = -1, .target = -1, .state = -1 };
    int64_t now_ms = clock_now_ms(), made = 0;
    struct item item;

    must(pool_change(service_store, pool_id, &change, now_ms, &error));
    must(pool_stock(service_store, pool_id, &limits, now_ms, &made, &error));
    while (item_lease(service_store, "worker", 60000, now_ms, &item, NULL) == 0)
        make_ready(&item, now_ms++);
}
