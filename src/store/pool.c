/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: reading, learning, changing; what they hold is counted from the items.  The making and
 * giving back of items is in pool_stock.c. */
#include "store/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "reserve/lead_time.h"
#include "store/image_pool.h"
#include "store/query.h"

/* Asks that lead to pools which one project may have begun, for each pool it may begin: a type by
 * name or id, with zone or without, and by default. */
#define ASKS_PER_POOL 16
#define KEY_WRITTEN_SIZE 4096

static const char *const state_names[] = { "active", "paused", "draining" };

const char *pool_state_name(enum pool_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

int64_t pool_goal(const struct pool *pool)
{
    int64_t goal = pool->target > pool->floor ? pool->target : pool->floor;

    if (pool->state != POOL_ACTIVE)
        return 0;
    return goal < pool->ceiling ? goal : pool->ceiling;
}

struct pool_row {
    struct pool pool;
    enum kind kind;
    char key_json[KEY_WRITTEN_SIZE];
};

#define COUNT_OF(state) "COALESCE(SUM(i.state = '" state "'), 0)"
#define POOL_COLUMNS                                                                               \
    "SELECT p.id, p.kind, p.key_json, p.state, p.target, p.floor, p.ceiling, p.lead_time_ms,"     \
    " p.lead_time_high_ms, p.failures, p.not_before_ms, p.last_error, p.tier, p.tier_rule,"        \
    " p.target_since_ms, p.created_ms, p.updated_ms,"                                              \
    " COALESCE((SELECT MAX(d.at_ms) FROM demand d WHERE d.pool_id = p.id), 0),"                    \
    COUNT_OF("wanted") "," COUNT_OF("creating") "," COUNT_OF("ready") "," COUNT_OF("claimed") ","  \
    COUNT_OF("releasing") "," COUNT_OF("failed")
#define WITH_ITEMS                                                                                 \
    " LEFT JOIN items i ON i.pool_id = p.id"                                                       \
    " AND i.state IN ('wanted','creating','ready','claimed','releasing','failed')"

static const struct column pool_columns[] = {
    TEXT_COLUMN(struct pool_row, pool.id),
    CHOICE_COLUMN(struct pool_row, kind, KIND_CHOICES),
    TEXT_COLUMN(struct pool_row, key_json),
    CHOICE_COLUMN(struct pool_row, pool.state, POOL_STATE_CHOICES),
    INT_COLUMN(struct pool_row, pool.target),
    INT_COLUMN(struct pool_row, pool.floor),
    INT_COLUMN(struct pool_row, pool.ceiling),
    INT_COLUMN(struct pool_row, pool.lead_time_ms),
    INT_COLUMN(struct pool_row, pool.lead_time_high_ms),
    INT_COLUMN(struct pool_row, pool.failures),
    INT_COLUMN(struct pool_row, pool.not_before_ms),
    TEXT_COLUMN(struct pool_row, pool.last_error),
    CHOICE_COLUMN(struct pool_row, pool.tier, TIER_CHOICES),
    TEXT_COLUMN(struct pool_row, pool.tier_rule),
    INT_COLUMN(struct pool_row, pool.target_since_ms),
    INT_COLUMN(struct pool_row, pool.created_ms),
    INT_COLUMN(struct pool_row, pool.updated_ms),
    INT_COLUMN(struct pool_row, pool.demanded_ms),
    INT_COLUMN(struct pool_row, pool.wanted),
    INT_COLUMN(struct pool_row, pool.creating),
    INT_COLUMN(struct pool_row, pool.ready),
    INT_COLUMN(struct pool_row, pool.claimed),
    INT_COLUMN(struct pool_row, pool.releasing),
    INT_COLUMN(struct pool_row, pool.failed),
};
static const struct row_type pool_type = ROW_TYPE(struct pool_row, pool_columns);

static int take_row(struct store *store, struct pool_row *row, struct pool *ret_pool,
                    struct error *error)
{
    int r = key_read(row->kind, row->key_json, &row->pool.key, error);

    if (r < 0) {
        error_wrap(error, "The key of pool %s", row->pool.id);
        return r;
    }
    if (row->kind == KIND_IMAGE)
        r = image_pool_count(store, &row->pool.key.image, &row->pool, error);
    *ret_pool = row->pool;
    return r;
}

static int read_pool(struct store *store, const char *sql, const char *by, struct pool *ret_pool,
                     struct error *error)
{
    struct pool_row row;
    int r = query_read_one(store, sql, VALUES(TEXT(by)), &pool_type, &row, error);

    return r < 0 ? r : take_row(store, &row, ret_pool, error);
}

int pool_get(struct store *store, const char *id, struct pool *ret_pool, struct error *error)
{
    int r = read_pool(store, POOL_COLUMNS " FROM pools p" WITH_ITEMS
                      " WHERE p.id = ? GROUP BY p.id", id, ret_pool, error);

    return r == -ENOENT ? error_set(error, r, "There is no pool %.40s", id) : r;
}

int pool_find_by_ask(struct store *store, const struct ask *ask, struct pool *ret_pool,
                     struct error *error)
{
    struct ask normal = *ask;
    char digest[DIGEST_SIZE];
    int r;

    ask_normalise(&normal);
    ask_digest(&normal, digest);
    r = read_pool(store, POOL_COLUMNS " FROM pool_asks a JOIN pools p ON p.id = a.pool_id"
                  WITH_ITEMS " WHERE a.ask_digest = ? GROUP BY p.id", digest, ret_pool, error);
    return r == -ENOENT ? error_set(error, r, "No pool is known for this %s yet",
                                    kind_name(ask->kind)) : r;
}

int pool_list(struct store *store, int kind, const char *project_id, const char *marker,
              size_t most, struct pool *ret_pools, size_t *ret_count, struct error *error)
{
    autofree struct pool_row *rows = calloc(most ? most : 1, sizeof(*rows));
    const char *name = kind < 0 ? "" : kind_name((enum kind)kind);
    const char *project = project_id ? project_id : "";
    size_t count = 0;
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "No memory for a list of %zu pools", most);
    r = query_read(store, POOL_COLUMNS " FROM (SELECT * FROM pools WHERE id > ?"
                   " AND (? = '' OR kind = ?) AND (? = '' OR project_id = ?)"
                   " ORDER BY id LIMIT ?) p" WITH_ITEMS " GROUP BY p.id ORDER BY p.id",
                   VALUES(TEXT(marker), TEXT(name), TEXT(name), TEXT(project), TEXT(project),
                          INT(most)), &pool_type, rows, most, &count, error);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = take_row(store, &rows[i], &ret_pools[i], error);
    if (r == 0)
        *ret_count = count;
    return r;
}

