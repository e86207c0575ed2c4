/* SPDX-License-Identifier: Apache-2.0 */
/* Imports; see import.h. */
#include "store/import.h"

#include "store/query.h"

static const struct column import_columns[] = {
    TEXT_COLUMN(struct import, source),      INT_COLUMN(struct import, from_ms),
    INT_COLUMN(struct import, until_ms),     INT_COLUMN(struct import, reached_ms),
    TEXT_COLUMN(struct import, marker),      INT_COLUMN(struct import, instances),
    INT_COLUMN(struct import, added),        INT_COLUMN(struct import, strange),
    INT_COLUMN(struct import, finished_ms),  INT_COLUMN(struct import, updated_ms),
};
static const struct row_type import_type = ROW_TYPE(struct import, import_columns);

int import_get(struct store *store, const char *source, struct import *ret_import,
               struct error *error)
{
    return query_read_one(store, "SELECT source, from_ms, until_ms, reached_ms, marker, instances,"
                          " added, strange, finished_ms, updated_ms FROM imports WHERE source = ?",
                          VALUES(TEXT(source)), &import_type, ret_import, error);
}

int import_save(struct store *store, const struct import *import, struct error *error)
{
    return query_run_many(store, "INSERT INTO imports (source, from_ms, until_ms, reached_ms,"
                          " marker, instances, added, strange, finished_ms, updated_ms)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                          " ON DUPLICATE KEY UPDATE from_ms = VALUES(from_ms),"
                          " until_ms = VALUES(until_ms), reached_ms = VALUES(reached_ms),"
                          " marker = VALUES(marker), instances = VALUES(instances),"
                          " added = VALUES(added),"
                          " strange = VALUES(strange), finished_ms = VALUES(finished_ms),"
                          " updated_ms = VALUES(updated_ms)", &import_type, import, 1, NULL,
                          error);
}

int import_forget(struct store *store, const char *source, struct error *error)
{
    return query_run(store, "DELETE FROM imports WHERE source = ?", VALUES(TEXT(source)), NULL,
                     error);
}
