/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums; see predict_totals.h.  A flavor's demand is that of its capacity series, over all zones and
 * projects.  A resource's is that of the series which use it, each server, port or volume worth so
 * many units.  Series count as independent of each other.
 */
#include "role/predict_totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "predict/predict.h"
#include "store/forecast.h"

#define PAGE 1024
#define PARTS_MOST (256 * 1024)
#define FLAVORS_MOST 4096
#define WRITE_MOST 256

struct totals {
    struct store *store;
    int64_t since_ms, now_ms, length_s;
    size_t size_count, part_count, part_room;
    struct flavor_size *sizes;
    struct forecast_part *parts;
    struct distribution *distributions; /* of those that are summed */
    double *weights;
    size_t row_count;
    struct forecast rows[WRITE_MOST];
};

/* ---- what one of a series takes of a resource ---- */

static const struct flavor_size *size_of(const struct totals *totals,
                                         const struct forecast_part *part)
{
    static const struct flavor_size unknown;

    for (size_t i = 0; i < totals->size_count; i++)
        if (strcmp(totals->sizes[i].flavor_id, part->flavor_id) == 0)
            return &totals->sizes[i];
    return &unknown;
}

static int64_t vcpus(const struct totals *totals, const struct forecast_part *part)
{
    return size_of(totals, part)->vcpus;
}

static int64_t memory_mb(const struct totals *totals, const struct forecast_part *part)
{
    return size_of(totals, part)->memory_mb;
}

static int64_t disk_gb(const struct totals *totals, const struct forecast_part *part)
{
    return size_of(totals, part)->disk_gb;
}

static int64_t one(const struct totals *totals, const struct forecast_part *part)
{
    (void)totals, (void)part;
    return 1;
}

static int64_t gigabytes(const struct totals *totals, const struct forecast_part *part)
{
    (void)totals;
    return part->gigabytes;
}

static const struct resource {
    const char *name;
    enum series_kind kind;
    int64_t (*units)(const struct totals *totals, const struct forecast_part *part);
} resources[] = {
    { "VCPU", SERIES_CAPACITY, vcpus },
    { "MEMORY_MB", SERIES_CAPACITY, memory_mb },
    { "DISK_GB", SERIES_CAPACITY, disk_gb },
    { "ports", SERIES_PORT, one },
    { "addresses", SERIES_PORT, one },
    { "volumes", SERIES_VOLUME, one },
    { "gigabytes", SERIES_VOLUME, gigabytes },
};

/* ---- reading ---- */

static int make_room(struct totals *totals, struct error *error)
{
    size_t room = totals->part_room ? totals->part_room * 2 : PAGE;
    struct forecast_part *parts;

    if (totals->part_room - totals->part_count >= PAGE)
        return 0;
    if (room > PARTS_MOST)
        return error_set(error, -E2BIG, "there are more than %d series to sum", PARTS_MOST);
    parts = realloc(totals->parts, room * sizeof(*parts));
    if (!parts)
        return error_set(error, -ENOMEM, "no memory for the forecasts of %zu series", room);
    totals->parts = parts;
    totals->part_room = room;
    return 0;
}

static int read_parts(struct totals *totals, struct error *error)
{
    int64_t after = 0;
    size_t count = PAGE;
    int status = 0;

    totals->part_count = 0;
    while (count == PAGE && status >= 0) {
        status = make_room(totals, error);
        if (status >= 0)
            status = forecast_parts_read(totals->store, totals->length_s, totals->since_ms, after,
                                         PAGE, totals->parts + totals->part_count, &count, error);
        if (status < 0)
            break;
        totals->part_count += count;
        if (count)
            after = totals->parts[totals->part_count - 1].series_id;
    }
    return status;
}

static int by_flavor(const void *a, const void *b)
{
    const struct forecast_part *left = a, *right = b;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return strcmp(left->flavor_id, right->flavor_id);
}

/* ---- summing ---- */

static int write_rows(struct totals *totals, struct error *error)
{
    size_t count = totals->row_count;

    totals->row_count = 0;
    return forecasts_write(totals->store, totals->rows, count, error);
}

