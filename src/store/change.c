/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that were told of; see change.h. */
#include "store/change.h"

#include <stdlib.h>
#include <string.h>

#include "store/item_row.h"

static const char *const subject_names[] = { "network", "group", "image", "type", "quality",
                                             "project" };

const char *subject_name(enum subject subject)
{
    return choice_name(subject_names, ARRAY_SIZE(subject_names), (int)subject);
}

static const struct column change_columns[] = {
    CHOICE_COLUMN(struct change, subject, SUBJECT_CHOICES),
    TEXT_COLUMN(struct change, id),
    INT_COLUMN(struct change, noted_ms),
    INT_COLUMN(struct change, due_ms),
};
static const struct row_type change_type = ROW_TYPE(struct change, change_columns);

static int compare(const void *a, const void *b)
{
    const struct change *left = a, *right = b;
    int order = (int)left->subject - (int)right->subject;

    return order ? order : strcmp(left->id, right->id);
}

/* Sorted, so that two listeners take their locks in the same order. */
int changes_note(struct store *store, struct change *changes, size_t count, struct error *error)
{
    if (!count)
        return 0;
    qsort(changes, count, sizeof(*changes), compare);
    return query_run_many(store, "INSERT INTO changes (subject, id, noted_ms, due_ms)"
                          " VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
                          " noted_ms = GREATEST(noted_ms + 1, VALUES(noted_ms)),"
                          " due_ms = LEAST(due_ms, VALUES(due_ms))",
                          &change_type, changes, count, NULL, error);
}

int changes_due(struct store *store, int64_t now_ms, size_t most, struct change *ret_changes,
                size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT subject, id, noted_ms, due_ms FROM changes"
                      " WHERE due_ms <= ? ORDER BY due_ms LIMIT ?",
                      VALUES(INT(now_ms), INT(most)), &change_type, ret_changes, most, ret_count,
                      error);
}

int change_put_off(struct store *store, const struct change *change, int64_t due_ms,
                   struct error *error)
{
    return query_run(store, "UPDATE changes SET due_ms = ?"
                     " WHERE subject = ? AND id = ? AND noted_ms = ?",
                     VALUES(INT(due_ms), TEXT(subject_name(change->subject)), TEXT(change->id),
                            INT(change->noted_ms)), NULL, error);
}

int change_done(struct store *store, const struct change *change, struct error *error)
{
    return query_run(store, "DELETE FROM changes WHERE subject = ? AND id = ? AND noted_ms = ?",
                     VALUES(TEXT(subject_name(change->subject)), TEXT(change->id),
                            INT(change->noted_ms)), NULL, error);
}

#define POOLS_WHERE(condition)                                                                     \
    "SELECT id FROM pools WHERE id > ? AND " condition " ORDER BY id LIMIT ?"

/* Each has one place for the id. */
static const char *const pools_of[SUBJECTS] = {
    [SUBJECT_NETWORK] = POOLS_WHERE("kind = 'port' AND JSON_VALUE(key_json, '$.network_id') = ?"),
    [SUBJECT_GROUP] = POOLS_WHERE("kind = 'port'"
                                  " AND JSON_CONTAINS(key_json, JSON_QUOTE(?),"
                                  " '$.security_groups')"),
    [SUBJECT_IMAGE] = POOLS_WHERE("kind = 'volume' AND JSON_VALUE(key_json, '$.image_id') = ?"),
    [SUBJECT_TYPE] = POOLS_WHERE("kind = 'volume'"
                                 " AND JSON_VALUE(key_json, '$.volume_type_id') = ?"),
    [SUBJECT_QUALITY] = POOLS_WHERE("kind = 'volume' AND ? <> ''"),
    [SUBJECT_PROJECT] = POOLS_WHERE("? IN (project_id, begun_by)"),
};

int change_pools(struct store *store, const struct change *change, const char *marker, size_t most,
                 char (*ret_ids)[ID_SIZE], size_t *ret_count, struct error *error)
{
    return query_read(store, pools_of[change->subject],
                      VALUES(TEXT(marker), TEXT(change->id), INT(most)), &item_id_type, ret_ids,
                      most, ret_count, error);
}