/* ---- learning ---- */

struct learning {
    const struct pool_defaults *defaults;
    const char *project_id; /* who asked */
    const struct key *key;
    char ask_digest[DIGEST_SIZE];
    char key_digest[DIGEST_SIZE];
    int64_t now_ms;
    char pool_id[ID_SIZE];
};

static const struct column id_columns[] = {
    { .type = COLUMN_TEXT, .offset = 0, .size = ID_SIZE },
};
static const struct row_type id_type = { .columns = id_columns, .count = 1, .size = ID_SIZE };

static int is_known(struct store *store, struct learning *learning, struct error *error)
{
    return query_read_one(store, "SELECT p.id FROM pool_asks a JOIN pools p ON p.id = a.pool_id"
                          " WHERE a.ask_digest = ? AND p.kind = ? AND p.key_digest = ?",
                          VALUES(TEXT(learning->ask_digest), TEXT(kind_name(learning->key->kind)),
                                 TEXT(learning->key_digest)),
                          &id_type, learning->pool_id, error);
}

static int check_share(struct store *store, const char *sql, const char *project_id, int64_t most,
                       const char *what, struct error *error)
{
    int64_t count = 0;
    int r = query_read_int(store, sql, VALUES(TEXT(project_id)), &count, error);

    if (r < 0 || count < most)
        return r;
    return error_set(error, -EDQUOT, "Project %s has %lld %s already; [bootstrap] "
                     "pools_per_project allows no more", project_id, (long long)count, what);
}

static int insert_pool(struct store *store, struct learning *learning, struct error *error)
{
    const struct key *key = learning->key;
    const struct pool_defaults *defaults = learning->defaults;
    int64_t floor = defaults->floor[key->kind];
    auto_strbuf written = STRBUF_INIT(KEY_WRITTEN_SIZE - 1);

    if (floor > defaults->ceiling)
        floor = defaults->ceiling;
    key_write(key, &written);
    if (written.status < 0)
        return error_set(error, written.status, "The key of a new pool is too long");
    text_make_uuid(learning->pool_id);
    return query_run(store, "INSERT INTO pools (id, kind, key_digest, key_json, project_id,"
                     " begun_by, state, floor, ceiling, created_ms, updated_ms)"
                     " VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)",
                     VALUES(TEXT(learning->pool_id), TEXT(kind_name(key->kind)),
                            TEXT(learning->key_digest), TEXT(strbuf_text(&written)),
                            TEXT(key->kind == KIND_PORT ? key->port.project_id : ""),
                            TEXT(learning->project_id), INT(floor), INT(defaults->ceiling),
                            INT(learning->now_ms), INT(learning->now_ms)), NULL, error);
}

