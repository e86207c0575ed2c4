/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to MariaDB.  A database is a bounded set of connections, safe to share; a store is
 * one of them, borrowed by one thread.  Every statement is prepared and its values are bound.
 *
 * Work that must be all or nothing runs in store_transaction(), which begins anew when MariaDB
 * reports a deadlock, a lock wait timeout or Galera a certification failure, or when the connection
 * was lost before the commit.  So the body must have no effect but on the store and its output.
 */
#ifndef LARDER_STORE_STORE_H
#define LARDER_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct store_options {
    char connection[1024];     /* mysql://user:password@host:port/database[?ssl_ca=…&ssl_verify=…];
                                  oslo's mysql+pymysql:// is understood too (url.h) */
    int64_t max_connections;   /* of this process */
    int64_t connect_timeout_s;
    int64_t query_timeout_s;   /* reading or writing one answer */
    int64_t borrow_timeout_ms; /* waiting for a free connection */
};

struct database;
struct store;

/* Checks the URL; connects lazily.  The database outlives its stores. */
int database_open(const struct store_options *options, struct database **ret_database,
                  struct error *error);
void database_close(struct database *database);

/* -ETIMEDOUT when none is free in time; connects (again) where needed. */
int store_borrow(struct database *database, struct store **ret_store, struct error *error);
void store_return(struct store *store); /* NULL is fine; rolls back what was left open */

DEFINE_CLEANUP(store, struct store *, store_return);
#define auto_store __attribute__((cleanup(store_cleanup))) struct store

typedef int (*store_body)(struct store *store, void *context, struct error *error);
/* Runs 'body' between BEGIN and COMMIT; any negative result rolls back and is returned, but for
 * those that are retried (a few times, with backoff, no longer than query_timeout_s).  Inside
 * another transaction the body is part of that.  When the answer to COMMIT is lost, it is not known
 * whether the change was made: that is not retried but returned as -ECONNRESET. */
int store_transaction(struct store *store, store_body body, void *context, struct error *error);

int store_ping(struct store *store, struct error *error); /* for the health check */
/* What MariaDB's clock says, milliseconds since 1970: ours may differ. */
int store_clock(struct store *store, int64_t *ret_ms, struct error *error);

/* Schema: numbered migrations. */
int schema_sync(struct store *store, struct error *error); /* to the newest; idempotent */
int schema_version(struct store *store, int *ret_version, struct error *error); /* 0: empty */
int schema_newest(void);

/* Leases: at most one owner at a time.  True (1) when 'owner' has it until now + length. */
int lease_take(struct store *store, const char *name, const char *owner, int64_t length_ms,
               int64_t now_ms, struct error *error);
int lease_drop(struct store *store, const char *name, const char *owner, struct error *error);
/* How many leases whose names begin with 'prefix' hold now; and away with those that ran out before
 * a time. */
int lease_count(struct store *store, const char *prefix, int64_t now_ms, int64_t *ret_count,
                struct error *error);
int lease_purge(struct store *store, const char *prefix, int64_t before_ms, struct error *error);

#endif
