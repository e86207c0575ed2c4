/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items and their life.  Every move is a compare-and-swap that leaves an event; the moves of a
 * claim's items, which come in numbers, are in item_claim.c.
 */
#include "store/item.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "store/item_row.h"

static const char *const state_names[ITEM_STATES] = { "wanted",  "creating",  "ready", "claimed",
                                                      "adopted", "releasing", "gone",  "failed" };

const char *item_state_name(enum item_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

#define TO(state) (1U << (ITEM_##state))

/* Which moves exist.  An adopted item goes back to ready only when nobody saw it. */
static const unsigned moves[ITEM_STATES] = {
    [ITEM_WANTED] = TO(CREATING) | TO(RELEASING) | TO(GONE) | TO(FAILED),
    [ITEM_CREATING] = TO(READY) | TO(RELEASING) | TO(FAILED),
    [ITEM_READY] = TO(CLAIMED) | TO(ADOPTED) | TO(RELEASING),
    [ITEM_CLAIMED] = TO(READY) | TO(ADOPTED) | TO(RELEASING),
    [ITEM_ADOPTED] = TO(READY) | TO(RELEASING),
    [ITEM_RELEASING] = TO(GONE) | TO(FAILED),
    [ITEM_GONE] = 0,
    [ITEM_FAILED] = 0,
};

bool item_move_allowed(enum item_state from, enum item_state to)
{
    return (unsigned)from < ITEM_STATES && (unsigned)to < ITEM_STATES
           && (moves[from] & (1U << to)) != 0;
}

static const struct column item_columns[] = {
    TEXT_COLUMN(struct item, id),
    TEXT_COLUMN(struct item, pool_id),
    CHOICE_COLUMN(struct item, kind, ITEM_KIND_CHOICES),
    CHOICE_COLUMN(struct item, state, ITEM_STATE_CHOICES),
    TEXT_COLUMN(struct item, reason),
    TEXT_COLUMN(struct item, holder_id),
    TEXT_COLUMN(struct item, resource_id),
    TEXT_COLUMN(struct item, transfer_id),
    BYTES_COLUMN(struct item, sealed, sealed_length),
    TEXT_COLUMN(struct item, fingerprint),
    TEXT_COLUMN(struct item, claim_id),
    TEXT_COLUMN(struct item, instance_id),
    TEXT_COLUMN(struct item, project_id),
    INT_COLUMN(struct item, attempts),
    INT_COLUMN(struct item, created_ms),
    INT_COLUMN(struct item, changed_ms),
    INT_COLUMN(struct item, ready_ms),
    INT_COLUMN(struct item, not_before_ms),
};
const struct row_type item_row_type = ROW_TYPE(struct item, item_columns);

static const struct column item_id_columns[] = { TEXT_COLUMN(struct item_id, text) };
const struct row_type item_id_type = ROW_TYPE(struct item_id, item_id_columns);

int item_row_event(struct store *store, const char *id, int from, enum item_state to,
                   const char *reason, int64_t now_ms, struct error *error)
{
    char words[sizeof(((struct item *)0)->reason)];

    words_copy(words, sizeof(words), reason);
    return query_run(store, "INSERT INTO item_events (item_id, at_ms, from_state, to_state, reason,"
                     " request_id) VALUES (?, ?, ?, ?, ?, ?)",
                     VALUES(TEXT(id), INT(now_ms),
                            TEXT(from < 0 ? "" : item_state_name((enum item_state)from)),
                            TEXT(item_state_name(to)), TEXT(words), TEXT(log_request_id())), NULL,
                     error);
}

int item_row_insert(struct store *store, const struct pool *pool, int64_t now_ms,
                    struct error *error)
{
    static const char reason[] = "the pool lacks it";
    char id[ID_SIZE];
    int r;

    text_make_uuid(id);
    r = query_run(store, "INSERT INTO items (id, pool_id, kind, state, reason, created_ms,"
                  " changed_ms) VALUES (?, ?, ?, 'wanted', ?, ?, ?)",
                  VALUES(TEXT(id), TEXT(pool->id), TEXT(kind_name(pool->key.kind)), TEXT(reason),
                         INT(now_ms), INT(now_ms)), NULL, error);
    return r < 0 ? r : item_row_event(store, id, -1, ITEM_WANTED, reason, now_ms, error);
}

/* In the order of the index, which is forced: sorting would lock all of the pool's items. */
int item_row_lock_some(struct store *store, const char *pool_id, enum item_state state, size_t most,
                       struct item_id *ret_ids, size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT id FROM items FORCE INDEX (items_pool)"
                      " WHERE pool_id = ? AND state = ?"
                      " ORDER BY ready_ms, id LIMIT ? FOR UPDATE SKIP LOCKED",
                      VALUES(TEXT(pool_id), TEXT(item_state_name(state)), INT(most)),
                      &item_id_type, ret_ids, most, ret_count, error);
}

