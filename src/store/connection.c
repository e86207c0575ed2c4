/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to MariaDB: opens it with the session settings that the rest relies on, keeps its
 * prepared statements, and knows what MariaDB's error numbers mean for us.
 */
#include "store/connection.h"

#include <errmsg.h>
#include <errno.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <time.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/random.h"

LOG_MODULE("store");

static const struct backoff retries = { .first_ms = 5, .most_ms = 500, .tries = 8 };

/* Each statement sees what is committed, and no value is cut or bent to fit.  The server gives a
 * statement up half a second before we do, so that it is not left running. */
static const char isolation[] = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
static const char session_form[] =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,"
    "NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00', innodb_lock_wait_timeout = 2,"
    " max_statement_time = %lld.5";

static const struct {
    unsigned number;
    int code;
    enum fault fault;
    const char *advice;
} meanings[] = {
    { ER_LOCK_DEADLOCK, -EAGAIN, FAULT_RETRY, "" },
    { ER_LOCK_WAIT_TIMEOUT, -EAGAIN, FAULT_RETRY, "" },
    { ER_CHECKREAD, -EAGAIN, FAULT_RETRY, "" },
    { ER_NEED_REPREPARE, -EAGAIN, FAULT_RETRY, "" },
    { ER_UNKNOWN_COM_ERROR, -ECONNRESET, FAULT_LOST, "" }, /* 1047: Galera: node not ready */
    { ER_SERVER_SHUTDOWN, -ECONNRESET, FAULT_LOST, "" },
    { ER_CONNECTION_KILLED, -ECONNRESET, FAULT_LOST, "" },
    { CR_SERVER_GONE_ERROR, -ECONNRESET, FAULT_LOST, "" },
    { CR_SERVER_LOST, -ECONNRESET, FAULT_LOST, "" },
    { CR_COMMANDS_OUT_OF_SYNC, -EIO, FAULT_LOST, "" },
    { ER_DUP_ENTRY, -EEXIST, FAULT_NONE, "" },
    { ER_DATA_TOO_LONG, -EINVAL, FAULT_NONE, "" },
    { ER_WARN_DATA_OUT_OF_RANGE, -ERANGE, FAULT_NONE, "" },
    { ER_CONSTRAINT_FAILED, -EINVAL, FAULT_NONE, "" },
    { ER_STATEMENT_TIMEOUT, -ETIMEDOUT, FAULT_NONE, "; see [database] query_timeout" },
    { ER_NO_SUCH_TABLE, -ENODATA, FAULT_NONE, "; run larder-manage db sync" },
    { ER_BAD_FIELD_ERROR, -ENODATA, FAULT_NONE, "; run larder-manage db sync" },
    { ER_ACCESS_DENIED_ERROR, -EACCES, FAULT_NONE, "; check [database] connection" },
};

int connection_failed(struct store *store, unsigned number, const char *message, const char *doing,
                      struct error *error)
{
    int code = -EIO;
    const char *advice = "";

    store->fault = FAULT_NONE;
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (meanings[i].number == number) {
            code = meanings[i].code;
            store->fault = meanings[i].fault;
            advice = meanings[i].advice;
            break;
        }
    }
    return error_set(error, code, "%s: MariaDB says: %s (%u)%s", doing, message, number, advice);
}

