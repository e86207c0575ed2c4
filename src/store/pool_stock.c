/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stocking and trimming: how many rows a pool gains or loses.  Both decide under one guard row, so
 * that no two workers add up to more than a ceiling; the guard is written to, not only locked,
 * since a Galera cluster finds conflicts by what was written.
 */
#include "store/item_row.h"

#define STOCK_MOST 100 /* rows made or trimmed in one transaction; the rest comes with the next */

struct stocking {
    const char *id;
    const struct stock_limits *limits;
    int64_t idle_age_ms;
    int64_t now_ms;
    int64_t changed;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t coming(const struct pool *pool)
{
    return pool->wanted + pool->creating + pool->ready;
}

/* What the pool itself lacks and may have. */
static int64_t pool_lack(const struct pool *pool, int64_t now_ms)
{
    int64_t lack = pool_goal(pool) - coming(pool);
    int64_t room = pool->ceiling - coming(pool) - pool->claimed;

    if (pool->key.kind == KIND_IMAGE)
        return 0;
    return now_ms < pool->not_before_ms ? 0 : least(lack, room);
}

static int be_alone(struct store *store, struct error *error)
{
    return query_run(store, "UPDATE guards SET turns = turns + 1 WHERE name = 'stock'", NO_VALUES,
                     NULL, error);
}

/* What is being deleted still weighs on the cloud, and counts. */
#define EXIST "('wanted','creating','ready','claimed','releasing')"

static int room_in_all(struct store *store, const struct stock_limits *limits, int64_t *room,
                       struct error *error)
{
    int64_t count = 0;
    int r = query_read_int(store, "SELECT COUNT(*) FROM items WHERE state IN " EXIST, NO_VALUES,
                           &count, error);

    *room = least(*room, limits->in_all - count);
    return r;
}

static int room_in_project(struct store *store, const struct pool *pool,
                           const struct stock_limits *limits, int64_t *room, struct error *error)
{
    int64_t count = 0;
    int r;

    if (pool->key.kind != KIND_PORT)
        return 0;
    r = query_read_int(store, "SELECT COUNT(*) FROM pools p JOIN items i ON i.pool_id = p.id"
                       " WHERE p.project_id = ? AND i.state IN " EXIST,
                       VALUES(TEXT(pool->key.port.project_id)), &count, error);
    *room = least(*room, limits->per_project - count);
    return r;
}

static int stock(struct store *store, void *context, struct error *error)
{
    struct stocking *stocking = context;
    struct pool pool;
    int64_t room = 0;
    int r = be_alone(store, error);

    stocking->changed = 0;
    if (r == 0)
        r = pool_get(store, stocking->id, &pool, error);
    if (r == 0) {
        room = least(pool_lack(&pool, stocking->now_ms), STOCK_MOST);
        r = room_in_all(store, stocking->limits, &room, error);
    }
    if (r == 0)
        r = room_in_project(store, &pool, stocking->limits, &room, error);
    for (; r == 0 && stocking->changed < room; stocking->changed++)
        r = item_row_insert(store, &pool, stocking->now_ms, error);
    return r;
}

int pool_stock(struct store *store, const char *id, const struct stock_limits *limits,
               int64_t now_ms, int64_t *ret_made, struct error *error)
{
    struct stocking stocking = { .id = id, .limits = limits, .now_ms = now_ms };
    struct pool pool;
    int r = pool_get(store, id, &pool, error);

    if (r == 0 && pool_lack(&pool, now_ms) > 0)
        r = store_transaction(store, stock, &stocking, error);
    if (r == 0)
        *ret_made = stocking.changed;
    return r;
}

/* How many items of each state a pool should give back; the states are taken in this order. */
struct surplus {
    int64_t wanted, creating, ready;
};

static struct surplus pool_surplus(const struct pool *pool)
{
    struct surplus all = { pool->wanted, pool->creating, pool->ready };
    struct surplus some = { 0, 0, 0 };
    int64_t much = coming(pool) - pool_goal(pool);

