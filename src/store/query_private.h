/* SPDX-License-Identifier: Apache-2.0 */
/* What query.c and query_many.c share. */
#ifndef LARDER_STORE_QUERY_PRIVATE_H
#define LARDER_STORE_QUERY_PRIVATE_H

#include "store/connection.h"
#include "store/query.h"

/* Connects where needed and finds or prepares the statement, which must have 'count' places. */
int query_prepare(struct store *store, const char *sql, size_t count, MYSQL_STMT **ret_statement,
                  struct error *error);
int query_failed(struct store *store, MYSQL_STMT *statement, struct error *error);

/* Tries until it succeeds, or fails for good; once only inside a transaction. */
typedef int (*query_try)(struct store *store, void *context, struct error *error);
int query_repeat(struct store *store, query_try try, void *context, struct error *error);

#endif
