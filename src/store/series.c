/* SPDX-License-Identifier: Apache-2.0 */
/* Series: found or made by their digest, many at once. */
#include "store/series.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/json.h"
#include "store/query.h"

#define WRITTEN_MOST 2048

static const char *const kind_names[SERIES_KINDS] = { "port", "volume", "image", "capacity" };

const char *series_kind_name(enum series_kind kind)
{
    return choice_name(kind_names, ARRAY_SIZE(kind_names), (int)kind);
}

/* ---- which series ---- */

void series_of_key(const struct key *key, int64_t at_ms, struct series *ret_series)
{
    /* Where an image is wanted is another question than how often. */
    if (key->kind == KIND_IMAGE) {
        series_of_image(key->image.image_id, at_ms, ret_series);
        return;
    }
    *ret_series = (struct series){ .began_ms = at_ms, .last_ms = at_ms };
    key_digest(key, ret_series->digest);
    if (key->kind == KIND_PORT) {
        ret_series->kind = SERIES_PORT;
        text_copy(ret_series->project_id, ID_SIZE, key->port.project_id);
    } else if (key->kind == KIND_VOLUME) {
        ret_series->kind = SERIES_VOLUME;
        text_copy(ret_series->image_id, ID_SIZE, key->volume.image_id);
        text_copy(ret_series->zone, NAME_SIZE, key->volume.zone);
    }
}

/* As keys are written: the kind, then what is not empty of its parts, in this order. */
static void set_digest(struct series *series)
{
    auto_strbuf written = STRBUF_INIT(WRITTEN_MOST);
    struct json_writer writer = JSON_WRITER(&written);
    const struct {
        const char *name, *text;
    } parts[] = { { "image_id", series->image_id }, { "flavor_id", series->flavor_id },
                  { "availability_zone", series->zone }, { "project_id", series->project_id } };

    json_begin_object(&writer, NULL);
    json_put_text(&writer, "kind", series_kind_name(series->kind));
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i].text[0])
            json_put_text(&writer, parts[i].name, parts[i].text);
    json_end_object(&writer);
    digest_of(strbuf_text(&written), written.length, series->digest);
}

void series_of_image(const char *image_id, int64_t at_ms, struct series *ret_series)
{
    *ret_series = (struct series){ .kind = SERIES_IMAGE, .began_ms = at_ms, .last_ms = at_ms };
    text_copy(ret_series->image_id, ID_SIZE, image_id);
    set_digest(ret_series);
}

void series_of_capacity(const char *flavor_id, const char *zone, const char *project_id,
                        int64_t at_ms, struct series *ret_series)
{
    *ret_series = (struct series){ .kind = SERIES_CAPACITY, .began_ms = at_ms, .last_ms = at_ms };
    text_copy(ret_series->project_id, ID_SIZE, project_id);
    text_copy(ret_series->flavor_id, NAME_SIZE, flavor_id);
    text_copy(ret_series->zone, NAME_SIZE, zone);
    set_digest(ret_series);
}

/* ---- rows ---- */

static const struct column series_columns[] = {
    INT_COLUMN(struct series, id),
    CHOICE_COLUMN(struct series, kind, SERIES_KIND_CHOICES),
    TEXT_COLUMN(struct series, digest),
    TEXT_COLUMN(struct series, project_id),
    TEXT_COLUMN(struct series, image_id),
    TEXT_COLUMN(struct series, flavor_id),
    TEXT_COLUMN(struct series, zone),
    INT_COLUMN(struct series, began_ms),
    INT_COLUMN(struct series, last_ms),
};
static const struct row_type series_type = ROW_TYPE(struct series, series_columns);
/* What is written: all but the id. */
static const struct row_type written_type = {
    .columns = series_columns + 1, .count = ARRAY_SIZE(series_columns) - 1,
    .size = sizeof(struct series),
};

