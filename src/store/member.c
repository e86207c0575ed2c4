/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of members; see member.h. */
#include "store/member.h"

#include "base/cleanup.h"
#include "store/query.h"

static const char *const state_names[] = { "up", "late", "down" };

const char *member_state_name(enum member_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

enum member_state member_state(const struct member *member, int64_t now_ms)
{
    if (now_ms - member->seen_ms > MEMBER_DOWN_MS)
        return MEMBER_DOWN;
    return member->late[0] ? MEMBER_LATE : MEMBER_UP;
}

int member_put(struct store *store, const struct member *member, struct error *error)
{
    return query_run(store, "INSERT INTO members (id, host, pid, roles, late, version, started_ms,"
                     " seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE late = VALUES(late), seen_ms = VALUES(seen_ms)",
                     VALUES(TEXT(member->id), TEXT(member->host), INT(member->pid),
                            TEXT(member->roles), TEXT(member->late), TEXT(member->version),
                            INT(member->started_ms), INT(member->seen_ms)), NULL, error);
}

int member_drop(struct store *store, const char *id, struct error *error)
{
    return query_run(store, "DELETE FROM members WHERE id = ?", VALUES(TEXT(id)), NULL, error);
}

int member_forget(struct store *store, int64_t before_ms, int64_t *ret_count, struct error *error)
{
    return query_run(store, "DELETE FROM members WHERE seen_ms < ?", VALUES(INT(before_ms)),
                     ret_count, error);
}

static const struct column columns[] = {
    TEXT_COLUMN(struct member, id),
    TEXT_COLUMN(struct member, host),
    INT_COLUMN(struct member, pid),
    TEXT_COLUMN(struct member, roles),
    TEXT_COLUMN(struct member, late),
    TEXT_COLUMN(struct member, version),
    INT_COLUMN(struct member, started_ms),
    INT_COLUMN(struct member, seen_ms),
};
static const struct row_type type = ROW_TYPE(struct member, columns);

int member_list(struct store *store, const char *marker, size_t most, struct member *ret_members,
                size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT id, host, pid, roles, late, version, started_ms, seen_ms"
                      " FROM members WHERE id > ? ORDER BY id LIMIT ?",
                      VALUES(TEXT(marker), INT(most)), &type, ret_members, most, ret_count, error);
}
