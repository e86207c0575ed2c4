/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts: the newest of each subject and length; see forecast.h. */
#include "store/forecast.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/query.h"

static const char *const subject_names[] = { "series", "flavor", "resource" };

const char *forecast_subject_name(enum forecast_subject subject)
{
    return choice_name(subject_names, ARRAY_SIZE(subject_names), (int)subject);
}

/* ---- quantiles as bytes, the same on every machine ---- */

static void pack(const double *quantiles, struct quantiles *ret_packed)
{
    ret_packed->length = QUANTILES_SIZE;
    for (size_t i = 0; i < DISTRIBUTION_LEVELS; i++) {
        uint64_t bits;

        memcpy(&bits, &quantiles[i], sizeof(bits));
        bits = htole64(bits);
        memcpy(ret_packed->bytes + i * sizeof(bits), &bits, sizeof(bits));
    }
}

int quantiles_read(const struct quantiles *quantiles, double *ret_quantiles, struct error *error)
{
    if (quantiles->length != QUANTILES_SIZE)
        return error_set(error, -EIO, "The database holds a forecast with %zu bytes of quantiles, "
                         "not %zu; is another version in use?", quantiles->length, QUANTILES_SIZE);
    for (size_t i = 0; i < DISTRIBUTION_LEVELS; i++) {
        uint64_t bits;

        memcpy(&bits, quantiles->bytes + i * sizeof(bits), sizeof(bits));
        bits = le64toh(bits);
        memcpy(&ret_quantiles[i], &bits, sizeof(bits));
    }
    return 0;
}

/* ---- forecasts ---- */

struct forecast_row {
    struct forecast forecast;
    struct quantiles quantiles;
};

static const struct column forecast_columns[] = {
    CHOICE_COLUMN(struct forecast_row, forecast.subject, FORECAST_SUBJECT_CHOICES),
    TEXT_COLUMN(struct forecast_row, forecast.subject_id),
    INT_COLUMN(struct forecast_row, forecast.length_s),
    INT_COLUMN(struct forecast_row, forecast.from_ms),
    INT_COLUMN(struct forecast_row, forecast.made_ms),
    INT_COLUMN(struct forecast_row, forecast.model_version),
    FLOAT_COLUMN(struct forecast_row, forecast.distribution.mean),
    FLOAT_COLUMN(struct forecast_row, forecast.distribution.variance),
    BYTES_COLUMN(struct forecast_row, quantiles.bytes, quantiles.length),
};
static const struct row_type forecast_type = ROW_TYPE(struct forecast_row, forecast_columns);

static struct forecast_row *new_rows(size_t count, struct error *error)
{
    struct forecast_row *rows = calloc(count ? count : 1, sizeof(*rows));

    if (!rows)
        error_set(error, -ENOMEM, "no memory for %zu forecasts", count);
    return rows;
}

int forecasts_write(struct store *store, const struct forecast *forecasts, size_t count,
                    struct error *error)
{
    autofree struct forecast_row *rows = new_rows(count, error);

    if (!rows)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        rows[i].forecast = forecasts[i];
        pack(forecasts[i].distribution.quantiles, &rows[i].quantiles);
    }
    return query_run_many(store, "INSERT INTO forecasts (subject, subject_id, length_s, from_ms,"
                          " made_ms, model_version, mean, variance, quantiles)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                          " ON DUPLICATE KEY UPDATE from_ms = VALUES(from_ms),"
                          " made_ms = VALUES(made_ms), model_version = VALUES(model_version),"
                          " mean = VALUES(mean), variance = VALUES(variance),"
                          " quantiles = VALUES(quantiles)",
                          &forecast_type, rows, count, NULL, error);
}

static int take_rows(struct forecast_row *rows, size_t count, struct forecast *ret_forecasts,
                     struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        int r = quantiles_read(&rows[i].quantiles, rows[i].forecast.distribution.quantiles, error);

        if (r < 0)
            return r;
        ret_forecasts[i] = rows[i].forecast;
    }
    return 0;
}

#define FORECASTS                                                                                  \
    "SELECT subject, subject_id, length_s, from_ms, made_ms, model_version, mean, variance,"       \
    " quantiles FROM forecasts "

int forecasts_of(struct store *store, enum forecast_subject subject, const char *subject_id,
                 size_t most, struct forecast *ret_rows, size_t *ret_count, struct error *error)
{
    autofree struct forecast_row *rows = new_rows(most, error);
    int r;

    if (!rows)
        return -ENOMEM;
    r = query_read(store, FORECASTS "WHERE subject = ? AND subject_id = ?"
                   " ORDER BY length_s LIMIT ?",
                   VALUES(TEXT(forecast_subject_name(subject)), TEXT(subject_id), INT(most)),
                   &forecast_type, rows, most, ret_count, error);
    return r < 0 ? r : take_rows(rows, *ret_count, ret_rows, error);
}

