/* SPDX-License-Identifier: Apache-2.0 */
/* Tier rules, one a scope, and the users of pools; see tier.h. */
#include "store/tier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/query.h"

#define PAGE 1000

static const struct column rule_columns[] = {
    TEXT_COLUMN(struct tier_rule, id),
    TEXT_COLUMN(struct tier_rule, pool_id),
    TEXT_COLUMN(struct tier_rule, project_id),
    TEXT_COLUMN(struct tier_rule, flavor_id),
    CHOICE_COLUMN(struct tier_rule, tier, TIER_CHOICES),
    FLOAT_COLUMN(struct tier_rule, service_level),
    INT_COLUMN(struct tier_rule, created_ms),
};
static const struct row_type rule_type = ROW_TYPE(struct tier_rule, rule_columns);

#define RULE_COLUMNS                                                                               \
    "SELECT id, pool_id, project_id, flavor_id, tier, service_level, created_ms FROM tier_rules"

int tier_rule_list(struct store *store, const char *marker, size_t most,
                   struct tier_rule *ret_rules, size_t *ret_count, struct error *error)
{
    return query_read(store, RULE_COLUMNS " WHERE id > ? ORDER BY id LIMIT ?",
                      VALUES(TEXT(marker), INT(most)), &rule_type, ret_rules, most, ret_count,
                      error);
}

int tier_rule_get(struct store *store, const char *id, struct tier_rule *ret_rule,
                  struct error *error)
{
    int r = query_read_one(store, RULE_COLUMNS " WHERE id = ?", VALUES(TEXT(id)), &rule_type,
                           ret_rule, error);

    return r == -ENOENT ? error_set(error, r, "There is no tier rule %.40s", id) : r;
}

int tier_rules_read(struct store *store, struct tier_rule **ret_rules, size_t *ret_count,
                    struct error *error)
{
    autofree struct tier_rule *rules = calloc(TIER_RULES_MOST, sizeof(*rules));
    int r;

    if (!rules)
        return error_set(error, -ENOMEM, "No memory for the tier rules");
    r = tier_rule_list(store, "", TIER_RULES_MOST, rules, ret_count, error);
    if (r < 0)
        return r;
    tier_rules_sort(rules, *ret_count);
    *ret_rules = steal(&rules);
    return 0;
}

/* ---- changing ---- */

static int check_scope(const struct tier_rule *rule, struct error *error)
{
    if (*rule->pool_id && (*rule->project_id || *rule->flavor_id))
        return error_set(error, -EINVAL, "A tier rule is for a pool, or for a project, a flavor or "
                         "both; not for a pool and more");
    if (!*rule->pool_id && !*rule->project_id && !*rule->flavor_id)
        return error_set(error, -EINVAL, "A tier rule needs a pool, a project or a flavor; what "
                         "holds for all others is [reserve] tier");
    return 0;
}

static int check_room(struct store *store, const struct tier_rule *rule, struct error *error)
{
    int64_t number = 0;
    int r = 0;

    if (*rule->pool_id) {
        r = query_read_int(store, "SELECT COUNT(*) FROM pools WHERE id = ?",
                         VALUES(TEXT(rule->pool_id)), &number, error);
        if (r == 0 && number == 0)
            return error_set(error, -ENOENT, "There is no pool %.40s", rule->pool_id);
    }
    if (r == 0)
        r = query_read_int(store, "SELECT COUNT(*) FROM tier_rules", NO_VALUES, &number, error);
    if (r == 0 && number >= TIER_RULES_MOST)
        return error_set(error, -EDQUOT, "There are %d tier rules already, and no more may be",
                         TIER_RULES_MOST);
    return r;
}

static int put_rule(struct store *store, void *context, struct error *error)
{
    struct tier_rule *rule = context;
    int r = check_room(store, rule, error);

    if (r == 0)
        r = query_run(store, "INSERT INTO tier_rules (id, pool_id, project_id, flavor_id, tier,"
                      " service_level, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
                      " ON DUPLICATE KEY UPDATE tier = VALUES(tier),"
                      " service_level = VALUES(service_level)",
                      VALUES(TEXT(rule->id), TEXT(rule->pool_id), TEXT(rule->project_id),
                             TEXT(rule->flavor_id), TEXT(tier_name(rule->tier)),
                             FLOAT(rule->service_level), INT(rule->created_ms)), NULL, error);
    if (r < 0)
        return r;
    return query_read_one(store, RULE_COLUMNS " WHERE pool_id = ? AND project_id = ?"
                          " AND flavor_id = ?",
                          VALUES(TEXT(rule->pool_id), TEXT(rule->project_id),
                                 TEXT(rule->flavor_id)), &rule_type, rule, error);
}