    if (pool->key.kind == KIND_IMAGE)
        return (struct surplus){ 0, 0, 0 };
    if (pool->state == POOL_DRAINING)
        return all;
    if (pool->state == POOL_PAUSED) { /* makes nothing more, keeps what it has */
        some.wanted = pool->wanted;
        return some;
    }
    if (much > 0) {
        some.wanted = least(much, pool->wanted);
        some.ready = least(much - some.wanted, pool->ready);
    }
    return some;
}

/* A target that falls and rises again must not cost items that were made a moment ago. */
static int spare_young(struct store *store, const struct stocking *stocking,
                       const struct pool *pool, struct surplus *surplus, struct error *error)
{
    int64_t before_ms = stocking->now_ms - stocking->idle_age_ms;
    int64_t over = coming(pool) - surplus->wanted - pool->ceiling;
    int64_t old = 0;
    int r;

    if (pool->state != POOL_ACTIVE || surplus->ready == 0 || pool->target_since_ms <= before_ms)
        return 0;
    r = query_read_int(store, "SELECT COUNT(*) FROM items WHERE pool_id = ? AND state = 'ready'"
                       " AND ready_ms <= ?", VALUES(TEXT(pool->id), INT(before_ms)), &old, error);
    surplus->ready = least(surplus->ready, old > over ? old : over);
    return r;
}

static int find_surplus(struct store *store, const struct stocking *stocking, struct pool *ret_pool,
                        struct surplus *ret_surplus, struct error *error)
{
    int r = pool_get(store, stocking->id, ret_pool, error);

    if (r < 0)
        return r;
    *ret_surplus = pool_surplus(ret_pool);
    return spare_young(store, stocking, ret_pool, ret_surplus, error);
}

static int release(struct store *store, struct stocking *stocking, enum item_state state,
                   int64_t count, const char *reason, struct error *error)
{
    struct item_id ids[STOCK_MOST];
    size_t found = 0;
    int r;

    if (count <= 0)
        return 0;
    r = item_row_lock_some(store, stocking->id, state, (size_t)least(count, STOCK_MOST), ids,
                           &found, error);
    for (size_t i = 0; r == 0 && i < found; i++)
        r = item_move(store, ids[i].text, state, ITEM_RELEASING, NULL, reason, stocking->now_ms,
                      error);
    stocking->changed += (int64_t)found;
    return r;
}

static const char *trim_reason(const struct pool *pool)
{
    static const char *const reasons[] = { "more than the pool's goal", "the pool is paused",
                                           "the pool is draining" };

    return reasons[pool->state];
}

static int trim(struct store *store, void *context, struct error *error)
{
    struct stocking *stocking = context;
    struct surplus surplus;
    struct pool pool;
    int r = be_alone(store, error);

    stocking->changed = 0;
    if (r == 0)
        r = find_surplus(store, stocking, &pool, &surplus, error);
    if (r < 0)
        return r;
    r = release(store, stocking, ITEM_WANTED, surplus.wanted, trim_reason(&pool), error);
    if (r == 0)
        r = release(store, stocking, ITEM_CREATING, surplus.creating, trim_reason(&pool), error);
    if (r == 0)
        r = release(store, stocking, ITEM_READY, surplus.ready, trim_reason(&pool), error);
    return r;
}

int pool_trim(struct store *store, const char *id, int64_t idle_age_ms, int64_t now_ms,
              int64_t *ret_released, struct error *error)
{
    struct stocking stocking = { .id = id, .idle_age_ms = idle_age_ms, .now_ms = now_ms };
    struct pool pool;
    struct surplus surplus;
    int r = find_surplus(store, &stocking, &pool, &surplus, error);

    if (r < 0)
        return r;
    if (surplus.wanted + surplus.creating + surplus.ready > 0)
        r = store_transaction(store, trim, &stocking, error);
    if (r == 0)
        *ret_released = stocking.changed;
    return r;
}
