/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of connections and the transaction.  A place in the set is a store; it connects when it
 * is first used, and again when its connection was lost.
 */
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/connection.h"
#include "store/query.h"

struct database {
    struct store_options options;
    struct database_url url;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    size_t count;
    struct store *stores;
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_status;

static void start_library(void)
{
    library_status = mysql_library_init(0, NULL, NULL);
}

static int check_options(const struct store_options *options, struct error *error)
{
    if (options->max_connections < 1 || options->connect_timeout_s < 1
        || options->query_timeout_s < 1 || options->borrow_timeout_ms < 1)
        return error_set(error, -EINVAL, "max_connections and the timeouts of [database] must be "
                         "at least 1");
    return 0;
}

static void init_lock(struct database *database)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&database->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&database->returned, &attributes);
    pthread_condattr_destroy(&attributes);
}

int database_open(const struct store_options *options, struct database **ret_database,
                  struct error *error)
{
    struct database *database;
    struct database_url url;
    int r = check_options(options, error);

    if (r == 0)
        r = database_url_parse(options->connection, &url, error);
    if (r < 0)
        return r;
    pthread_once(&library_once, start_library);
    if (library_status)
        return error_set(error, -ENOMEM, "MariaDB's client library does not start");
    database = calloc(1, sizeof(*database));
    if (database)
        database->stores = calloc((size_t)options->max_connections, sizeof(*database->stores));
    if (!database || !database->stores) {
        free(database);
        return error_set(error, -ENOMEM, "No memory for %lld database connections",
                         (long long)options->max_connections);
    }
    database->options = *options;
    database->url = url;
    database->count = (size_t)options->max_connections;
    for (size_t i = 0; i < database->count; i++)
        database->stores[i] = (struct store){ .database = database, .url = &database->url,
                                              .options = &database->options };
    init_lock(database);
    *ret_database = database;
    return 0;
}

void database_close(struct database *database)
{
    if (!database)
        return;
    for (size_t i = 0; i < database->count; i++)
        connection_close(&database->stores[i]);
    pthread_cond_destroy(&database->returned);
    pthread_mutex_destroy(&database->lock);
    explicit_bzero(&database->url, sizeof(database->url));
    explicit_bzero(&database->options, sizeof(database->options));
    free(database->stores);
    free(database);
}

/* A free place, of those the one that is connected; NULL when all are borrowed. */
static struct store *find_free(struct database *database)
{
    struct store *found = NULL;

    for (size_t i = 0; i < database->count; i++) {
        struct store *store = &database->stores[i];

        if (!store->borrowed && (!found || (!found->mysql && store->mysql)))
            found = store;
    }
    return found;
}

static struct timespec monotonic_in_ms(int64_t milliseconds)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static struct store *wait_for_free(struct database *database)
{
    struct timespec deadline = monotonic_in_ms(database->options.borrow_timeout_ms);
    struct store *store;

    pthread_mutex_lock(&database->lock);
    while (!(store = find_free(database))
           && pthread_cond_timedwait(&database->returned, &database->lock, &deadline) == 0)
        ;
    if (store)
        store->borrowed = true;
    pthread_mutex_unlock(&database->lock);
    return store;
}

int store_borrow(struct database *database, struct store **ret_store, struct error *error)
{
    struct store *store = wait_for_free(database);
    int r;

    if (!store)
        return error_set(error, -ETIMEDOUT,
                         "All %zu database connections were busy for %lld ms; raise [database] "
                         "max_connections or look for a slow database", database->count,
                         (long long)database->options.borrow_timeout_ms);
    r = connection_open(store, error);
    if (r < 0) {
        store_return(store);
        return r;
    }
    *ret_store = store;
    return 0;
}

void store_return(struct store *store)
{
    struct database *database;

    if (!store)
        return;
    database = store->database;
    /* Only a thread that left in the middle comes here so; closing rolls back. */
    if (store->in_transaction)
        connection_close(store);
    store->in_transaction = false;
    pthread_mutex_lock(&database->lock);
    store->borrowed = false;
    pthread_cond_signal(&database->returned);
    pthread_mutex_unlock(&database->lock);
}

/* Ends what was begun without regard to success: a connection that cannot roll back is closed. */
static void roll_back(struct store *store)
{
    if (store->fault == FAULT_LOST || (store->mysql && mysql_rollback(store->mysql)))
        connection_close(store);
}

/* A commit whose answer was lost may have been made: that is not begun anew. */
static int commit(struct store *store, struct error *error)
{
    int r = connection_execute(store, "COMMIT", error);

    if (r < 0 && store->fault == FAULT_LOST) {
        connection_close(store);
        store->fault = FAULT_NONE;
        error_wrap(error, "It is not known whether the change was made");
    }
    return r;
}

static int transaction_once(struct store *store, store_body body, void *context,
                            struct error *error)
{
    int r;

    store->fault = FAULT_NONE;
    r = connection_execute(store, "START TRANSACTION", error);
    if (r < 0)
        return r;
    store->in_transaction = true;
    r = body(store, context, error);
    if (r >= 0) {
        int committed = commit(store, error);

        r = committed < 0 ? committed : r;
    }
    if (r < 0)
        roll_back(store);
    store->in_transaction = false;
    return r;
}

int store_transaction(struct store *store, store_body body, void *context, struct error *error)
{
    int64_t deadline_ms = clock_monotonic_ms() + store->options->query_timeout_s * 1000;
    struct error failure;
    int tries = 0, r;

    /* Inside another one it is part of that. */
    if (store->in_transaction)
        return body(store, context, error);
    do {
        failure = (struct error){ 0 };
        r = transaction_once(store, body, context, &failure);
    } while (r < 0 && connection_retry(store, &tries, deadline_ms));
    if (r < 0 && error)
        *error = failure;
    return r;
}

int store_ping(struct store *store, struct error *error)
{
    int64_t one;

    return query_read_int(store, "SELECT 1", NO_VALUES, &one, error);
}

int store_clock(struct store *store, int64_t *ret_ms, struct error *error)
{
    return query_read_int(store, "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
                          NO_VALUES, ret_ms, error);
}
