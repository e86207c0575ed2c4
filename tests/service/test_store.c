/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, transactions, schema and leases against a real MariaDB. */
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "store/connection.h"
#include "store/demand.h"
#include "store/query.h"
#include "tests/service/service.h"

/* ---- schema ---- */

START_TEST(test_schema_is_idempotent)
{
    int version = 0;

    must(schema_sync(service_store, &error));
    must(schema_sync(service_store, &error));
    must(schema_version(service_store, &version, &error));
    ck_assert_int_eq(version, schema_newest());
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM schema_version WHERE applied_ms > 0"),
                     schema_newest());
}
END_TEST

static void drop_everything(void)
{
    static const char *const drops[] = {
        "DROP TABLE pools, pool_asks, items, item_events, claims, claim_lines, adoptions, demand,"
        " leases, guards, schema_version",
    };

    must(query_run(service_store, drops[0], NO_VALUES, NULL, &error));
}

static void sync_body(struct store *store, int index, void *context)
{
    (void)index;
    (void)context;
    must(schema_sync(store, &error));
}

START_TEST(test_schema_synced_by_many_at_once)
{
    int version = 1;

    drop_everything();
    must(schema_version(service_store, &version, &error));
    ck_assert_int_eq(version, 0);
    service_parallel(8, sync_body, NULL);
    must(schema_version(service_store, &version, &error));
    ck_assert_int_eq(version, schema_newest());
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM guards"), 2);
}
END_TEST

START_TEST(test_newer_schema_is_left_alone)
{
    must(query_run(service_store, "INSERT INTO schema_version VALUES (9999, 1)", NO_VALUES, NULL,
                   &error));
    must_fail(-ENOTSUP, schema_sync(service_store, &error));
    must(query_run(service_store, "DELETE FROM schema_version WHERE version = 9999", NO_VALUES,
                   NULL, &error));
}
END_TEST

START_TEST(test_missing_tables_are_named)
{
    struct error failure = { 0 };
    int64_t number;

    drop_everything();
    ck_assert_int_eq(query_read_int(service_store, "SELECT COUNT(*) FROM pools", NO_VALUES,
                                    &number, &failure), -ENODATA);
    ck_assert_ptr_nonnull(strstr(failure.message, "larder-manage db sync"));
    must(schema_sync(service_store, &error));
}
END_TEST

START_TEST(test_every_table_has_a_primary_key)
{
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM information_schema.tables t WHERE"
                                    " t.table_schema = DATABASE() AND NOT EXISTS (SELECT 1 FROM"
                                    " information_schema.table_constraints c WHERE c.table_schema ="
                                    " t.table_schema AND c.table_name = t.table_name AND"
                                    " c.constraint_type = 'PRIMARY KEY')"), 0);
}
END_TEST

/* ---- connections ---- */

START_TEST(test_session_is_as_we_rely_on)
{
    ck_assert_int_eq(service_number("SELECT @@tx_isolation = 'READ-COMMITTED'"), 1);
    ck_assert_int_eq(service_number("SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%'"), 1);
    ck_assert_int_eq(service_number("SELECT @@character_set_client = 'utf8mb4'"), 1);
    ck_assert_int_eq(service_number("SELECT @@max_statement_time = 29.5"), 1);
}
END_TEST

START_TEST(test_connections_are_bounded)
{
    struct store_options options = service_options();
    struct database *database = NULL;
    struct store *first = NULL, *second = NULL, *third = NULL;

    options.max_connections = 2;
    options.borrow_timeout_ms = 50;
    must(database_open(&options, &database, &error));
    must(store_borrow(database, &first, &error));
    must(store_borrow(database, &second, &error));
    must_fail(-ETIMEDOUT, store_borrow(database, &third, &error));
    store_return(second);
    must(store_borrow(database, &third, &error));
    ck_assert_ptr_eq(third, second);
    store_return(first);
    store_return(third);
    store_return(NULL);
    database_close(database);
    database_close(NULL);
}
END_TEST

START_TEST(test_unreachable_database)
{
    struct store_options options = service_options();
    struct database *database = NULL;
    struct store *store = NULL;
    struct error error = { 0 };

    snprintf(options.connection, sizeof(options.connection),
             "mysql://larder:hidden@127.0.0.1:1/larder");
    ck_assert_int_eq(database_open(&options, &database, &error), 0);
    ck_assert_int_eq(store_borrow(database, &store, &error), -ECONNREFUSED);
    ck_assert_ptr_nonnull(strstr(error.message, "127.0.0.1"));
    ck_assert_ptr_null(strstr(error.message, "hidden"));
    database_close(database);
}
END_TEST

