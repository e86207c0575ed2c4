/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Until when a source was watched, and when it was not.  What was not watched is not known, and
 * what is not known is not zero: forecasts pass over gaps until something has filled them.  What
 * fills a gap may know of some kinds of series only; for the others it stays a gap.
 */
#ifndef LARDER_STORE_GAP_H
#define LARDER_STORE_GAP_H

#include <stddef.h>
#include <stdint.h>

#include "store/series.h"
#include "store/store.h"

#define SOURCE_SIZE 65
#define SOURCE_BUS "bus"
#define SOURCE_API "api"        /* there was a process that takes in what hooks report */
#define SOURCE_HOOKS "hooks:%s" /* of a kind: what they reported first and last */

struct watch {
    char source[SOURCE_SIZE];
    int64_t since_ms; /* of the first look ever */
    int64_t until_ms; /* all that happened before is known, but for the gaps */
};

/* Sets of kinds of series. */
#define KIND_BIT(kind) (INT64_C(1) << (kind))
#define ALL_KINDS (KIND_BIT(SERIES_KINDS) - 1)
/* What is known of an instance tells of these; which ports and volumes it had, nobody remembers
 * once they are gone. */
#define KINDS_OF_INSTANCES (KIND_BIT(SERIES_IMAGE) | KIND_BIT(SERIES_CAPACITY))

struct gap {
    int64_t id;
    char source[SOURCE_SIZE];
    int64_t from_ms, until_ms;
    int64_t filled_ms; /* when it was filled last; 0: never */
    int64_t filled;    /* for which kinds: KIND_BITs */
    char reason[256];
};

/* The source is watched until now; the first time it is since now, too. */
int watch_note(struct store *store, const char *source, int64_t now_ms, struct error *error);
int watch_get(struct store *store, const char *source, struct watch *ret_watch,
              struct error *error); /* -ENOENT */

/* The same of one that is to be noted again within 'most_ms': a longer silence was a gap.  Any
 * number of processes may note one source. */
int watch_continue(struct store *store, const char *source, int64_t most_ms, int64_t now_ms,
                   const char *reason, struct error *error);

/* Notes that the source was not watched from 'from_ms' on; a gap that began then and is there
 * already ends later, if need be. */
int gap_note(struct store *store, const char *source, int64_t from_ms, int64_t until_ms,
             const char *reason, struct error *error);
/* What was lost of these kinds is known now from elsewhere. */
int gap_fill(struct store *store, int64_t id, int64_t kinds, int64_t now_ms, struct error *error);
/* Gaps that reach beyond 'from_ms' and are not filled for all of 'kinds', oldest first; 'source'
 * NULL: of all. */
int gap_list(struct store *store, const char *source, int64_t kinds, int64_t from_ms, size_t most,
             struct gap *ret_gaps, size_t *ret_count, struct error *error);

#endif
