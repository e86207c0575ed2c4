/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moves of items in which a claim takes part: set aside, given back, taken, returned.  Items
 * are picked by SKIP LOCKED, so boots at the same time never wait for each other's items.
 */
#include "store/item_claim.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/item_row.h"

/* Items are moved a batch at a time by statements with that many places; "" fills those left. */
#define BATCH 16
#define BATCH_PLACES "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define BATCH_VALUES(ids)                                                                          \
    TEXT((ids)[0].text), TEXT((ids)[1].text), TEXT((ids)[2].text), TEXT((ids)[3].text),            \
        TEXT((ids)[4].text), TEXT((ids)[5].text), TEXT((ids)[6].text), TEXT((ids)[7].text),        \
        TEXT((ids)[8].text), TEXT((ids)[9].text), TEXT((ids)[10].text), TEXT((ids)[11].text),      \
        TEXT((ids)[12].text), TEXT((ids)[13].text), TEXT((ids)[14].text), TEXT((ids)[15].text)

static int set_aside_batch(struct store *store, const struct item_id *ids, const char *claim_id,
                           size_t line, int64_t now_ms, int64_t *ret_moved, struct error *error)
{
    char reason[sizeof(((struct item *)0)->reason)];
    int r;

    snprintf(reason, sizeof(reason), "set aside for claim %s", claim_id);
    r = query_run(store, "UPDATE items SET state = 'claimed', claim_id = ?, claim_line = ?,"
                  " reason = ?, changed_ms = ? WHERE state = 'ready' AND id IN " BATCH_PLACES,
                  VALUES(TEXT(claim_id), INT(line), TEXT(reason), INT(now_ms), BATCH_VALUES(ids)),
                  ret_moved, error);
    if (r < 0)
        return r;
    return query_run(store, "INSERT INTO item_events (item_id, at_ms, from_state, to_state, reason,"
                     " request_id) SELECT id, ?, 'ready', 'claimed', ?, ? FROM items"
                     " WHERE id IN " BATCH_PLACES,
                     VALUES(INT(now_ms), TEXT(reason), TEXT(log_request_id()), BATCH_VALUES(ids)),
                     NULL, error);
}

int item_set_aside(struct store *store, const char *pool_id, const char *claim_id, size_t line,
                   int64_t count, int64_t now_ms, int64_t *ret_count, struct error *error)
{
    int64_t done = 0;
    size_t found = 1;
    int r = 0;

    while (r == 0 && found && done < count) {
        struct item_id ids[BATCH] = { 0 };
        int64_t left = count - done, moved = 0;

        r = item_row_lock_some(store, pool_id, ITEM_READY, left < BATCH ? (size_t)left : BATCH,
                               ids, &found, error);
        if (r == 0 && found)
            r = set_aside_batch(store, ids, claim_id, line, now_ms, &moved, error);
        done += moved;
    }
    if (r == 0)
        *ret_count = done;
    return r;
}

int item_give_back(struct store *store, const char *claim_id, const char *reason, int64_t now_ms,
                   struct error *error)
{
    size_t found = 1;
    int r = 0;

    while (r == 0 && found) {
        struct item_id ids[BATCH];

        r = query_read(store, "SELECT id FROM items FORCE INDEX (items_claim) WHERE claim_id = ?"
                       " AND state = 'claimed' LIMIT ? FOR UPDATE",
                       VALUES(TEXT(claim_id), INT(BATCH)), &item_id_type, ids, BATCH, &found,
                       error);
        for (size_t i = 0; r == 0 && i < found; i++)
            r = item_move(store, ids[i].text, ITEM_CLAIMED, ITEM_READY, NULL, reason, now_ms,
                          error);
    }
    return r;
}

/* 'item' is locked by us and in a state from which it may be taken. */
static int take(struct store *store, const struct item_taker *taker, const struct item *item,
                int64_t now_ms, struct error *error)
{
    char reason[sizeof(item->reason)];
    int64_t taken = 0;
    int r;

    snprintf(reason, sizeof(reason), "taken by claim %s", taker->claim_id);
    r = query_run(store, "UPDATE items SET state = 'adopted', claim_id = ?, claim_line = ?,"
                  " project_id = ?, instance_id = ?, sealed = '', reason = ?, changed_ms = ?"
                  " WHERE id = ? AND state = ?",
                  VALUES(TEXT(taker->claim_id), INT(taker->line), TEXT(taker->project_id),
                         TEXT(taker->instance_id), TEXT(reason), INT(now_ms), TEXT(item->id),
                         TEXT(item_state_name(item->state))), &taken, error);
    if (r == 0 && taken == 0)
        return error_set(error, -ESTALE, "Item %s was moved while it was locked", item->id);
    return r < 0 ? r : item_row_event(store, item->id, (int)item->state, ITEM_ADOPTED, reason,
                                      now_ms, error);
}

int item_take_set_aside(struct store *store, const struct item_taker *taker, int64_t now_ms,
                        struct item *ret_item, struct error *error)
{
    int r = query_read_one(store, "SELECT " ITEM_COLUMNS " FROM items i FORCE INDEX (items_claim)"
                           " WHERE i.claim_id = ? AND i.claim_line = ? AND i.state = 'claimed'"
                           " LIMIT 1 FOR UPDATE SKIP LOCKED",
                           VALUES(TEXT(taker->claim_id), INT(taker->line)), &item_row_type,
                           ret_item, error);

    return r < 0 ? r : take(store, taker, ret_item, now_ms, error);
}

int item_take_ready(struct store *store, const struct item_taker *taker, int64_t now_ms,
                    struct item *ret_item, struct error *error)
{
    int r = query_read_one(store, "SELECT " ITEM_COLUMNS " FROM items i FORCE INDEX (items_pool)"
                           " WHERE i.pool_id = ? AND i.state = 'ready'"
                           " ORDER BY i.ready_ms, i.id LIMIT 1 FOR UPDATE SKIP LOCKED",
                           VALUES(TEXT(taker->pool_id)), &item_row_type, ret_item, error);

    return r < 0 ? r : take(store, taker, ret_item, now_ms, error);
}

int item_return(struct store *store, const char *id, enum kind kind, const char *reason,
                int64_t now_ms, struct error *error)
{
    enum item_state to = kind == KIND_PORT ? ITEM_READY : ITEM_RELEASING;
    int r = item_move(store, id, ITEM_ADOPTED, to, NULL, reason, now_ms, error);

    if (r < 0 || kind == KIND_PORT)
        return r;
    return query_run(store, "UPDATE items SET claim_id = '', claim_line = -1 WHERE id = ?",
                     VALUES(TEXT(id)), NULL, error);
}