static int find_or_make_pool(struct store *store, struct learning *learning, struct error *error)
{
    int r = query_read_one(store, "SELECT id FROM pools WHERE kind = ? AND key_digest = ?",
                           VALUES(TEXT(kind_name(learning->key->kind)),
                                  TEXT(learning->key_digest)), &id_type, learning->pool_id, error);

    if (r != -ENOENT)
        return r;
    r = check_share(store, "SELECT COUNT(*) FROM pools WHERE begun_by = ?", learning->project_id,
                    learning->defaults->pools_per_project, "pools", error);
    return r < 0 ? r : insert_pool(store, learning, error);
}

static int learn(struct store *store, void *context, struct error *error)
{
    struct learning *learning = context;
    int r = query_run(store, "UPDATE guards SET turns = turns + 1 WHERE name = 'learn'", NO_VALUES,
                      NULL, error);

    if (r == 0)
        r = find_or_make_pool(store, learning, error);
    if (r == 0)
        r = check_share(store, "SELECT COUNT(*) FROM pool_asks WHERE project_id = ?",
                        learning->project_id,
                        learning->defaults->pools_per_project * ASKS_PER_POOL, "kinds of request",
                        error);
    if (r < 0)
        return r;
    return query_run(store, "INSERT INTO pool_asks (ask_digest, pool_id, project_id, learned_ms)"
                     " VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE pool_id = VALUES(pool_id),"
                     " learned_ms = VALUES(learned_ms)",
                     VALUES(TEXT(learning->ask_digest), TEXT(learning->pool_id),
                            TEXT(learning->project_id), INT(learning->now_ms)), NULL, error);
}

int pool_learn(struct store *store, const struct ask *ask, const struct key *key,
               const struct pool_defaults *defaults, int64_t now_ms, char ret_id[static ID_SIZE],
               struct error *error)
{
    struct ask normal_ask = *ask;
    struct key normal_key = *key;
    struct learning learning = { .defaults = defaults, .project_id = ask->project_id,
                                 .key = &normal_key, .now_ms = now_ms };
    int r;

    if (ask->kind != key->kind)
        return error_set(error, -EINVAL, "What was asked for is a %s, what was made is a %s",
                         kind_name(ask->kind), kind_name(key->kind));
    ask_normalise(&normal_ask);
    key_normalise(&normal_key);
    ask_digest(&normal_ask, learning.ask_digest);
    key_digest(&normal_key, learning.key_digest);
    r = is_known(store, &learning, error);
    if (r == -ENOENT)
        r = store_transaction(store, learn, &learning, error);
    if (r == 0)
        text_copy(ret_id, ID_SIZE, learning.pool_id);
    return r;
}

/* ---- changing ---- */

struct changing {
    const char *id;
    const struct pool_change *change;
    int64_t now_ms;
};

struct bounds {
    int64_t floor, ceiling;
};

static int check_bounds(struct store *store, const struct changing *changing, struct error *error)
{
    static const struct column columns[] = { INT_COLUMN(struct bounds, floor),
                                             INT_COLUMN(struct bounds, ceiling) };
    static const struct row_type type = ROW_TYPE(struct bounds, columns);
    const struct pool_change *change = changing->change;
    struct bounds bounds;
    int r = query_read_one(store, "SELECT floor, ceiling FROM pools WHERE id = ? FOR UPDATE",
                           VALUES(TEXT(changing->id)), &type, &bounds, error);

    if (r == -ENOENT)
        return error_set(error, r, "There is no pool %.40s", changing->id);
    if (r < 0)
        return r;
    if (change->floor >= 0)
        bounds.floor = change->floor;
    if (change->ceiling >= 0)
        bounds.ceiling = change->ceiling;
    if (bounds.floor > bounds.ceiling)
        return error_set(error, -EINVAL, "The floor of a pool (%lld) must not exceed its ceiling "
                         "(%lld)", (long long)bounds.floor, (long long)bounds.ceiling);
    return 0;
}