#define SERIES "SELECT id, kind, digest, project_id, image_id, flavor_id, zone, began_ms, last_ms" \
    " FROM series "

/* ---- ids ---- */

#define CHUNK 32 /* series a query; fewer are filled up with "" */
#define PLACES_8 "?, ?, ?, ?, ?, ?, ?, ?"

struct found {
    int64_t id;
    enum series_kind kind;
    char digest[DIGEST_SIZE];
};

static const struct column found_columns[] = {
    INT_COLUMN(struct found, id),
    CHOICE_COLUMN(struct found, kind, SERIES_KIND_CHOICES),
    TEXT_COLUMN(struct found, digest),
};
static const struct row_type found_type = ROW_TYPE(struct found, found_columns);

static void tell(struct series *rows, size_t count, const struct found *found)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == found->kind && strcmp(rows[i].digest, found->digest) == 0)
            rows[i].id = found->id;
}

static int read_ids(struct store *store, struct series *rows, size_t count, struct error *error)
{
    struct value values[CHUNK];
    struct found found[CHUNK];
    size_t found_count = 0;
    int r;

    for (size_t i = 0; i < CHUNK; i++)
        values[i] = TEXT(i < count ? rows[i].digest : "");
    /* All kinds are named, so that the key serves. */
    r = query_read(store, "SELECT id, kind, digest FROM series WHERE kind IN ('port', 'volume',"
                   " 'image', 'capacity') AND digest IN (" PLACES_8 ", " PLACES_8 ", " PLACES_8 ", "
                   PLACES_8 ")", values, CHUNK, &found_type, found, CHUNK, &found_count, error);
    for (size_t i = 0; i < found_count && r >= 0; i++)
        tell(rows, count, &found[i]);
    return r;
}

int series_note(struct store *store, struct series *rows, size_t count, struct error *error)
{
    int r = query_run_many(store, "INSERT INTO series (kind, digest, project_id, image_id,"
                           " flavor_id, zone, began_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                           " ON DUPLICATE KEY UPDATE began_ms = LEAST(began_ms, VALUES(began_ms)),"
                           " last_ms = GREATEST(last_ms, VALUES(last_ms))",
                           &written_type, rows, count, NULL, error);

    for (size_t at = 0; at < count && r >= 0; at += CHUNK)
        r = read_ids(store, rows + at, count - at < CHUNK ? count - at : CHUNK, error);
    return r;
}

int series_get(struct store *store, int64_t id, struct series *ret_series, struct error *error)
{
    return query_read_one(store, SERIES "WHERE id = ?", VALUES(INT(id)), &series_type, ret_series,
                          error);
}

int series_of_pool(struct store *store, const char *pool_id, struct series *ret_series,
                   struct error *error)
{
    int r = query_read_one(store, "SELECT s.id, s.kind, s.digest, s.project_id, s.image_id,"
                           " s.flavor_id, s.zone, s.began_ms, s.last_ms"
                           " FROM pools p JOIN series s ON s.kind = CONCAT(p.kind)"
                           " AND s.digest = p.key_digest WHERE p.id = ?",
                           VALUES(TEXT(pool_id)), &series_type, ret_series, error);

    return r == -ENOENT ? error_set(error, r, "There is no pool %.40s of which anything was seen",
                                    pool_id) : r;
}

int series_list(struct store *store, int kind, const char *project_id, int64_t after, size_t most,
                struct series *ret_series, size_t *ret_count, struct error *error)
{
    const char *name = kind < 0 ? "" : series_kind_name((enum series_kind)kind);
    const char *project = project_id ? project_id : "";

    return query_read(store, SERIES "WHERE id > ? AND (? = '' OR kind = ?)"
                      " AND (? = '' OR project_id = ?) ORDER BY id LIMIT ?",
                      VALUES(INT(after), TEXT(name), TEXT(name), TEXT(project), TEXT(project),
                             INT(most)), &series_type, ret_series, most, ret_count, error);
}