static int add_row(struct totals *totals, enum forecast_subject subject, const char *subject_id,
                   size_t summed, int64_t from_ms, struct error *error)
{
    struct forecast *row = &totals->rows[totals->row_count++];

    *row = (struct forecast){ .subject = subject, .length_s = totals->length_s,
                              .from_ms = from_ms, .made_ms = totals->now_ms,
                              .model_version = model_version() };
    text_copy(row->subject_id, sizeof(row->subject_id), subject_id);
    distribution_add(totals->distributions, totals->weights, summed, &row->distribution);
    return totals->row_count == WRITE_MOST ? write_rows(totals, error) : 0;
}

/* The parts [first, end) are of one flavor. */
static int sum_flavor(struct totals *totals, size_t first, size_t end, struct error *error)
{
    int64_t from_ms = 0;

    for (size_t i = first; i < end; i++) {
        totals->distributions[i - first] = totals->parts[i].distribution;
        totals->weights[i - first] = 1;
        if (totals->parts[i].from_ms > from_ms)
            from_ms = totals->parts[i].from_ms;
    }
    return add_row(totals, FORECAST_FLAVOR, totals->parts[first].flavor_id, end - first, from_ms,
                   error);
}

static int sum_flavors(struct totals *totals, struct error *error)
{
    int status = 0;

    for (size_t first = 0, end; first < totals->part_count && status >= 0; first = end) {
        for (end = first + 1; end < totals->part_count; end++)
            if (by_flavor(&totals->parts[first], &totals->parts[end]))
                break;
        if (totals->parts[first].kind == SERIES_CAPACITY)
            status = sum_flavor(totals, first, end, error);
    }
    return status;
}

static int sum_resource(struct totals *totals, const struct resource *resource,
                        struct error *error)
{
    int64_t from_ms = 0;
    size_t count = 0;

    for (size_t i = 0; i < totals->part_count; i++) {
        const struct forecast_part *part = &totals->parts[i];
        int64_t units = part->kind == resource->kind ? resource->units(totals, part) : 0;

        if (units <= 0)
            continue;
        totals->distributions[count] = part->distribution;
        totals->weights[count++] = (double)units;
        if (part->from_ms > from_ms)
            from_ms = part->from_ms;
    }
    return count ? add_row(totals, FORECAST_RESOURCE, resource->name, count, from_ms, error) : 0;
}

static int sum_length(struct totals *totals, struct error *error)
{
    int status = read_parts(totals, error);

    if (status < 0 || totals->part_count == 0)
        return status;
    free(totals->distributions);
    free(totals->weights);
    totals->distributions = calloc(totals->part_count, sizeof(*totals->distributions));
    totals->weights = calloc(totals->part_count, sizeof(*totals->weights));
    if (!totals->distributions || !totals->weights)
        return error_set(error, -ENOMEM, "no memory to sum %zu series", totals->part_count);
    qsort(totals->parts, totals->part_count, sizeof(*totals->parts), by_flavor);
    status = sum_flavors(totals, error);
    for (size_t i = 0; i < ARRAY_SIZE(resources) && status >= 0; i++)
        status = sum_resource(totals, &resources[i], error);
    return status < 0 ? status : write_rows(totals, error);
}

int totals_make(struct store *store, int64_t since_ms, int64_t now_ms, struct error *error)
{
    static const int64_t lengths[] = { FORECAST_SHORT_S, FORECAST_LONG_S };
    autofree struct totals *totals = calloc(1, sizeof(*totals));
    autofree struct flavor_size *sizes = calloc(FLAVORS_MOST, sizeof(*sizes));
    int status;

    if (!totals || !sizes)
        return error_set(error, -ENOMEM, "no memory for sums");
    *totals = (struct totals){ .store = store, .since_ms = since_ms, .now_ms = now_ms,
                               .sizes = sizes };
    status = flavor_sizes_read(store, FLAVORS_MOST, sizes, &totals->size_count, error);
    for (size_t i = 0; i < ARRAY_SIZE(lengths) && status >= 0; i++) {
        totals->length_s = lengths[i];
        status = sum_length(totals, error);
    }
    free(totals->parts);
    free(totals->distributions);
    free(totals->weights);
    return status;
}
