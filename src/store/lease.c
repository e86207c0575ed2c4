/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: a row a name; whoever writes it while it is free or run out has it for a while. */
#include "store/query.h"

int lease_take(struct store *store, const char *name, const char *owner, int64_t length_ms,
               int64_t now_ms, struct error *error)
{
    int64_t until_ms = now_ms + length_ms, taken = 0;
    int r = query_run(store, "UPDATE leases SET owner = ?, until_ms = ?"
                      " WHERE name = ? AND (owner = ? OR until_ms <= ?)",
                      VALUES(TEXT(owner), INT(until_ms), TEXT(name), TEXT(owner), INT(now_ms)),
                      &taken, error);

    if (r == 0 && taken == 0)
        r = query_run(store, "INSERT IGNORE INTO leases (name, owner, until_ms) VALUES (?, ?, ?)",
                      VALUES(TEXT(name), TEXT(owner), INT(until_ms)), &taken, error);
    return r < 0 ? r : taken > 0;
}

int lease_drop(struct store *store, const char *name, const char *owner, struct error *error)
{
    return query_run(store, "DELETE FROM leases WHERE name = ? AND owner = ?",
                     VALUES(TEXT(name), TEXT(owner)), NULL, error);
}

int lease_count(struct store *store, const char *prefix, int64_t now_ms, int64_t *ret_count,
                struct error *error)
{
    return query_read_int(store, "SELECT COUNT(*) FROM leases"
                          " WHERE name LIKE CONCAT(?, '%') AND until_ms > ?",
                          VALUES(TEXT(prefix), INT(now_ms)), ret_count, error);
}

int lease_purge(struct store *store, const char *prefix, int64_t before_ms, struct error *error)
{
    return query_run(store, "DELETE FROM leases WHERE name LIKE CONCAT(?, '%') AND until_ms < ?",
                     VALUES(TEXT(prefix), INT(before_ms)), NULL, error);
}