int forecasts_list(struct store *store, const struct forecast *after, size_t most,
                   struct forecast *ret_rows, size_t *ret_count, struct error *error)
{
    static const struct forecast start = { .subject = FORECAST_SERIES };
    autofree struct forecast_row *rows = new_rows(most, error);
    int r;

    if (!rows)
        return -ENOMEM;
    if (!after)
        after = &start;
    r = query_read(store, FORECASTS "WHERE (CAST(subject AS UNSIGNED), subject_id, length_s)"
                   " > (?, ?, ?) ORDER BY subject, subject_id, length_s LIMIT ?",
                   VALUES(INT(after->subject + 1), TEXT(after->subject_id), INT(after->length_s),
                          INT(most)), &forecast_type, rows, most, ret_count, error);
    return r < 0 ? r : take_rows(rows, *ret_count, ret_rows, error);
}

int forecasts_purge(struct store *store, int64_t before_ms, size_t most, int64_t *ret_removed,
                    struct error *error)
{
    return query_run(store, "DELETE FROM forecasts WHERE made_ms < ? LIMIT ?",
                     VALUES(INT(before_ms), INT(most)), ret_removed, error);
}

/* ---- what sums are made of ---- */

struct part_row {
    struct forecast_part part;
    struct quantiles quantiles;
};

static const struct column part_columns[] = {
    INT_COLUMN(struct part_row, part.series_id),
    CHOICE_COLUMN(struct part_row, part.kind, SERIES_KIND_CHOICES),
    TEXT_COLUMN(struct part_row, part.digest),
    TEXT_COLUMN(struct part_row, part.flavor_id),
    INT_COLUMN(struct part_row, part.gigabytes),
    INT_COLUMN(struct part_row, part.from_ms),
    INT_COLUMN(struct part_row, part.model_version),
    FLOAT_COLUMN(struct part_row, part.distribution.mean),
    FLOAT_COLUMN(struct part_row, part.distribution.variance),
    BYTES_COLUMN(struct part_row, quantiles.bytes, quantiles.length),
};
static const struct row_type part_type = ROW_TYPE(struct part_row, part_columns);

/* The id as text in the column's own character set and collation, or the key were of no use. */
#define SERIES_AS_SUBJECT                                                                          \
    "CONVERT(CAST(s.id AS CHAR) USING utf8mb4) COLLATE utf8mb4_nopad_bin"

int forecast_parts_read(struct store *store, int64_t length_s, int64_t made_ms, int64_t after,
                        size_t most, struct forecast_part *ret_parts, size_t *ret_count,
                        struct error *error)
{
    autofree struct part_row *rows = calloc(most ? most : 1, sizeof(*rows));
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu forecasts", most);
    r = query_read(store, "SELECT s.id, s.kind, s.digest, s.flavor_id,"
                   " IF(s.kind = 'volume', COALESCE(JSON_VALUE(p.key_json, '$.size'), 0), 0),"
                   " f.from_ms, f.model_version, f.mean, f.variance, f.quantiles"
                   " FROM series s STRAIGHT_JOIN forecasts f ON f.subject = 'series'"
                   "  AND f.subject_id = " SERIES_AS_SUBJECT " AND f.length_s = ?"
                   " LEFT JOIN pools p ON p.kind = CONCAT(s.kind) AND p.key_digest = s.digest"
                   " WHERE s.id > ? AND f.made_ms >= ? ORDER BY s.id LIMIT ?",
                   VALUES(INT(length_s), INT(after), INT(made_ms), INT(most)), &part_type, rows,
                   most, ret_count, error);
    for (size_t i = 0; r == 0 && i < *ret_count; i++) {
        r = quantiles_read(&rows[i].quantiles, rows[i].part.distribution.quantiles, error);
        ret_parts[i] = rows[i].part;
    }
    return r;
}

static const struct column size_columns[] = {
    TEXT_COLUMN(struct flavor_size, flavor_id),
    INT_COLUMN(struct flavor_size, vcpus),
    INT_COLUMN(struct flavor_size, memory_mb),
    INT_COLUMN(struct flavor_size, disk_gb),
};
static const struct row_type size_type = ROW_TYPE(struct flavor_size, size_columns);

/* The newest boots of each flavor are found in the index alone, however many boots there are; that
 * of the last hour before the newest: a message may name a flavor without its size. */
int flavor_sizes_read(struct store *store, size_t most, struct flavor_size *ret_sizes,
                      size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT b.flavor_id, MAX(b.vcpus), MAX(b.memory_mb), MAX(b.disk_gb)"
                      " FROM (SELECT flavor_id, MAX(asked_ms) AS newest_ms FROM boots"
                      "  GROUP BY flavor_id) f"
                      " JOIN boots b ON b.flavor_id = f.flavor_id"
                      "  AND b.asked_ms BETWEEN f.newest_ms - 3600000 AND f.newest_ms"
                      " WHERE b.flavor_id <> '' GROUP BY b.flavor_id LIMIT ?",
                      VALUES(INT(most)), &size_type, ret_sizes, most, ret_count, error);
}