static void set_timeouts(MYSQL *mysql, const struct store_options *options)
{
    unsigned connecting = (unsigned)options->connect_timeout_s;
    unsigned answering = (unsigned)options->query_timeout_s;

    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connecting);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answering);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answering);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void set_tls(MYSQL *mysql, const struct database_url *url)
{
    my_bool enforce = url->ssl, verify = url->ssl && url->ssl_verify;

    if (!url->ssl)
        return;
    mysql_ssl_set(mysql, or_null(url->ssl_key), or_null(url->ssl_cert), or_null(url->ssl_ca), NULL,
                  NULL);
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

static int cannot_connect(struct store *store, MYSQL *mysql, struct error *error)
{
    int code = mysql_errno(mysql) == ER_ACCESS_DENIED_ERROR ? -EACCES : -ECONNREFUSED;

    store->fault = code == -EACCES ? FAULT_NONE : FAULT_LOST;
    return error_set(error, code,
                     "Cannot connect to the database %s at %s%s: %s (%u); check that it runs and "
                     "[database] connection", store->url->database,
                     *store->url->unix_socket ? "" : store->url->host, store->url->unix_socket,
                     mysql_error(mysql), mysql_errno(mysql));
}

int connection_open(struct store *store, struct error *error)
{
    const struct database_url *url = store->url;
    char session[sizeof(session_form) + 24];
    MYSQL *mysql;

    if (store->mysql)
        return 0;
    mysql = mysql_init(NULL);
    if (!mysql)
        return error_set(error, -ENOMEM, "No memory for a database connection");
    snprintf(session, sizeof(session), session_form,
             (long long)store->options->query_timeout_s - 1);
    set_timeouts(mysql, store->options);
    set_tls(mysql, url);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_INIT_COMMAND, isolation);
    mysql_options(mysql, MYSQL_INIT_COMMAND, session);
    if (!mysql_real_connect(mysql, *url->unix_socket ? NULL : url->host, url->user, url->password,
                            url->database, (unsigned)url->port, or_null(url->unix_socket),
                            CLIENT_FOUND_ROWS)) {
        int r = cannot_connect(store, mysql, error);

        mysql_close(mysql);
        return r;
    }
    store->mysql = mysql;
    return 0;
}

void connection_close(struct store *store)
{
    if (!store->mysql)
        return;
    /* This first: then the statements are freed without a word to the server. */
    mysql_close(store->mysql);
    store->mysql = NULL;
    for (size_t i = 0; i < store->statement_count; i++)
        mysql_stmt_close(store->statements[i].handle);
    store->statement_count = 0;
    store->statement_oldest = 0;
}

static struct statement *place_for_statement(struct store *store)
{
    struct statement *place;

    if (store->statement_count < STATEMENTS_MOST)
        return &store->statements[store->statement_count++];
    place = &store->statements[store->statement_oldest];
    store->statement_oldest = (store->statement_oldest + 1) % STATEMENTS_MOST;
    mysql_stmt_close(place->handle);
    return place;
}

int connection_prepare(struct store *store, const char *sql, MYSQL_STMT **ret_statement,
                       struct error *error)
{
    MYSQL_STMT *handle;

    for (size_t i = 0; i < store->statement_count; i++) {
        if (store->statements[i].sql == sql) {
            *ret_statement = store->statements[i].handle;
            return 0;
        }
    }
    handle = mysql_stmt_init(store->mysql);
    if (!handle)
        return error_set(error, -ENOMEM, "No memory for a database statement");
    if (mysql_stmt_prepare(handle, sql, (unsigned long)-1) != 0) {
        int r = connection_failed(store, mysql_stmt_errno(handle), mysql_stmt_error(handle),
                                  "Cannot prepare a database statement", error);

        mysql_stmt_close(handle);
        return r;
    }
    *place_for_statement(store) = (struct statement){ .sql = sql, .handle = handle };
    *ret_statement = handle;
    return 0;
}

int connection_execute(struct store *store, const char *sql, struct error *error)
{
    int r = connection_open(store, error);

    if (r < 0 || mysql_query(store->mysql, sql) == 0)
        return r;
    return connection_failed(store, mysql_errno(store->mysql), mysql_error(store->mysql),
                             "The database refused a statement", error);
}

static DEFINE_COUNTER(repeats, "larder_database_retries_total",
                      "Statements and transactions begun anew, by reason: conflict is a deadlock, "
                      "a lock wait or a failed certification.", { "reason", "conflict|lost" });

static void sleep_ms(int64_t milliseconds)
{
    struct timespec rest = { .tv_sec = milliseconds / 1000,
                             .tv_nsec = milliseconds % 1000 * 1000000 };

    while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
        ;
}

bool connection_retry(struct store *store, int *tries, int64_t deadline_ms)
{
    int64_t delay_ms;
    uint32_t random;

    if (store->fault == FAULT_NONE || backoff_ended(&retries, ++*tries))
        return false;
    random_bytes(&random, sizeof(random));
    delay_ms = backoff_delay_ms(&retries, *tries, random);
    if (clock_monotonic_ms() + delay_ms >= deadline_ms)
        return false;
    metric_count(&repeats, store->fault == FAULT_LOST, 0);
    if (store->fault == FAULT_LOST) {
        log_info("connecting to the database again tries=%d", *tries);
        connection_close(store);
    }
    sleep_ms(delay_ms);
    return true;
}
