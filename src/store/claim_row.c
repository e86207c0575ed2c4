/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of claims and their lines; see claim_row.h. */
#include "store/claim_row.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/item_row.h"
#include "store/query.h"

static const char *const state_names[] = { "open", "settled", "expired" };

const char *claim_state_name(enum claim_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

/* 'calls' makes a repeated call a change: the row is locked, and two nodes of a Galera cluster
 * cannot both top up. */
int claim_row_open(struct store *store, const struct claim *claim, bool *ret_new,
                   struct error *error)
{
    int64_t affected = 0;
    int r = query_run(store, "INSERT INTO claims (id, request_id, project_id, image_id, flavor_id,"
                      " zone, servers, state, created_ms, expires_ms)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)"
                      " ON DUPLICATE KEY UPDATE calls = calls + 1",
                      VALUES(TEXT(claim->id), TEXT(claim->request_id), TEXT(claim->project_id),
                             TEXT(claim->image_id), TEXT(claim->flavor_id), TEXT(claim->zone),
                             INT(claim->servers), INT(claim->created_ms), INT(claim->expires_ms)),
                      &affected, error);

    if (r == 0)
        *ret_new = affected == 1; /* 2: changed */
    return r;
}

#define CLAIM_COLUMNS                                                                              \
    "SELECT id, request_id, project_id, image_id, flavor_id, zone, servers, state, created_ms,"   \
    " expires_ms FROM claims"

static const struct column claim_columns[] = {
    TEXT_COLUMN(struct claim, id),
    TEXT_COLUMN(struct claim, request_id),
    TEXT_COLUMN(struct claim, project_id),
    TEXT_COLUMN(struct claim, image_id),
    TEXT_COLUMN(struct claim, flavor_id),
    TEXT_COLUMN(struct claim, zone),
    INT_COLUMN(struct claim, servers),
    CHOICE_COLUMN(struct claim, state, CLAIM_STATE_CHOICES),
    INT_COLUMN(struct claim, created_ms),
    INT_COLUMN(struct claim, expires_ms),
};
static const struct row_type claim_type = ROW_TYPE(struct claim, claim_columns);

static const struct column line_columns[] = {
    CHOICE_COLUMN(struct claim_line, kind, ITEM_KIND_CHOICES),
    TEXT_COLUMN(struct claim_line, pool_id),
    TEXT_COLUMN(struct claim_line, ask_digest),
    INT_COLUMN(struct claim_line, wanted),
    TEXT_COLUMN(struct claim_line, reason),
    INT_COLUMN(struct claim_line, set_aside),
    INT_COLUMN(struct claim_line, taken),
};
static const struct row_type line_type = ROW_TYPE(struct claim_line, line_columns);

static int read_lines(struct store *store, struct claim *claim, struct error *error)
{
    return query_read(store, "SELECT l.kind, l.pool_id, l.ask_digest, l.wanted, l.reason,"
                      " COALESCE(SUM(i.state = 'claimed'), 0),"
                      " COALESCE(SUM(i.state <> 'claimed'), 0) FROM claim_lines l"
                      " LEFT JOIN items i ON i.claim_id = l.claim_id AND i.claim_line = l.line"
                      " WHERE l.claim_id = ? GROUP BY l.line ORDER BY l.line",
                      VALUES(TEXT(claim->id)), &line_type, claim->lines, CLAIM_LINES_MOST,
                      &claim->line_count, error);
}

int claim_row_read(struct store *store, const char *id, struct claim *ret_claim,
                   struct error *error)
{
    int r = query_read_one(store, CLAIM_COLUMNS " WHERE id = ?", VALUES(TEXT(id)), &claim_type,
                           ret_claim, error);

    if (r == -ENOENT)
        return error_set(error, r, "There is no claim %.40s", id);
    return r < 0 ? r : read_lines(store, ret_claim, error);
}

int claim_row_find(struct store *store, const char *project_id, const char *request_id,
                   struct claim *ret_claim, struct error *error)
{
    int r = query_read_one(store, CLAIM_COLUMNS " WHERE project_id = ? AND request_id = ?",
                           VALUES(TEXT(project_id), TEXT(request_id)), &claim_type, ret_claim,
                           error);

    if (r == -ENOENT)
        return error_set(error, r, "Request %.60s has no claim", request_id);
    return r < 0 ? r : read_lines(store, ret_claim, error);
}

int claim_row_list(struct store *store, const char *project_id, int state, const char *marker,
                   size_t most, struct claim *ret_claims, size_t *ret_count, struct error *error)
{
    const char *project = project_id ? project_id : "";
    const char *word = state < 0 ? "" : claim_state_name((enum claim_state)state);
    size_t count = 0;
    int r = query_read(store, CLAIM_COLUMNS " WHERE id > ? AND (? = '' OR project_id = ?)"
                       " AND (? = '' OR state = ?) ORDER BY id LIMIT ?",
                       VALUES(TEXT(marker), TEXT(project), TEXT(project), TEXT(word), TEXT(word),
                              INT(most)), &claim_type, ret_claims, most, &count, error);

    for (size_t i = 0; r == 0 && i < count; i++)
        r = read_lines(store, &ret_claims[i], error);
    if (r == 0)
        *ret_count = count;
    return r;
}

int claim_row_put_line(struct store *store, const char *id, size_t line,
                       const struct claim_line *content, struct error *error)
{
    return query_run(store, "INSERT INTO claim_lines (claim_id, line, kind, pool_id, ask_digest,"
                     " wanted, reason) VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
                     " pool_id = VALUES(pool_id), reason = VALUES(reason)",
                     VALUES(TEXT(id), INT(line), TEXT(kind_name(content->kind)),
                            TEXT(content->pool_id), TEXT(content->ask_digest),
                            INT(content->wanted), TEXT(content->reason)), NULL, error);
}

struct pool_found {
    char id[ID_SIZE];
    enum pool_state state;
};

int claim_row_find_pool(struct store *store, const char *ask_digest, char ret_id[static ID_SIZE],
                        enum pool_state *ret_state, struct error *error)
{
    static const struct column columns[] = {
        TEXT_COLUMN(struct pool_found, id),
        CHOICE_COLUMN(struct pool_found, state, POOL_STATE_CHOICES),
    };
    static const struct row_type type = ROW_TYPE(struct pool_found, columns);
    struct pool_found found;
    int r = query_read_one(store, "SELECT p.id, p.state FROM pool_asks a"
                           " JOIN pools p ON p.id = a.pool_id WHERE a.ask_digest = ?",
                           VALUES(TEXT(ask_digest)), &type, &found, error);

    if (r < 0)
        return r;
    text_copy(ret_id, ID_SIZE, found.id);
    *ret_state = found.state;
    return 0;
}

int claim_row_lock_overdue(struct store *store, int64_t now_ms, struct claim *ret_claim,
                           struct error *error)
{
    int r = query_read_one(store, CLAIM_COLUMNS " FORCE INDEX (claims_expiry)"
                           " WHERE state = 'open' AND expires_ms <= ?"
                           " ORDER BY expires_ms LIMIT 1 FOR UPDATE SKIP LOCKED",
                           VALUES(INT(now_ms)), &claim_type, ret_claim, error);

    return r < 0 ? r : read_lines(store, ret_claim, error);
}

int claim_row_under_way(struct store *store, int64_t expires_ms, bool *ret_under_way,
                        struct error *error)
{
    int64_t found = 0;
    int r = query_read_int(store, "SELECT EXISTS (SELECT 1 FROM items WHERE state = 'claimed')"
                           " OR EXISTS (SELECT 1 FROM claims WHERE state IN ('open', 'settled')"
                           " AND expires_ms > ?)", VALUES(INT(expires_ms)), &found, error);

    if (r == 0)
        *ret_under_way = found != 0;
    return r;
}

int claim_row_lock_open(struct store *store, const char *id, int64_t now_ms, struct error *error)
{
    struct item_id locked;

    return query_read_one(store, "SELECT id FROM claims WHERE id = ? AND state = 'open'"
                          " AND expires_ms > ? FOR UPDATE", VALUES(TEXT(id), INT(now_ms)),
                          &item_id_type, &locked, error);
}

int claim_row_set_state(struct store *store, const char *id, enum claim_state from,
                        enum claim_state to, int64_t expires_after_ms, struct error *error)
{
    return query_run(store, "UPDATE claims SET state = ? WHERE id = ? AND state = ?"
                     " AND expires_ms > ?",
                     VALUES(TEXT(claim_state_name(to)), TEXT(id), TEXT(claim_state_name(from)),
                            INT(expires_after_ms)), NULL, error);
}

int claim_row_count_used(struct store *store, const char *id, int64_t line, int64_t *ret_used,
                         struct error *error)
{
    return query_read_int(store, "SELECT COUNT(*) FROM items WHERE claim_id = ? AND claim_line = ?",
                          VALUES(TEXT(id), INT(line)), ret_used, error);
}

int claim_row_count_unsettled(struct store *store, const char *id, int64_t *ret_lines,
                              struct error *error)
{
    return query_read_int(store, "SELECT COUNT(*) FROM claim_lines l WHERE l.claim_id = ?"
                          " AND l.wanted > (SELECT COUNT(*) FROM items i WHERE i.claim_id ="
                          " l.claim_id AND i.claim_line = l.line AND i.state <> 'claimed')",
                          VALUES(TEXT(id)), ret_lines, error);
}

static const struct column right_columns[] = {
    TEXT_COLUMN(struct claim_right, claim_id),
    CHOICE_COLUMN(struct claim_right, state, CLAIM_STATE_CHOICES),
    INT_COLUMN(struct claim_right, expires_ms),
    INT_COLUMN(struct claim_right, line),
    INT_COLUMN(struct claim_right, wanted),
    TEXT_COLUMN(struct claim_right, pool_id),
    CHOICE_COLUMN(struct claim_right, pool_state, POOL_STATE_CHOICES),
};
static const struct row_type right_type = ROW_TYPE(struct claim_right, right_columns);

/* A line that found no pool may have one by now. */
int claim_row_find_right(struct store *store, const char *project_id, const char *request_id,
                         const char *ask_digest, struct claim_right *ret_right,
                         struct error *error)
{
    return query_read_one(store, "SELECT c.id, c.state, c.expires_ms, COALESCE(l.line, -1),"
                          " COALESCE(l.wanted, 0), COALESCE(p.id, ''), COALESCE(p.state, '')"
                          " FROM claims c"
                          " LEFT JOIN claim_lines l ON l.claim_id = c.id AND l.ask_digest = ?"
                          " LEFT JOIN pool_asks a ON a.ask_digest = l.ask_digest"
                          " LEFT JOIN pools p ON p.id = IF(l.pool_id = '', a.pool_id, l.pool_id)"
                          " WHERE c.project_id = ? AND c.request_id = ?",
                          VALUES(TEXT(ask_digest), TEXT(project_id), TEXT(request_id)),
                          &right_type, ret_right, error);
}
