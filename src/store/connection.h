/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to MariaDB and its prepared statements; for store.c and query.c only. */
#ifndef LARDER_STORE_CONNECTION_H
#define LARDER_STORE_CONNECTION_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "store/store.h"
#include "store/url.h"

#define STATEMENTS_MOST 128

struct statement {
    const char *sql; /* compared by address */
    MYSQL_STMT *handle;
};

/* What a failed statement means for what was tried. */
enum fault {
    FAULT_NONE,  /* it would fail again */
    FAULT_RETRY, /* it may succeed when begun anew: deadlock, lock wait, certification failure */
    FAULT_LOST,  /* the connection is of no use any more */
};

struct store {
    struct database *database;
    const struct database_url *url;
    const struct store_options *options;
    bool borrowed;
    MYSQL *mysql; /* NULL: not connected */
    bool in_transaction;
    enum fault fault; /* of the last statement that failed */
    size_t statement_count;
    size_t statement_oldest; /* which one makes room when all places are taken */
    struct statement statements[STATEMENTS_MOST];
};

/* Connects if it is not connected. */
int connection_open(struct store *store, struct error *error);
void connection_close(struct store *store);

/* The prepared statement with this text, prepared now if need be. */
int connection_prepare(struct store *store, const char *sql, MYSQL_STMT **ret_statement,
                       struct error *error);
/* Runs text that cannot be or need not be prepared. */
int connection_execute(struct store *store, const char *sql, struct error *error);

/* Turns MariaDB's error into ours: sets the store's fault, returns the errno.  'doing' is the start
 * of the sentence, as in "Cannot prepare". */
int connection_failed(struct store *store, unsigned number, const char *message, const char *doing,
                      struct error *error);

/* Whether what just failed should be tried once more; waits before it says so.  'tries' counts,
 * 'deadline_ms' is on the monotonic clock. */
bool connection_retry(struct store *store, int *tries, int64_t deadline_ms);

#endif