static int change_pool(struct store *store, void *context, struct error *error)
{
    const struct changing *changing = context;
    const struct pool_change *change = changing->change;
    const char *state = change->state < 0 ? "" : pool_state_name((enum pool_state)change->state);
    int r = check_bounds(store, changing, error);

    if (r < 0)
        return r;
    return query_run(store, "UPDATE pools SET floor = IF(? < 0, floor, ?),"
                     " ceiling = IF(? < 0, ceiling, ?), target = IF(? < 0, target, ?),"
                     " state = IF(? = '', state, ?), updated_ms = ? WHERE id = ?",
                     VALUES(INT(change->floor), INT(change->floor), INT(change->ceiling),
                            INT(change->ceiling), INT(change->target), INT(change->target),
                            TEXT(state), TEXT(state), INT(changing->now_ms), TEXT(changing->id)),
                     NULL, error);
}

int pool_change(struct store *store, const char *id, const struct pool_change *change,
                int64_t now_ms, struct error *error)
{
    struct changing changing = { .id = id, .change = change, .now_ms = now_ms };

    return store_transaction(store, change_pool, &changing, error);
}

/* A pause without a failure is one that the pool keeps for a tenant (yield.c): a success of what
 * was under way does not end it. */
struct making {
    const char *id;
    int64_t lead_time_ms, now_ms;
};

/* Bytes of another form are begun anew. */
struct lead_times_row {
    unsigned char bytes[255];
    size_t length;
};

static const struct column lead_times_columns[] = {
    BYTES_COLUMN(struct lead_times_row, bytes, length),
};
static const struct row_type lead_times_type = ROW_TYPE(struct lead_times_row, lead_times_columns);

/* The row is locked from here on: workers that are done at the same time take turns. */
static int read_lead_times(struct store *store, const char *id, struct lead_times *ret_times,
                           struct error *error)
{
    struct lead_times_row row;
    int r = query_read_one(store, "SELECT lead_times FROM pools WHERE id = ? FOR UPDATE",
                           VALUES(TEXT(id)), &lead_times_type, &row, error);

    *ret_times = (struct lead_times){ 0 };
    if (r == 0 && row.length == sizeof(*ret_times))
        memcpy(ret_times, row.bytes, sizeof(*ret_times));
    return r;
}

static int write_made(struct store *store, const struct making *making,
                      const struct lead_times *times, struct error *error)
{
    int64_t high_ms = lead_times_quantile(times, LEAD_TIME_LEVEL);

    return query_run(store, "UPDATE pools SET"
                     " lead_time_ms = IF(lead_time_ms = 0, ?, (7 * lead_time_ms + ?) DIV 8),"
                     " lead_times = ?, lead_time_high_ms = ?,"
                     " last_error = IF(failures = 0 AND not_before_ms > ?, last_error, ''),"
                     " not_before_ms = IF(failures = 0 AND not_before_ms > ?, not_before_ms, 0),"
                     " failures = 0, updated_ms = ? WHERE id = ?",
                     VALUES(INT(making->lead_time_ms), INT(making->lead_time_ms),
                            BYTES(times, sizeof(*times)), INT(high_ms), INT(making->now_ms),
                            INT(making->now_ms), INT(making->now_ms), TEXT(making->id)), NULL,
                     error);
}

static int note_made(struct store *store, void *context, struct error *error)
{
    const struct making *making = context;
    struct lead_times times;
    int r = read_lead_times(store, making->id, &times, error);

    if (r == -ENOENT)
        return 0; /* the pool has gone in the meantime */
    if (r < 0)
        return r;
    lead_times_add(&times, making->lead_time_ms);
    return write_made(store, making, &times, error);
}

int pool_note_made(struct store *store, const char *id, int64_t lead_time_ms, int64_t now_ms,
                   struct error *error)
{
    struct making making = { .id = id, .lead_time_ms = lead_time_ms, .now_ms = now_ms };

    return store_transaction(store, note_made, &making, error);
}

int pool_note_failure(struct store *store, const char *id, const char *reason,
                      int64_t not_before_ms, int64_t now_ms, struct error *error)
{
    char words[sizeof(((struct pool *)0)->last_error)];

    words_copy(words, sizeof(words), reason);
    return query_run(store, "UPDATE pools SET failures = failures + 1, not_before_ms = ?,"
                     " last_error = ?, updated_ms = ? WHERE id = ?",
                     VALUES(INT(not_before_ms), TEXT(words), INT(now_ms), TEXT(id)), NULL, error);
}
