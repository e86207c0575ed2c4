/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sightings as models want them: batches in time, and the times nobody watched.  A batch is what
 * one request made of a series, at the moment of its first sighting; a sighting without a request
 * id is a batch of its own.
 */
#ifndef LARDER_STORE_SLOT_H
#define LARDER_STORE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/forecast.h"
#include "store/gap.h"
#include "store/series.h"
#include "store/store.h"

struct batch {
    int64_t series_id;
    int64_t at_ms; /* of its first sighting */
    int64_t size;  /* >= 1 */
};

/* The series whose id is 'index' modulo 'count'. */
struct shard {
    int64_t count, index;
};

/* Batches that began in [from_ms, until_ms), of all series of a shard, by series and time: one
 * statement for all.  As many as 'most' were found: there may be more. */
int batches_of_shard(struct store *store, const struct shard *shard, int64_t from_ms,
                     int64_t until_ms, size_t most, struct batch *ret_batches, size_t *ret_count,
                     struct error *error);
/* The same of one series, by time. */
int batches_of_series(struct store *store, int64_t series_id, int64_t from_ms, int64_t until_ms,
                      size_t most, struct batch *ret_batches, size_t *ret_count,
                      struct error *error);

/* ---- what was seen, to be shown ---- */

struct slot_count {
    int64_t start_ms;
    int64_t demand;   /* in the subject's units */
    int64_t requests;
};

/* The slots of [from_ms, until_ms) in which something of a forecast's subject was seen, by time;
 * 'subject_id' as in struct forecast. */
int slot_counts_read(struct store *store, enum forecast_subject subject, const char *subject_id,
                     int64_t slot_ms, int64_t from_ms, int64_t until_ms, size_t most,
                     struct slot_count *ret_counts, size_t *ret_count, struct error *error);

/* The kind of series that a forecast's subject is counted of.  -ENOENT: there is no such series. */
int subject_kind(struct store *store, enum forecast_subject subject, const char *subject_id,
                 enum series_kind *ret_kind, struct error *error);

/* ---- when was watched ---- */

#define GAPS_MOST 1024

struct span {
    int64_t from_ms, until_ms;
};

/* The second source, of ports and volumes: what hooks report goes on while the bus is not watched,
 * as long as there is an API that takes it in. */
struct reporting {
    struct span api;     /* the first and the last time that there was one; 0: never */
    size_t gap_count;
    struct span gaps[GAPS_MOST];       /* when there was none in between */
    struct span hooks[SERIES_KINDS];   /* the first and the last report; 0: there was none */
};

/* Until when the bus was watched, and when not. */
struct watching {
    int64_t until_ms; /* INT64_MAX: no listener ever ran; the hooks' reports are all there is */
    struct reporting reporting;
    size_t gap_count;
    struct gap gaps[GAPS_MOST]; /* not filled, or for some kinds only; oldest first */
    int64_t filled_ms;          /* when a gap was filled last; 0: none was */
};

/* What is known of the time since 'since_ms'. */
int watching_read(struct store *store, int64_t since_ms, struct watching *ret_watching,
                  struct error *error);
/* Whether something of [from_ms, until_ms) was not watched, nor is known of this kind since.  Then
 * it is unknown as a whole: to count what happens to be known of it and to leave out the rest would
 * make the demand look larger than it is.  What hooks report is known as a whole where an API took
 * it in all the time, and where hooks of that kind are in use: they reported something in the week
 * before. */
bool watching_misses(const struct watching *watching, enum series_kind kind, int64_t from_ms,
                     int64_t until_ms);

#endif
