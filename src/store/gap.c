/* SPDX-License-Identifier: Apache-2.0 */
/* Watches and gaps. */
#include "store/gap.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/query.h"

static const struct column watch_columns[] = {
    TEXT_COLUMN(struct watch, source),
    INT_COLUMN(struct watch, since_ms),
    INT_COLUMN(struct watch, until_ms),
};
static const struct row_type watch_type = ROW_TYPE(struct watch, watch_columns);

static const struct column gap_columns[] = {
    INT_COLUMN(struct gap, id),
    TEXT_COLUMN(struct gap, source),
    INT_COLUMN(struct gap, from_ms),
    INT_COLUMN(struct gap, until_ms),
    INT_COLUMN(struct gap, filled_ms),
    INT_COLUMN(struct gap, filled),
    TEXT_COLUMN(struct gap, reason),
};
static const struct row_type gap_type = ROW_TYPE(struct gap, gap_columns);

int watch_note(struct store *store, const char *source, int64_t now_ms, struct error *error)
{
    return query_run(store, "INSERT INTO watches (source, since_ms, until_ms) VALUES (?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE until_ms = GREATEST(until_ms, VALUES(until_ms))",
                     VALUES(TEXT(source), INT(now_ms), INT(now_ms)), NULL, error);
}

int watch_get(struct store *store, const char *source, struct watch *ret_watch,
              struct error *error)
{
    return query_read_one(store, "SELECT source, since_ms, until_ms FROM watches WHERE source = ?",
                          VALUES(TEXT(source)), &watch_type, ret_watch, error);
}

int watch_continue(struct store *store, const char *source, int64_t most_ms, int64_t now_ms,
                   const char *reason, struct error *error)
{
    struct watch watch;
    int r = watch_get(store, source, &watch, error);

    if (r == 0 && now_ms - watch.until_ms > most_ms)
        r = gap_note(store, source, watch.until_ms, now_ms, reason, error);
    return r == 0 || r == -ENOENT ? watch_note(store, source, now_ms, error) : r;
}

int gap_note(struct store *store, const char *source, int64_t from_ms, int64_t until_ms,
             const char *reason, struct error *error)
{
    char words[sizeof(((struct gap *)0)->reason)];

    words_copy(words, sizeof(words), reason);
    return query_run(store, "INSERT INTO gaps (source, from_ms, until_ms, reason)"
                     " VALUES (?, ?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE until_ms = GREATEST(until_ms, VALUES(until_ms))",
                     VALUES(TEXT(source), INT(from_ms), INT(until_ms), TEXT(words)), NULL, error);
}

/* In numbers, a SET is its bits, in the order of enum series_kind. */
int gap_fill(struct store *store, int64_t id, int64_t kinds, int64_t now_ms, struct error *error)
{
    return query_run(store, "UPDATE gaps SET filled_ms = ?, filled = filled | ?"
                     " WHERE id = ? AND filled & ? <> ?",
                     VALUES(INT(now_ms), INT(kinds), INT(id), INT(kinds), INT(kinds)), NULL,
                     error);
}

int gap_list(struct store *store, const char *source, int64_t kinds, int64_t from_ms, size_t most,
             struct gap *ret_gaps, size_t *ret_count, struct error *error)
{
    const char *name = source ? source : "";

    return query_read(store, "SELECT id, source, from_ms, until_ms, filled_ms, filled + 0,"
                      " reason FROM gaps WHERE until_ms > ? AND filled & ? <> ?"
                      " AND (? = '' OR source = ?) ORDER BY from_ms, id LIMIT ?",
                      VALUES(INT(from_ms), INT(kinds), INT(kinds), TEXT(name), TEXT(name),
                             INT(most)), &gap_type, ret_gaps, most, ret_count, error);
}