/* ---- leases ---- */

struct leasing {
    const char *owner;
    int64_t length_ms, now_ms;
    struct item *item;
};

/* The index of due items is read in order and ends with the first that is free, so no more rows are
 * locked than are taken. */
static int lease_one(struct store *store, void *context, struct error *error)
{
    struct leasing *leasing = context;
    int r = query_read_one(store, "SELECT " ITEM_COLUMNS " FROM items i FORCE INDEX (items_due)"
                           " WHERE i.due_ms <= ? ORDER BY i.due_ms LIMIT 1 FOR UPDATE SKIP LOCKED",
                           VALUES(INT(leasing->now_ms)), &item_row_type, leasing->item, error);

    if (r < 0)
        return r;
    return query_run(store, "UPDATE items SET lease_owner = ?, lease_until_ms = ? WHERE id = ?",
                     VALUES(TEXT(leasing->owner), INT(leasing->now_ms + leasing->length_ms),
                            TEXT(leasing->item->id)), NULL, error);
}

int item_lease(struct store *store, const char *owner, int64_t length_ms, int64_t now_ms,
               struct item *ret_item, struct error *error)
{
    struct item item;
    struct leasing leasing = { .owner = owner, .length_ms = length_ms, .now_ms = now_ms,
                               .item = &item };
    int r = store_transaction(store, lease_one, &leasing, error);

    if (r == 0)
        *ret_item = item;
    return r == -ENOENT ? error_set(error, r, "No item is due") : r;
}

int item_unlease(struct store *store, const char *id, const char *owner, int64_t not_before_ms,
                 int64_t attempts, struct error *error)
{
    int64_t changed = 0;
    int r = query_run(store, "UPDATE items SET lease_until_ms = 0, not_before_ms = ?, attempts = ?,"
                      " lease_owner = '' WHERE id = ? AND lease_owner = ?",
                      VALUES(INT(not_before_ms), INT(attempts), TEXT(id), TEXT(owner)), &changed,
                      error);

    if (r == 0 && changed == 0)
        return error_set(error, -ESTALE, "Item %.40s is not leased by %.80s any more", id, owner);
    return r;
}

/* ---- moves and facts ---- */

struct moving {
    const char *id;
    enum item_state from, to;
    const char *owner; /* "": whoever has it */
    char reason[sizeof(((struct item *)0)->reason)];
    int64_t now_ms;
};

static int not_as_thought(struct store *store, const char *id, const char *thought,
                          struct error *error)
{
    struct item item;
    int r = item_get(store, id, &item, error);

    if (r < 0)
        return r;
    return error_set(error, -ESTALE, "Item %s is %s, not %s, or another worker has it", id,
                     item_state_name(item.state), thought);
}

/* An item that is free again, or that goes unseen, belongs to no claim.  What is to be released is
 * due at once, with its attempts counted anew. */
static int move(struct store *store, void *context, struct error *error)
{
    const struct moving *moving = context;
    const char *from = item_state_name(moving->from), *to = item_state_name(moving->to);
    bool free = moving->to == ITEM_READY || moving->from == ITEM_CLAIMED;
    bool unseen = moving->to == ITEM_READY;
    int64_t moved = 0;
    int r = query_run(store, "UPDATE items SET ready_ms = IF(? = 'ready' AND ready_ms = 0, ?,"
                      " ready_ms), not_before_ms = IF(? = 'releasing', 0, not_before_ms),"
                      " attempts = IF(? = 'releasing', 0, attempts),"
                      " claim_id = IF(?, '', claim_id), claim_line = IF(?, -1, claim_line),"
                      " instance_id = IF(?, '', instance_id), project_id = IF(?, '', project_id),"
                      " state = ?, reason = ?, changed_ms = ?"
                      " WHERE id = ? AND state = ? AND (? = '' OR lease_owner = ?)",
                      VALUES(TEXT(to), INT(moving->now_ms), TEXT(to), TEXT(to), INT(free),
                             INT(free), INT(unseen), INT(unseen), TEXT(to), TEXT(moving->reason),
                             INT(moving->now_ms), TEXT(moving->id), TEXT(from),
                             TEXT(moving->owner), TEXT(moving->owner)), &moved, error);

    if (r < 0)
        return r;
    if (moved == 0)
        return not_as_thought(store, moving->id, from, error);
    return item_row_event(store, moving->id, (int)moving->from, moving->to, moving->reason,
                          moving->now_ms, error);
}