int tier_rule_set(struct store *store, struct tier_rule *rule, int64_t now_ms,
                  struct error *error)
{
    struct tier_rule made = *rule;
    int r = check_scope(rule, error);

    text_make_uuid(made.id);
    made.created_ms = now_ms;
    if (made.tier != TIER_GUARANTEED)
        made.service_level = 0;
    if (r == 0)
        r = store_transaction(store, put_rule, &made, error);
    if (r == 0)
        *rule = made;
    return r;
}

int tier_rule_unset(struct store *store, const char *id, struct error *error)
{
    int64_t removed = 0;
    int r = query_run(store, "DELETE FROM tier_rules WHERE id = ?", VALUES(TEXT(id)), &removed,
                      error);

    if (r == 0 && removed == 0)
        return error_set(error, -ENOENT, "There is no tier rule %.40s", id);
    return r;
}

/* ---- who uses a pool ---- */

static const struct column user_columns[] = {
    TEXT_COLUMN(struct pool_user, pool_id),
    TEXT_COLUMN(struct pool_user, user.project_id),
    TEXT_COLUMN(struct pool_user, user.flavor_id),
    INT_COLUMN(struct pool_user, last_ms),
};
static const struct row_type user_type = ROW_TYPE(struct pool_user, user_columns);

struct users {
    struct pool_user *rows;
    size_t count, room;
};

static int grow(struct users *users, size_t more, struct error *error)
{
    size_t room = users->count + more;
    struct pool_user *rows;

    if (room <= users->room)
        return 0;
    rows = realloc(users->rows, 2 * room * sizeof(*rows));
    if (!rows)
        return error_set(error, -ENOMEM, "No memory for %zu users of pools", room);
    users->rows = rows;
    users->room = 2 * room;
    return 0;
}

/* All rows of a statement that goes on behind (pool, project, flavor). */
static int read_users(struct store *store, const char *sql, int64_t since_ms, struct users *users,
                      struct error *error)
{
    struct pool_user last = { 0 };
    size_t count = PAGE;
    int r = 0;

    while (r == 0 && count == PAGE) {
        r = grow(users, PAGE, error);
        if (r == 0)
            r = query_read(store, sql, VALUES(INT(since_ms), TEXT(last.pool_id),
                                              TEXT(last.user.project_id),
                                              TEXT(last.user.flavor_id), INT(PAGE)),
                           &user_type, users->rows + users->count, PAGE, &count, error);
        if (r < 0)
            break;
        users->count += count;
        if (users->count)
            last = users->rows[users->count - 1];
    }
    return r;
}

/* Read first and written then: a statement that does both would lock the claims it reads, which
 * boots wait for. */
int pool_users_note(struct store *store, int64_t since_ms, struct error *error)
{
    struct users users = { 0 };
    int r = read_users(store, "SELECT l.pool_id, c.project_id, c.flavor_id, MAX(c.created_ms)"
                       " FROM claims c JOIN claim_lines l ON l.claim_id = c.id"
                       " WHERE c.state IN ('open','settled','expired') AND c.expires_ms > ?"
                       " AND l.pool_id <> '' AND (l.pool_id, c.project_id, c.flavor_id) > (?, ?, ?)"
                       " GROUP BY l.pool_id, c.project_id, c.flavor_id"
                       " ORDER BY l.pool_id, c.project_id, c.flavor_id LIMIT ?", since_ms, &users,
                       error);

    for (size_t done = 0; r == 0 && done < users.count; done += PAGE)
        r = query_run_many(store, "INSERT INTO pool_users (pool_id, project_id, flavor_id, last_ms)"
                           " VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
                           " last_ms = GREATEST(last_ms, VALUES(last_ms))", &user_type,
                           users.rows + done,
                           users.count - done < PAGE ? users.count - done : PAGE, NULL, error);
    free(users.rows);
    return r;
}

int pool_users_read(struct store *store, int64_t since_ms, struct pool_user **ret_users,
                    size_t *ret_count, struct error *error)
{
    struct users users = { 0 };
    int r = read_users(store, "SELECT pool_id, project_id, flavor_id, last_ms FROM pool_users"
                       " WHERE last_ms > ? AND (pool_id, project_id, flavor_id) > (?, ?, ?)"
                       " ORDER BY pool_id, project_id, flavor_id LIMIT ?", since_ms, &users,
                       error);

    if (r < 0) {
        free(users.rows);
        return r;
    }
    *ret_users = users.rows;
    *ret_count = users.count;
    return 0;
}

int pool_users_forget(struct store *store, int64_t before_ms, struct error *error)
{
    return query_run(store, "DELETE FROM pool_users WHERE last_ms < ?", VALUES(INT(before_ms)),
                     NULL, error);
}
