/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of items as the other files of this room need them: selected, made, locked. */
#ifndef LARDER_STORE_ITEM_ROW_H
#define LARDER_STORE_ITEM_ROW_H

#include "store/item.h"
#include "store/pool.h"
#include "store/query.h"

/* What is selected for a whole item, and where it goes. */
#define ITEM_COLUMNS                                                                               \
    "i.id, i.pool_id, i.kind, i.state, i.reason, i.holder_id, i.resource_id, i.transfer_id,"      \
    " i.sealed, i.fingerprint, i.claim_id, i.instance_id, i.project_id, i.attempts, i.created_ms," \
    " i.changed_ms, i.ready_ms, i.not_before_ms"
extern const struct row_type item_row_type;

struct item_id {
    char text[ID_SIZE];
};
extern const struct row_type item_id_type;

/* Makes a row 'wanted', with the event. */
int item_row_insert(struct store *store, const struct pool *pool, int64_t now_ms,
                    struct error *error);
/* Locks up to 'most' items of a pool in a state, those that were ready first; passes over what
 * others have locked. */
int item_row_lock_some(struct store *store, const char *pool_id, enum item_state state, size_t most,
                       struct item_id *ret_ids, size_t *ret_count, struct error *error);
/* The event of a move that was made. */
int item_row_event(struct store *store, const char *id, int from, enum item_state to,
                   const char *reason, int64_t now_ms, struct error *error);

#endif
