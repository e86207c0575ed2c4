/* SPDX-License-Identifier: Apache-2.0 */
/* The stored states of models; see model.h. */
#include "store/model.h"

#include "base/cleanup.h"
#include "store/query.h"

static const struct column row_columns[] = {
    INT_COLUMN(struct model_row, series_id),
    CHOICE_COLUMN(struct model_row, kind, SERIES_KIND_CHOICES),
    TEXT_COLUMN(struct model_row, project_id),
    TEXT_COLUMN(struct model_row, image_id),
    TEXT_COLUMN(struct model_row, flavor_id),
    INT_COLUMN(struct model_row, began_ms),
    INT_COLUMN(struct model_row, last_ms),
    INT_COLUMN(struct model_row, lead_time_ms),
    INT_COLUMN(struct model_row, version),
    INT_COLUMN(struct model_row, from_ms),
    INT_COLUMN(struct model_row, seen_until_ms),
    INT_COLUMN(struct model_row, built_ms),
    BYTES_COLUMN(struct model_row, state, state_length),
};
static const struct row_type row_type = ROW_TYPE(struct model_row, row_columns);

/* A state that is longer than ours may be was written by another version: read as none. */
int models_read(struct store *store, const struct shard *shard, int64_t alive_ms, int64_t after,
                size_t most, struct model_row *ret_rows, size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT s.id, s.kind, s.project_id, s.image_id, s.flavor_id,"
                      " s.began_ms, s.last_ms,"
                      " COALESCE(GREATEST(p.lead_time_ms, p.lead_time_high_ms), -1),"
                      " COALESCE(m.version, 0),"
                      " COALESCE(m.from_ms, 0), COALESCE(m.seen_until_ms, 0),"
                      " COALESCE(m.built_ms, 0),"
                      " IF(COALESCE(LENGTH(m.state), 0) > ?, '', COALESCE(m.state, ''))"
                      " FROM series s LEFT JOIN models m ON m.series_id = s.id"
                      " LEFT JOIN pools p ON p.kind = CONCAT(s.kind) AND p.key_digest = s.digest"
                      " WHERE s.id > ? AND s.id MOD ? = ? AND s.last_ms >= ?"
                      " ORDER BY s.id LIMIT ?",
                      VALUES(INT(MODEL_STATE_MOST), INT(after), INT(shard->count),
                             INT(shard->index), INT(alive_ms), INT(most)),
                      &row_type, ret_rows, most, ret_count, error);
}

int models_seen_until(struct store *store, const struct shard *shard, int64_t since_ms,
                      int64_t until_ms, int64_t *ret_ms, struct error *error)
{
    return query_read_int(store, "SELECT COALESCE(MIN(seen_until_ms), ?) FROM models"
                          " WHERE series_id MOD ? = ? AND seen_until_ms >= ?"
                          " AND seen_until_ms < ?",
                          VALUES(INT(until_ms), INT(shard->count), INT(shard->index),
                                 INT(since_ms), INT(until_ms)), ret_ms, error);
}

static const struct column written_columns[] = {
    INT_COLUMN(struct model_row, series_id),
    INT_COLUMN(struct model_row, version),
    INT_COLUMN(struct model_row, from_ms),
    INT_COLUMN(struct model_row, seen_until_ms),
    INT_COLUMN(struct model_row, built_ms),
    BYTES_COLUMN(struct model_row, state, state_length),
};
static const struct row_type written_type = { .columns = written_columns,
                                              .count = ARRAY_SIZE(written_columns),
                                              .size = sizeof(struct model_row) };

int models_write(struct store *store, const struct model_row *rows, size_t count,
                 struct error *error)
{
    return query_run_many(store, "INSERT INTO models (series_id, version, from_ms, seen_until_ms,"
                          " built_ms, state) VALUES (?, ?, ?, ?, ?, ?)"
                          " ON DUPLICATE KEY UPDATE version = VALUES(version),"
                          " from_ms = VALUES(from_ms), seen_until_ms = VALUES(seen_until_ms),"
                          " built_ms = VALUES(built_ms), state = VALUES(state)",
                          &written_type, rows, count, NULL, error);
}
