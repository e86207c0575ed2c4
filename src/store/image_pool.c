/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of kind image; see image_pool.h. */
#include "store/image_pool.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/query.h"

#define KEY_SIZE 256

/* ---- pools ---- */

int image_pool_count(struct store *store, const struct image_key *key, struct pool *pool,
                     struct error *error)
{
    static const struct column columns[] = {
        INT_COLUMN(struct pool, wanted), INT_COLUMN(struct pool, creating),
        INT_COLUMN(struct pool, ready),  INT_COLUMN(struct pool, failed),
    };
    static const struct row_type type = ROW_TYPE(struct pool, columns);
    struct pool counts;
    int r = query_read_one(store, "SELECT COALESCE(SUM(i.state = 'wanted'), 0),"
                           " COALESCE(SUM(i.state = 'caching'), 0),"
                           " COALESCE(SUM(i.state = 'warm'), 0),"
                           " COALESCE(SUM(i.state = 'failed'), 0) FROM aggregate_hosts a"
                           " JOIN image_hosts i ON i.image_id = ? AND i.host = a.host"
                           " WHERE a.aggregate_id = ?",
                           VALUES(TEXT(key->image_id), INT(key->aggregate_id)), &type, &counts,
                           error);

    if (r < 0)
        return r;
    pool->wanted = counts.wanted;
    pool->creating = counts.creating;
    pool->ready = counts.ready;
    pool->failed = counts.failed;
    return 0;
}

static int find(struct store *store, const char *digest, char ret_id[static ID_SIZE],
                struct error *error)
{
    static const struct column columns[] = {
        { .type = COLUMN_TEXT, .offset = 0, .size = ID_SIZE },
    };
    static const struct row_type type = { .columns = columns, .count = 1, .size = ID_SIZE };

    return query_read_one(store, "SELECT id FROM pools WHERE kind = 'image' AND key_digest = ?",
                          VALUES(TEXT(digest)), &type, ret_id, error);
}

int image_pool_begin(struct store *store, const struct image_key *key, int64_t floor,
                     int64_t now_ms, char ret_id[static ID_SIZE], struct error *error)
{
    const struct key whole = { .kind = KIND_IMAGE, .image = *key };
    auto_strbuf written = STRBUF_INIT(KEY_SIZE);
    char digest[DIGEST_SIZE], id[ID_SIZE];
    int r;

    key_digest(&whole, digest);
    r = find(store, digest, ret_id, error);
    if (r != -ENOENT)
        return r;
    key_write(&whole, &written);
    text_make_uuid(id);
    r = query_run(store, "INSERT IGNORE INTO pools (id, kind, key_digest, key_json, begun_by,"
                  " state, floor, ceiling, created_ms, updated_ms)"
                  " VALUES (?, 'image', ?, ?, '', 'active', ?, ?, ?, ?)",
                  VALUES(TEXT(id), TEXT(digest), TEXT(strbuf_text(&written)), INT(floor),
                         INT(IMAGE_POOL_CEILING), INT(now_ms), INT(now_ms)), NULL, error);
    return r < 0 ? r : find(store, digest, ret_id, error);
}

int image_pool_forget(struct store *store, int64_t before_ms, struct error *error)
{
    return query_run(store, "DELETE FROM pools WHERE kind = 'image' AND floor = 0 AND target = 0"
                     " AND state = 'active' AND updated_ms < ?", VALUES(INT(before_ms)), NULL,
                     error);
}

int image_pool_remove(struct store *store, const char *id, struct error *error)
{
    return query_run(store, "DELETE FROM pools WHERE kind = 'image' AND id = ?", VALUES(TEXT(id)),
                     NULL, error);
}

int image_pool_check_aggregate(struct store *store, int64_t aggregate_id, struct error *error)
{
    int64_t hosts = 0;
    int r = query_read_int(store, "SELECT COUNT(*) FROM aggregate_hosts WHERE aggregate_id = ?",
                           VALUES(INT(aggregate_id)), &hosts, error);

    if (r < 0 || hosts > 0)
        return r;
    return error_set(error, -ENOENT, "No aggregate %lld with hosts was seen in Nova",
                     (long long)aggregate_id);
}

int image_pool_plan(struct store *store, const struct pool *pool, int64_t target,
                    int64_t lead_time_ms, int64_t now_ms, struct error *error)
{
    if (lead_time_ms <= 0)
        lead_time_ms = pool->lead_time_ms;
    if (target == pool->target && lead_time_ms == pool->lead_time_ms)
        return 0;
    return query_run(store, "UPDATE pools SET target = ?, lead_time_ms = ?, updated_ms = ?"
                     " WHERE id = ?", VALUES(INT(target), INT(lead_time_ms), INT(now_ms),
                                             TEXT(pool->id)), NULL, error);
}

int image_pool_accepted(struct store *store, const char *id, int64_t now_ms, struct error *error)
{
    return query_run(store, "UPDATE pools SET failures = 0, not_before_ms = 0, last_error = '',"
                     " updated_ms = ? WHERE id = ?", VALUES(INT(now_ms), TEXT(id)), NULL, error);
}

/* ---- demand ---- */

int image_demand_list(struct store *store, int64_t since_ms, double least, size_t most,
                      struct image_demand *ret_demands, size_t *ret_count, struct error *error)
{
    static const struct column columns[] = {
        TEXT_COLUMN(struct image_demand, image_id), FLOAT_COLUMN(struct image_demand, boots),
    };
    static const struct row_type type = ROW_TYPE(struct image_demand, columns);