/* Moves in which a claim takes part are made by item_claim.c, which knows the claim. */
static bool needs_claim(enum item_state to)
{
    return to == ITEM_CLAIMED || to == ITEM_ADOPTED;
}

int item_move(struct store *store, const char *id, enum item_state from, enum item_state to,
              const char *owner, const char *reason, int64_t now_ms, struct error *error)
{
    struct moving moving = { .id = id, .from = from, .to = to, .owner = owner ? owner : "",
                             .now_ms = now_ms };

    if (!item_move_allowed(from, to))
        return error_set(error, -EINVAL, "An item does not move from %s to %s",
                         item_state_name(from), item_state_name(to));
    if (needs_claim(to))
        return error_set(error, -EINVAL, "An item is %s by a claim only", item_state_name(to));
    words_copy(moving.reason, sizeof(moving.reason), reason);
    return store_transaction(store, move, &moving, error);
}

int item_note(struct store *store, const char *id, const char *owner,
              const struct item_facts *facts, struct error *error)
{
    int64_t noted = 0;
    int r;

    if (facts->sealed_length > SEALED_SIZE)
        return error_set(error, -E2BIG, "The sealed key of item %.40s takes %zu bytes, there is "
                         "room for %d", id, facts->sealed_length, SEALED_SIZE);
    r = query_run(store, "UPDATE items SET holder_id = COALESCE(NULLIF(?, ''), holder_id),"
                  " resource_id = COALESCE(NULLIF(?, ''), resource_id),"
                  " transfer_id = COALESCE(NULLIF(?, ''), transfer_id),"
                  " fingerprint = COALESCE(NULLIF(?, ''), fingerprint),"
                  " sealed = IF(?, ?, sealed) WHERE id = ? AND lease_owner = ?",
                  VALUES(TEXT(facts->holder_id), TEXT(facts->resource_id),
                         TEXT(facts->transfer_id), TEXT(facts->fingerprint),
                         INT(facts->sealed_length > 0),
                         BYTES(facts->sealed, facts->sealed_length), TEXT(id), TEXT(owner)),
                  &noted, error);
    if (r == 0 && noted == 0)
        return error_set(error, -ESTALE, "Item %.40s is not leased by %.80s any more", id, owner);
    return r;
}

/* ---- reading ---- */

int item_get(struct store *store, const char *id, struct item *ret_item, struct error *error)
{
    int r = query_read_one(store, "SELECT " ITEM_COLUMNS " FROM items i WHERE i.id = ?",
                           VALUES(TEXT(id)), &item_row_type, ret_item, error);

    return r == -ENOENT ? error_set(error, r, "There is no item %.40s", id) : r;
}

int item_find_by_resource(struct store *store, const char *resource_id, struct item *ret_item,
                          struct error *error)
{
    int r = query_read_one(store, "SELECT " ITEM_COLUMNS " FROM items i WHERE i.resource_id = ?"
                           " AND i.resource_id <> '' ORDER BY i.created_ms DESC, i.id LIMIT 1",
                           VALUES(TEXT(resource_id)), &item_row_type, ret_item, error);

    return r == -ENOENT ? error_set(error, r, "No item stands for %.40s", resource_id) : r;
}

int item_list(struct store *store, const char *pool_id, unsigned states, const char *marker,
              size_t most, struct item *ret_items, size_t *ret_count, struct error *error)
{
    const char *pool = pool_id ? pool_id : "";

    return query_read(store, "SELECT " ITEM_COLUMNS " FROM items i WHERE i.id > ?"
                      " AND (? = '' OR i.pool_id = ?)"
                      " AND (? = 0 OR (1 << (i.state - 1)) & ?) ORDER BY i.id LIMIT ?",
                      VALUES(TEXT(marker), TEXT(pool), TEXT(pool), INT(states), INT(states),
                             INT(most)), &item_row_type, ret_items, most, ret_count, error);
}

int item_history(struct store *store, const char *id, size_t most, struct item_event *ret_events,
                 size_t *ret_count, struct error *error)
{
    static const struct column columns[] = {
        INT_COLUMN(struct item_event, at_ms),
        CHOICE_COLUMN(struct item_event, from, ITEM_STATE_CHOICES),
        CHOICE_COLUMN(struct item_event, to, ITEM_STATE_CHOICES),
        TEXT_COLUMN(struct item_event, reason),
        TEXT_COLUMN(struct item_event, request_id),
    };
    static const struct row_type type = ROW_TYPE(struct item_event, columns);

    return query_read(store, "SELECT at_ms, from_state, to_state, reason, request_id"
                      " FROM item_events WHERE item_id = ? ORDER BY at_ms, id LIMIT ?",
                      VALUES(TEXT(id), INT(most)), &type, ret_events, most, ret_count, error);
}
