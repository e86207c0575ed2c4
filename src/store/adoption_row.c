/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of adoptions; see adoption_row.h. */
#include "store/adoption_row.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/query.h"

static const char *const state_names[] = { "begun", "done", "failed", "returned" };

const char *adoption_state_name(enum adoption_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

#define ADOPTION_COLUMNS                                                                           \
    "id, item_id, claim_id, pool_id, kind, state, project_id, request_id, instance_id,"           \
    " resource_id, reason, created_ms, finished_ms"

static const struct column adoption_columns[] = {
    TEXT_COLUMN(struct adoption, id),
    TEXT_COLUMN(struct adoption, item_id),
    TEXT_COLUMN(struct adoption, claim_id),
    TEXT_COLUMN(struct adoption, pool_id),
    CHOICE_COLUMN(struct adoption, kind, ITEM_KIND_CHOICES),
    CHOICE_COLUMN(struct adoption, state, ADOPTION_STATE_CHOICES),
    TEXT_COLUMN(struct adoption, project_id),
    TEXT_COLUMN(struct adoption, request_id),
    TEXT_COLUMN(struct adoption, instance_id),
    TEXT_COLUMN(struct adoption, resource_id),
    TEXT_COLUMN(struct adoption, reason),
    INT_COLUMN(struct adoption, created_ms),
    INT_COLUMN(struct adoption, finished_ms),
};
static const struct row_type adoption_type = ROW_TYPE(struct adoption, adoption_columns);

int adoption_row_insert(struct store *store, const struct adoption *adoption, struct error *error)
{
    return query_run(store, "INSERT INTO adoptions (" ADOPTION_COLUMNS ")"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     VALUES(TEXT(adoption->id), TEXT(adoption->item_id), TEXT(adoption->claim_id),
                            TEXT(adoption->pool_id), TEXT(kind_name(adoption->kind)),
                            TEXT(adoption_state_name(adoption->state)),
                            TEXT(adoption->project_id), TEXT(adoption->request_id),
                            TEXT(adoption->instance_id), TEXT(adoption->resource_id),
                            TEXT(adoption->reason), INT(adoption->created_ms),
                            INT(adoption->finished_ms)), NULL, error);
}

int adoption_row_finish(struct store *store, const char *id, enum adoption_state state,
                        const char *reason, int64_t now_ms, struct error *error)
{
    char words[sizeof(((struct adoption *)0)->reason)];
    int64_t finished = 0;
    int r;

    words_copy(words, sizeof(words), reason);
    r = query_run(store, "UPDATE adoptions SET state = ?, reason = ?, finished_ms = ?"
                  " WHERE id = ? AND state = 'begun'",
                  VALUES(TEXT(adoption_state_name(state)), TEXT(words), INT(now_ms), TEXT(id)),
                  &finished, error);
    return r < 0 ? r : finished ? 0 : -ESTALE;
}

int adoption_row_read(struct store *store, const char *id, struct adoption *ret_adoption,
                      struct error *error)
{
    int r = query_read_one(store, "SELECT " ADOPTION_COLUMNS " FROM adoptions WHERE id = ?",
                           VALUES(TEXT(id)), &adoption_type, ret_adoption, error);

    return r == -ENOENT ? error_set(error, r, "There is no adoption %.40s", id) : r;
}

int adoption_row_list(struct store *store, int state, int64_t before_ms, const char *marker,
                      size_t most, struct adoption *ret_adoptions, size_t *ret_count,
                      struct error *error)
{
    const char *word = state < 0 ? "" : adoption_state_name((enum adoption_state)state);

    return query_read(store, "SELECT " ADOPTION_COLUMNS " FROM adoptions WHERE id > ?"
                      " AND (? = '' OR state = ?) AND (? = 0 OR created_ms < ?)"
                      " ORDER BY id LIMIT ?",
                      VALUES(TEXT(marker), TEXT(word), TEXT(word), INT(before_ms), INT(before_ms),
                             INT(most)), &adoption_type, ret_adoptions, most, ret_count, error);
}
