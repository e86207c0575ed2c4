/* SPDX-License-Identifier: Apache-2.0 */
/* Pools that yielded; see yield.h.  A network may have many ports: they are moved a batch at a
 * time, by statements with that many places. */
#include "store/yield.h"

#include "base/log.h"
#include "store/item_row.h"

#define BATCH 16
#define PLACES "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define BATCH_VALUES(ids)                                                                          \
    TEXT((ids)[0]), TEXT((ids)[1]), TEXT((ids)[2]), TEXT((ids)[3]), TEXT((ids)[4]),                \
        TEXT((ids)[5]), TEXT((ids)[6]), TEXT((ids)[7]), TEXT((ids)[8]), TEXT((ids)[9]),            \
        TEXT((ids)[10]), TEXT((ids)[11]), TEXT((ids)[12]), TEXT((ids)[13]), TEXT((ids)[14]),       \
        TEXT((ids)[15])
#define STAND_FOR_THEM(i)                                                                          \
    i ".resource_id IN " PLACES " AND " i ".kind = 'port'"                                         \
    " AND " i ".state IN ('creating','ready','claimed')"

struct yielding {
    const struct yield *yield;
    int64_t now_ms;
    int64_t items, pools;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Failures in a row end here: what is made at last in spite of this must not end the pause. */
#define KEEP_BACK                                                                                  \
    "UPDATE pools SET failures = 0, not_before_ms = GREATEST(not_before_ms, ?), last_error = ?,"   \
    " updated_ms = ? WHERE "

static int keep_network_back(struct store *store, struct yielding *yielding, struct error *error)
{
    const struct yield *yield = yielding->yield;

    return query_run(store, KEEP_BACK "kind = 'port'"
                     " AND JSON_VALUE(key_json, '$.network_id') = ?",
                     VALUES(INT(yield->not_before_ms), TEXT(yield->reason),
                            INT(yielding->now_ms), TEXT(yield->network_id)), &yielding->pools,
                     error);
}

static int keep_pools_back(struct store *store, struct yielding *yielding,
                           const char (*ids)[ID_SIZE], struct error *error)
{
    const struct yield *yield = yielding->yield;
    int64_t pools = 0;
    int r = query_run(store, KEEP_BACK "id IN (SELECT i.pool_id FROM items i WHERE "
                      STAND_FOR_THEM("i") ")",
                      VALUES(INT(yield->not_before_ms), TEXT(yield->reason),
                             INT(yielding->now_ms), BATCH_VALUES(ids)), &pools, error);

    yielding->pools = later(yielding->pools, pools);
    return r;
}

/* An INSERT … SELECT keeps the table's counter for itself while it runs: it must not wait for rows
 * then, so they are ours before. */
static int lock(struct store *store, const char (*ids)[ID_SIZE], struct error *error)
{
    struct item_id locked[BATCH];
    size_t count;

    return query_read(store, "SELECT i.id FROM items i WHERE " STAND_FOR_THEM("i")
                      " LIMIT ? FOR UPDATE",
                      VALUES(BATCH_VALUES(ids), INT(BATCH)), &item_id_type, locked, BATCH, &count,
                      error);
}

/* The event first: it tells from which state the item came. */
static int release(struct store *store, struct yielding *yielding, const char (*ids)[ID_SIZE],
                   struct error *error)
{
    const struct yield *yield = yielding->yield;
    int64_t moved = 0;
    int r = query_run(store, "INSERT INTO item_events (item_id, at_ms, from_state, to_state,"
                      " reason, request_id)"
                      " SELECT i.id, ?, i.state, 'releasing', ?, ? FROM items i WHERE "
                      STAND_FOR_THEM("i"),
                      VALUES(INT(yielding->now_ms), TEXT(yield->reason), TEXT(log_request_id()),
                             BATCH_VALUES(ids)), NULL, error);

    if (r == 0)
        r = query_run(store, "UPDATE items SET state = 'releasing', reason = ?, changed_ms = ?,"
                      " not_before_ms = ?, attempts = 0, claim_id = '', claim_line = -1 WHERE "
                      STAND_FOR_THEM("items"),
                      VALUES(TEXT(yield->reason), INT(yielding->now_ms), INT(yield->due_ms),
                             BATCH_VALUES(ids)), &moved, error);
    yielding->items += moved;
    return r;
}

/* The batch that begins with port 'first'; places that are left have the first again: "" would mean
 * items that have no port yet. */
static void fill(const struct yield *yield, size_t first, char ret_ids[static BATCH][ID_SIZE])
{
    for (size_t i = 0; i < BATCH; i++) {
        size_t port = first + i < yield->port_count ? first + i : first;

        text_copy(ret_ids[i], ID_SIZE, yield->port_ids[port]);
    }
}

static int note(struct store *store, void *context, struct error *error)
{
    struct yielding *yielding = context;
    const struct yield *yield = yielding->yield;
    int r = 0;

    yielding->items = yielding->pools = 0;
    if (yield->network_id[0])
        r = keep_network_back(store, yielding, error);
    for (size_t done = 0; r == 0 && done < yield->port_count; done += BATCH) {
        char ids[BATCH][ID_SIZE];

        fill(yield, done, ids);
        r = lock(store, (const char (*)[ID_SIZE])ids, error);
        if (r == 0)
            r = keep_pools_back(store, yielding, (const char (*)[ID_SIZE])ids, error);
        if (r == 0)
            r = release(store, yielding, (const char (*)[ID_SIZE])ids, error);
    }
    return r;
}

int yield_note(struct store *store, const struct yield *yield, int64_t now_ms, int64_t *ret_items,
               int64_t *ret_pools, struct error *error)
{
    struct yielding yielding = { .yield = yield, .now_ms = now_ms };
    int r = store_transaction(store, note, &yielding, error);

    if (r == 0) {
        *ret_items = yielding.items;
        *ret_pools = yielding.pools;
    }
    return r;
}
