/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service tests share: a database of their own with the schema in it, emptied before each
 * test; threads that start at once; and pools with ready items.
 */
#ifndef LARDER_TESTS_SERVICE_H
#define LARDER_TESTS_SERVICE_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "store/item.h"
#include "store/key.h"
#include "store/pool.h"
#include "store/store.h"

/* Open in each test. */
extern struct database *service_database;
extern struct store *service_store;

/* Runs the tests in a database larder_NAME of LARDER_TEST_DATABASE; returns main's status. */
int service_run(const char *name, const TTest *const *tests, size_t count);

#define SERVICE_MAIN(name, ...)                                                                    \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = { __VA_ARGS__ };                                              \
                                                                                                   \
        return service_run(name, tests, sizeof(tests) / sizeof(tests[0]));                         \
    }

/* The call must succeed; says the error's sentence when it does not. */
#define must(call)                                                                                 \
    do {                                                                                           \
        struct error error = { 0 };                                                                \
        int result_ = (call);                                                                      \
                                                                                                   \
        ck_assert_msg(result_ >= 0, "%s: %d %s", #call, result_, error.message);                   \
    } while (0)
/* The call must fail with this code and, for a person, a sentence. */
#define must_fail(code, call)                                                                      \
    do {                                                                                           \
        struct error error = { 0 };                                                                \
        int result_ = (call);                                                                      \
                                                                                                   \
        ck_assert_msg(result_ == (code), "%s: %d %s", #call, result_, error.message);              \
    } while (0)

/* The connection options of the test's database. */
struct store_options service_options(void);
/* A number from the database; 'sql' a constant. */
int64_t service_number(const char *sql);

/* 'count' threads, each with a store of its own, that call 'body' at the same moment. */
typedef void (*service_body)(struct store *store, int index, void *context);
void service_parallel(int count, service_body body, void *context);

/* What the transfer keys of ready volumes ("secret") are sealed with. */
extern const struct seal_key service_seal_key;

/* An ask and the key it leads to; different for each number. */
void service_port_ask(int number, struct ask *ret_ask);
void service_volume_ask(int number, struct ask *ret_ask);
void service_ask(enum kind kind, int number, struct ask *ret_ask); /* one of the two */
void service_key_of(const struct ask *ask, struct key *ret_key);

/* A pool for 'ask' with that many ready items. */
void service_pool(const struct ask *ask, int64_t ready, char ret_pool_id[static ID_SIZE]);
/* Adds items to it, as a worker makes them. */
void service_stock(const char *pool_id, int64_t goal);

#endif
