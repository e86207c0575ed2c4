/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Utilisation: what groups of instances used of a resource, at a resolution that falls with age.
 * 'mean' is over the span's points, 'peak' the highest of them, 'samples' how many they were.
 */
#ifndef LARDER_STORE_UTILISATION_H
#define LARDER_STORE_UTILISATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/store.h"

enum utilisation_scope { SCOPE_FLAVOR, SCOPE_PROJECT, SCOPE_HOST };
#define SCOPE_CHOICES "flavor|project|host"
const char *scope_name(enum utilisation_scope scope);

/* From fine to coarse, each with how long it is kept. */
struct resolution {
    int64_t seconds;
    int64_t kept_s;
};
#define RESOLUTIONS 3
extern const struct resolution resolutions[RESOLUTIONS];

struct utilisation {
    char metric[64];
    enum utilisation_scope scope;
    char scope_id[NAME_SIZE];
    int64_t resolution_s;
    int64_t at_ms; /* where the span begins */
    double mean, peak;
    int64_t samples;
};

/* What is there already is written over. */
int utilisation_add(struct store *store, const struct utilisation *rows, size_t count,
                    struct error *error);
/* Makes the spans of resolutions[level] (1 or 2) that overlap [from_ms, until_ms) anew from the
 * next finer one, of which nothing in these spans may have been purged. */
int utilisation_roll(struct store *store, size_t level, int64_t from_ms, int64_t until_ms,
                     struct error *error);
/* Removes at most 'most' rows of a resolution that are older. */
int utilisation_purge(struct store *store, size_t level, int64_t before_ms, int64_t most,
                      int64_t *ret_removed, struct error *error);

/* Newest first. */
struct utilisation_filter {
    const char *metric;    /* NULL: all */
    int scope;             /* -1: all */
    const char *scope_id;  /* NULL: all */
    int64_t resolution_s;
    int64_t from_ms;       /* 0: all */
    int64_t before_ms;     /* 0: all */
};
int utilisation_list(struct store *store, const struct utilisation_filter *filter, size_t skip,
                     size_t most, struct utilisation *ret_rows, size_t *ret_count,
                     struct error *error);

#endif