/* The same server under another name, which its certificate does not bear. */
static void rename_host(char *url, size_t size)
{
    char before[sizeof(((struct store_options *)0)->connection)];
    const char *host = strstr(url, "127.0.0.1");

    ck_assert_ptr_nonnull(host);
    text_copy(before, sizeof(before), url);
    snprintf(url, size, "%.*s127.1%s", (int)(host - url), before, before + (host - url) + 9);
}

/* Connects with more options; 1 when the connection is encrypted, 0 when not, else the error. */
static int64_t try_tls(bool other_name, const char *more)
{
    struct store_options options = service_options();
    struct database *database = NULL;
    struct store *store = NULL;
    size_t length;
    int64_t result;

    if (other_name)
        rename_host(options.connection, sizeof(options.connection));
    length = strlen(options.connection);
    snprintf(options.connection + length, sizeof(options.connection) - length, "?%s", more);
    must(database_open(&options, &database, &error));
    result = store_borrow(database, &store, NULL);
    if (result == 0)
        must(query_read_int(store, "SELECT COUNT(*) FROM information_schema.session_status WHERE"
                            " variable_name = 'Ssl_cipher' AND variable_value <> ''", NO_VALUES,
                            &result, &error));
    store_return(store);
    database_close(database);
    return result;
}

START_TEST(test_tls_is_verified)
{
    char right[512], unverified[512];

    snprintf(right, sizeof(right), "ssl_ca=%s", getenv("LARDER_TEST_DATABASE_CA"));
    snprintf(unverified, sizeof(unverified), "ssl=true&ssl_verify=false");
    ck_assert_int_eq(try_tls(false, right), 1);
    ck_assert_int_eq(try_tls(false, unverified), 1);
    ck_assert_int_eq(try_tls(true, unverified), 1);
    ck_assert_int_eq(try_tls(true, right), -ECONNREFUSED);
    /* The authority is not one that this machine trusts. */
    ck_assert_int_eq(try_tls(false, "ssl=true"), -ECONNREFUSED);
    ck_assert_int_eq(try_tls(false, "ssl_ca=/nowhere.pem"), -ECONNREFUSED);
}
END_TEST

static int64_t connection_id(struct store *store)
{
    int64_t id = 0;

    must(query_read_int(store, "SELECT CONNECTION_ID()", NO_VALUES, &id, &error));
    return id;
}

static void kill_connection(int64_t id)
{
    struct store *killer = NULL;
    char sql[64];

    must(store_borrow(service_database, &killer, &error));
    snprintf(sql, sizeof(sql), "KILL %lld", (long long)id);
    must(connection_execute(killer, sql, &error));
    store_return(killer);
}

START_TEST(test_killed_connection_comes_back)
{
    int64_t before = connection_id(service_store);

    kill_connection(before);
    ck_assert_int_ne(connection_id(service_store), before);
    kill_connection(connection_id(service_store));
    must(store_ping(service_store, &error));
}
END_TEST

/* ---- transactions ---- */

static int add_lease(struct store *store, const char *name, struct error *error)
{
    return query_run(store, "INSERT INTO leases (name, owner, until_ms) VALUES (?, 'o', 1)",
                     VALUES(TEXT(name)), NULL, error);
}

static int killed_once(struct store *store, void *context, struct error *error)
{
    int *tries = context;
    int r = add_lease(store, "first", error);

    if (r == 0 && ++*tries == 1)
        kill_connection(connection_id(store));
    return r < 0 ? r : add_lease(store, "second", error);
}

START_TEST(test_killed_transaction_begins_anew)
{
    int tries = 0;

    must(store_transaction(service_store, killed_once, &tries, &error));
    ck_assert_int_eq(tries, 2);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM leases"), 2);
}
END_TEST

static int fails(struct store *store, void *context, struct error *error)
{
    int r = add_lease(store, "first", error);

    (void)context;
    return r < 0 ? r : error_set(error, -EDOM, "no");
}

