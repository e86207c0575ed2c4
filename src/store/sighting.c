/* SPDX-License-Identifier: Apache-2.0 */
/* Sightings: added in bulk, and once only. */
#include "store/sighting.h"

#include "base/cleanup.h"
#include "store/query.h"

static const struct column sighting_columns[] = {
    CHOICE_COLUMN(struct sighting, kind, SERIES_KIND_CHOICES),
    TEXT_COLUMN(struct sighting, resource_id),
    INT_COLUMN(struct sighting, series_id),
    INT_COLUMN(struct sighting, at_ms),
    TEXT_COLUMN(struct sighting, request_id),
    TEXT_COLUMN(struct sighting, instance_id),
    CHOICE_COLUMN(struct sighting, source, SIGHTING_SOURCE_CHOICES),
};
static const struct row_type sighting_type = ROW_TYPE(struct sighting, sighting_columns);

int sightings_add(struct store *store, const struct sighting *rows, size_t count,
                  struct error *error)
{
    return query_run_many(store, "INSERT INTO sightings (kind, resource_id, series_id, at_ms,"
                          " request_id, instance_id, source) VALUES (?, ?, ?, ?, ?, ?, ?)"
                          " ON DUPLICATE KEY UPDATE request_id = IF(request_id = '',"
                          " VALUES(request_id), request_id)",
                          &sighting_type, rows, count, NULL, error);
}

static const struct column told_columns[] = {
    TEXT_COLUMN(struct boot_request, request_id),
    TEXT_COLUMN(struct boot_request, instance_id),
};
static const struct row_type told_type = ROW_TYPE(struct boot_request, told_columns);

int sightings_tell(struct store *store, const struct boot_request *rows, size_t count,
                   struct error *error)
{
    return query_run_many(store, "UPDATE sightings SET request_id = ?"
                          " WHERE instance_id = ? AND request_id = ''", &told_type, rows, count,
                          NULL, error);
}

int sighting_note(struct store *store, const struct series *series, const char *resource_id,
                  const char *request_id, enum sighting_source source, struct error *error)
{
    struct series noted = *series;
    struct sighting sighting = { .kind = series->kind, .at_ms = series->last_ms,
                                 .source = source };
    int r = series_note(store, &noted, 1, error);

    if (r < 0)
        return r;
    sighting.series_id = noted.id;
    text_copy(sighting.resource_id, ID_SIZE, resource_id);
    text_copy(sighting.request_id, REQUEST_ID_SIZE, request_id);
    return sightings_add(store, &sighting, 1, error);
}
