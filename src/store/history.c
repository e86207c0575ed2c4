/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting what is old; see history.h. */
#include "store/history.h"

#include <errno.h>
#include <stdlib.h>

#include "store/query.h"

static const struct column id_columns[] = {
    { .type = COLUMN_INT, .offset = 0, .size = sizeof(int64_t) },
};
static const struct row_type id_type = { .columns = id_columns, .count = 1,
                                         .size = sizeof(int64_t) };

struct silent {
    int64_t id, before_ms;
};
static const struct column silent_columns[] = {
    INT_COLUMN(struct silent, id),
    INT_COLUMN(struct silent, before_ms),
};
static const struct row_type silent_type = ROW_TYPE(struct silent, silent_columns);

/* A series of which something is seen this very moment stays, and with it its model. */
static int remove_silent(struct store *store, const struct silent *rows, size_t count,
                         int64_t *removed, struct error *error)
{
    int64_t gone = 0;
    int r = query_run_many(store, "DELETE FROM models WHERE series_id = ?"
                           " AND (SELECT last_ms FROM series WHERE id = series_id) < ?",
                           &silent_type, rows, count, NULL, error);

    if (r == 0)
        r = query_run_many(store, "DELETE FROM series WHERE id = ? AND last_ms < ?", &silent_type,
                           rows, count, &gone, error);
    *removed += gone;
    return r;
}

static int purge_series(struct store *store, int64_t before_ms, size_t most, int64_t *removed,
                        struct error *error)
{
    autofree int64_t *ids = calloc(most, sizeof(*ids));
    autofree struct silent *rows = calloc(most, sizeof(*rows));
    size_t count = 0;
    int r;

    if (!ids || !rows)
        return error_set(error, -ENOMEM, "no memory for %zu series", most);
    r = query_read(store, "SELECT id FROM series WHERE last_ms < ? ORDER BY id LIMIT ?",
                   VALUES(INT(before_ms), INT(most)), &id_type, ids, most, &count, error);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct silent){ .id = ids[i], .before_ms = before_ms };
    return r < 0 || count == 0 ? r : remove_silent(store, rows, count, removed, error);
}

int history_purge(struct store *store, int64_t before_ms, size_t most, int64_t *removed,
                  struct error *error)
{
    int64_t sightings = 0, boots = 0, gaps = 0;
    int r = query_run(store, "DELETE FROM sightings WHERE at_ms < ? LIMIT ?",
                      VALUES(INT(before_ms), INT(most)), &sightings, error);

    /* When a boot was asked for may not be known yet. */
    if (r == 0)
        r = query_run(store, "DELETE FROM boots WHERE asked_ms < ?"
                      " AND GREATEST(asked_ms, finished_ms, deleted_ms) BETWEEN 1 AND ? LIMIT ?",
                      VALUES(INT(before_ms), INT(before_ms - 1), INT(most)), &boots, error);
    if (r == 0)
        r = query_run(store, "DELETE FROM gaps WHERE until_ms < ? LIMIT ?",
                      VALUES(INT(before_ms), INT(most)), &gaps, error);
    *removed += sightings + boots + gaps;
    return r < 0 ? r : purge_series(store, before_ms, most, removed, error);
}