START_TEST(test_failed_transaction_leaves_nothing)
{
    must_fail(-EDOM, store_transaction(service_store, fails, NULL, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM leases"), 0);
}
END_TEST

static int inner(struct store *store, void *context, struct error *error)
{
    (void)context;
    return add_lease(store, "inner", error);
}

static int outer(struct store *store, void *context, struct error *error)
{
    int r = store_transaction(store, inner, context, error);

    return r < 0 ? r : error_set(error, -EDOM, "no");
}

START_TEST(test_inner_transaction_is_part_of_the_outer)
{
    must_fail(-EDOM, store_transaction(service_store, outer, NULL, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM leases"), 0);
}
END_TEST

START_TEST(test_returned_in_the_middle_is_rolled_back)
{
    struct store *store = NULL;

    must(store_borrow(service_database, &store, &error));
    must(connection_execute(store, "START TRANSACTION", &error));
    store->in_transaction = true;
    must(add_lease(store, "half", &error));
    store_return(store);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM leases"), 0);
}
END_TEST

/* Two that lock two rows in opposite order, and meet in the middle on their first try. */
struct crossing {
    pthread_barrier_t barrier;
    atomic_int tries;
};

struct crosser {
    struct crossing *crossing;
    bool forward;
    int tries;
};

static int cross(struct store *store, void *context, struct error *error)
{
    struct crosser *crosser = context;
    const char *first = crosser->forward ? "a" : "b", *second = crosser->forward ? "b" : "a";
    const char *sql = "UPDATE leases SET until_ms = until_ms + 1 WHERE name = ?";
    int r = query_run(store, sql, VALUES(TEXT(first)), NULL, error);

    atomic_fetch_add(&crosser->crossing->tries, 1);
    if (crosser->tries++ == 0)
        pthread_barrier_wait(&crosser->crossing->barrier);
    return r < 0 ? r : query_run(store, sql, VALUES(TEXT(second)), NULL, error);
}

static void cross_body(struct store *store, int index, void *context)
{
    struct crosser crosser = { .crossing = context, .forward = index == 0 };

    must(store_transaction(store, cross, &crosser, &error));
}

START_TEST(test_deadlock_is_retried)
{
    struct crossing crossing = { .tries = 0 };

    must(add_lease(service_store, "a", &error));
    must(add_lease(service_store, "b", &error));
    pthread_barrier_init(&crossing.barrier, NULL, 2);
    service_parallel(2, cross_body, &crossing);
    pthread_barrier_destroy(&crossing.barrier);
    ck_assert_int_gt(crossing.tries, 2); /* there was a deadlock */
    ck_assert_int_eq(service_number("SELECT SUM(until_ms) FROM leases"), 6);
}
END_TEST

/* ---- values ---- */

START_TEST(test_values_are_bound_not_written)
{
    struct demand demand = { .at_ms = 5, .outcome = OUTCOME_MISS, .seconds = 0.25 }, read;
    size_t count = 0;

    text_copy(demand.project_id, ID_SIZE, "'); DROP TABLE demand; --");
    text_copy(demand.reason, sizeof(demand.reason), "caf\xc3\xa9 \xff '\"\\ \xe2\x82");
    must(demand_add(service_store, &demand, &error));
    must(demand_list(service_store, NULL, demand.project_id, 0, 1, &read, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(read.project_id, demand.project_id);
    ck_assert_str_eq(read.reason, "caf\xc3\xa9 ? '\"\\ ??");
    ck_assert_double_eq(read.seconds, 0.25);
    ck_assert_int_eq(read.outcome, OUTCOME_MISS);
}
END_TEST

struct mark {
    int64_t at_ms;
    double seconds;
    char project_id[ID_SIZE];
    unsigned char bytes[8];
    size_t length;
    enum outcome outcome;
};

static const struct column mark_columns[] = {
    INT_COLUMN(struct mark, at_ms),
    FLOAT_COLUMN(struct mark, seconds),
    TEXT_COLUMN(struct mark, project_id),
    BYTES_COLUMN(struct mark, bytes, length),
    CHOICE_COLUMN(struct mark, outcome, OUTCOME_CHOICES),
};
static const struct row_type mark_type = ROW_TYPE(struct mark, mark_columns);

#define MARKS 2500

START_TEST(test_many_rows_in_one_statement)
{
    static struct mark marks[MARKS], read;
    int64_t affected = 0, count = 0;

    for (int i = 0; i < MARKS; i++) {
        marks[i] = (struct mark){ .at_ms = i, .seconds = i / 4.0, .bytes = "a\0b", .length = 3,
                                  .outcome = i % 2 ? OUTCOME_MISS : OUTCOME_HIT };
        snprintf(marks[i].project_id, ID_SIZE, "project '%d", i);
    }
    must(query_run_many(service_store, "INSERT INTO demand (kind, at_ms, seconds, project_id,"
                        " reason, outcome) VALUES ('port', ?, ?, ?, ?, ?)", &mark_type, marks,
                        MARKS, &affected, &error));
    ck_assert_int_eq(affected, MARKS);
    must(query_read_int(service_store, "SELECT COUNT(*) FROM demand WHERE outcome = 'miss'",
                        NO_VALUES, &count, &error));
    ck_assert_int_eq(count, MARKS / 2);
    must(query_read_one(service_store, "SELECT at_ms, seconds, project_id, reason, outcome FROM"
                        " demand WHERE at_ms = 2001", NO_VALUES, &mark_type, &read, &error));
    ck_assert_mem_eq(read.bytes, "a\0b", 3);
    ck_assert_str_eq(read.project_id, "project '2001");
    ck_assert_double_eq(read.seconds, 500.25);
    must(query_run_many(service_store, "INSERT INTO demand (kind, at_ms, seconds, project_id,"
                        " reason, outcome) VALUES ('port', ?, ?, ?, ?, ?)", &mark_type, marks,
                        0, &affected, &error));
    ck_assert_int_eq(affected, 0);
}
END_TEST

START_TEST(test_long_reasons_are_cut_at_a_character)
{
    char words[8];

    words_copy(words, sizeof(words), "abcde\xe2\x82\xac");
    ck_assert_str_eq(words, "abcde");
    words_copy(words, sizeof(words), "abcd\xe2\x82\xac");
    ck_assert_str_eq(words, "abcd\xe2\x82\xac");
    words_copy(words, sizeof(words), NULL);
    ck_assert_str_eq(words, "");
}
END_TEST

START_TEST(test_demand_pages_backwards)
{
    struct demand demand = { .outcome = OUTCOME_HIT }, read[3];
    size_t count = 0;

    for (demand.at_ms = 1; demand.at_ms <= 5; demand.at_ms++)
        must(demand_add(service_store, &demand, &error));
    must(demand_list(service_store, NULL, NULL, 0, 3, read, &count, &error));
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(read[0].at_ms, 5);
    must(demand_list(service_store, NULL, NULL, read[2].id, 3, read, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(read[1].at_ms, 1);
}
END_TEST

/* ---- leases ---- */

START_TEST(test_lease_has_one_owner)
{
    ck_assert_int_eq(lease_take(service_store, "l", "a", 1000, 0, NULL), 1);
    ck_assert_int_eq(lease_take(service_store, "l", "b", 1000, 999, NULL), 0);
    ck_assert_int_eq(lease_take(service_store, "l", "a", 1000, 500, NULL), 1); /* renewed */
    ck_assert_int_eq(lease_take(service_store, "l", "b", 1000, 1499, NULL), 0);
    ck_assert_int_eq(lease_take(service_store, "l", "b", 1000, 1500, NULL), 1); /* run out */
    must(lease_drop(service_store, "l", "a", &error)); /* not his any more */
    ck_assert_int_eq(lease_take(service_store, "l", "a", 1000, 1501, NULL), 0);
    must(lease_drop(service_store, "l", "b", &error));
    ck_assert_int_eq(lease_take(service_store, "l", "a", 1000, 1501, NULL), 1);
}
END_TEST

static void take_lease(struct store *store, int index, void *context)
{
    atomic_int *owners = context;
    char owner[16];
    int r;

    snprintf(owner, sizeof(owner), "o%d", index);
    r = lease_take(store, "contended", owner, 60000, 1000, NULL);
    ck_assert_int_ge(r, 0);
    atomic_fetch_add(owners, r);
}

START_TEST(test_contended_lease)
{
    atomic_int owners = 0;

    service_parallel(16, take_lease, &owners);
    ck_assert_int_eq(owners, 1);
}
END_TEST

SERVICE_MAIN("store", test_schema_is_idempotent, test_schema_synced_by_many_at_once,
             test_newer_schema_is_left_alone, test_missing_tables_are_named,
             test_every_table_has_a_primary_key, test_session_is_as_we_rely_on,
             test_connections_are_bounded, test_unreachable_database,
             test_tls_is_verified, test_killed_connection_comes_back,
             test_killed_transaction_begins_anew, test_failed_transaction_leaves_nothing,
             test_inner_transaction_is_part_of_the_outer,
             test_returned_in_the_middle_is_rolled_back, test_deadlock_is_retried,
             test_values_are_bound_not_written, test_many_rows_in_one_statement,
             test_long_reasons_are_cut_at_a_character,
             test_demand_pages_backwards, test_lease_has_one_owner, test_contended_lease)
