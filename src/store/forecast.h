/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest forecasts: of a series, of a flavor (its capacity over all zones and projects), of a
 * resource (VCPU, MEMORY_MB, DISK_GB, addresses, ports, volumes, gigabytes); for each subject one
 * a length.
 */
#ifndef LARDER_STORE_FORECAST_H
#define LARDER_STORE_FORECAST_H

#include "base/digest.h"
#include "predict/distribution.h"
#include "store/series.h"

enum forecast_subject { FORECAST_SERIES, FORECAST_FLAVOR, FORECAST_RESOURCE };
#define FORECAST_SUBJECT_CHOICES "series|flavor|resource"
const char *forecast_subject_name(enum forecast_subject subject);

/* Lengths that each subject has a forecast for; series with a pool have one for its protection
 * interval too. */
#define FORECAST_SHORT_S 600
#define FORECAST_LONG_S 3600

struct forecast {
    enum forecast_subject subject;
    char subject_id[NAME_SIZE]; /* the series' id in digits, the flavor's id, the resource's name */
    int64_t length_s;
    int64_t from_ms; /* it is of [from_ms, from_ms + length) */
    int64_t made_ms;
    int64_t model_version;
    struct distribution distribution;
};

/* Writes them, all in one statement, over older ones. */
int forecasts_write(struct store *store, const struct forecast *rows, size_t count,
                    struct error *error);
/* Those of one subject, by length. */
int forecasts_of(struct store *store, enum forecast_subject subject, const char *subject_id,
                 size_t most, struct forecast *ret_rows, size_t *ret_count, struct error *error);
/* All, in the order of subject, id and length, behind 'after' (NULL: from the start), of which
 * these three members are looked at. */
int forecasts_list(struct store *store, const struct forecast *after, size_t most,
                   struct forecast *ret_rows, size_t *ret_count, struct error *error);
/* Removes up to 'most' that were made before 'before_ms': nobody keeps them up any more. */
int forecasts_purge(struct store *store, int64_t before_ms, size_t most, int64_t *ret_removed,
                    struct error *error);

/* A series' forecast of one length, with what sums need to know of the series. */
struct forecast_part {
    int64_t series_id;
    enum series_kind kind;
    char digest[DIGEST_SIZE];
    char flavor_id[NAME_SIZE]; /* capacity */
    int64_t gigabytes;         /* volumes that have a pool: the size of one; else 0 */
    int64_t from_ms;
    int64_t model_version;
    struct distribution distribution;
};
/* Up to 'most' of series with ids after 'after', in id order; none made before 'made_ms'. */
int forecast_parts_read(struct store *store, int64_t length_s, int64_t made_ms, int64_t after,
                        size_t most, struct forecast_part *ret_parts, size_t *ret_count,
                        struct error *error);

/* What one server of a flavor takes, as its last boots said. */
struct flavor_size {
    char flavor_id[NAME_SIZE];
    int64_t vcpus, memory_mb, disk_gb;
};
int flavor_sizes_read(struct store *store, size_t most, struct flavor_size *ret_sizes,
                      size_t *ret_count, struct error *error);

/* Quantiles as they stand in a row: the same on every machine. */
#define QUANTILES_SIZE (DISTRIBUTION_LEVELS * sizeof(uint64_t))
struct quantiles {
    size_t length;
    unsigned char bytes[QUANTILES_SIZE];
};
/* -EIO: another version wrote them. */
int quantiles_read(const struct quantiles *quantiles, double *ret_quantiles, struct error *error);

#endif