    /* The id as text in the column's own character set, or the forecasts' key were of no use. */
    return query_read(store, "SELECT s.image_id, f.mean FROM series s STRAIGHT_JOIN forecasts f"
                      " ON f.subject = 'series' AND f.length_s = 3600 AND f.subject_id ="
                      " CONVERT(CAST(s.id AS CHAR) USING utf8mb4) COLLATE utf8mb4_nopad_bin"
                      " WHERE s.kind = 'image' AND s.image_id <> '' AND f.made_ms > ?"
                      " AND f.mean >= ? ORDER BY f.mean DESC, s.image_id LIMIT ?",
                      VALUES(INT(since_ms), FLOAT(least), INT(most)), &type, ret_demands, most,
                      ret_count, error);
}

int image_used_in(struct store *store, const char *image_id, size_t most, int64_t *ret_aggregates,
                  size_t *ret_count, struct error *error)
{
    static const struct column columns[] = {
        { .type = COLUMN_INT, .offset = 0, .size = sizeof(int64_t) },
    };
    static const struct row_type type = { .columns = columns, .count = 1,
                                          .size = sizeof(int64_t) };

    return query_read(store, "SELECT DISTINCT a.aggregate_id FROM image_hosts i"
                      " JOIN aggregate_hosts a ON a.host = i.host"
                      " WHERE i.image_id = ? AND i.used_ms > 0 ORDER BY a.aggregate_id LIMIT ?",
                      VALUES(TEXT(image_id), INT(most)), &type, ret_aggregates, most, ret_count,
                      error);
}

/* ---- where an image stands ---- */

/* A host that failed n times in a row is due after 2^(n-1) times as long, at most 2^8. */
#define IS_DUE                                                                                     \
    "(h.up <> 0 AND h.unable_ms = 0 AND COALESCE(i.asked_ms, 0) = 0 AND"                           \
    " CASE COALESCE(i.state, 'wanted')"                                                            \
    " WHEN 'wanted' THEN 1"                                                                        \
    " WHEN 'warm' THEN GREATEST(i.warmed_ms, i.used_ms) <= ?"                                      \
    " WHEN 'failed' THEN i.changed_ms + ? * POW(2, LEAST(GREATEST(i.failures, 1) - 1, 8)) <= ?"    \
    " ELSE 0 END)"

static int count_hosts(struct store *store, const struct image_key *key,
                       const struct image_patience *patience, int64_t now_ms,
                       struct image_standing *ret_standing, struct error *error)
{
    static const struct column columns[] = {
        INT_COLUMN(struct image_standing, hosts),   INT_COLUMN(struct image_standing, able),
        INT_COLUMN(struct image_standing, due),     INT_COLUMN(struct image_standing, used),
        INT_COLUMN(struct image_standing, took_ms),
    };
    static const struct row_type type = ROW_TYPE(struct image_standing, columns);

    return query_read_one(store, "SELECT COUNT(*),"
                          " COALESCE(SUM(h.up <> 0 AND h.unable_ms = 0), 0),"
                          " COALESCE(SUM(" IS_DUE "), 0),"
                          " COALESCE(SUM(COALESCE(i.used_ms, 0) > 0), 0),"
                          " COALESCE(MAX(i.took_ms), 0) FROM aggregate_hosts a"
                          " JOIN compute_hosts h ON h.host = a.host"
                          " LEFT JOIN image_hosts i ON i.image_id = ? AND i.host = a.host"
                          " WHERE a.aggregate_id = ?",
                          VALUES(INT(now_ms - patience->refresh_ms), INT(patience->retry_ms),
                                 INT(now_ms), TEXT(key->image_id), INT(key->aggregate_id)),
                          &type, ret_standing, error);
}

static int count_bytes(struct store *store, const struct image_key *key, int64_t *ret_bytes,
                       struct error *error)
{
    return query_read_int(store, "SELECT COALESCE(MAX(total), 0) FROM (SELECT SUM(i.bytes) total"
                          " FROM aggregate_hosts a JOIN image_hosts i ON i.host = a.host"
                          " WHERE a.aggregate_id = ? AND i.image_id <> ?"
                          " AND i.state IN ('caching','warm') GROUP BY a.host) hosts",
                          VALUES(INT(key->aggregate_id), TEXT(key->image_id)), ret_bytes, error);
}

int image_pool_standing(struct store *store, const struct image_key *key,
                        const struct image_patience *patience, int64_t now_ms,
                        struct image_standing *ret_standing, struct error *error)
{
    struct image_standing standing = { 0 };
    int r = count_hosts(store, key, patience, now_ms, &standing, error);

    if (r == 0)
        r = count_bytes(store, key, &standing.bytes, error);
    if (r == 0)
        r = query_read_int(store, "SELECT COUNT(*) FROM image_hosts i JOIN aggregate_hosts a"
                           " ON a.host = i.host AND a.aggregate_id = ? WHERE i.asked_ms > 0",
                           VALUES(INT(key->aggregate_id)), &standing.asked, error);
    *ret_standing = standing;
    return r;
}

int image_requests_under_way(struct store *store, int64_t *ret_count, struct error *error)
{
    return query_read_int(store, "SELECT COUNT(DISTINCT image_id, asked_ms) FROM image_hosts"
                          " WHERE asked_ms > 0", NO_VALUES, ret_count, error);
}
