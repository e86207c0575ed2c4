/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series: the demand for one thing over time.  A series exists without a pool: it begins when
 * something is seen for the first time, whoever saw it.
 */
#ifndef LARDER_STORE_SERIES_H
#define LARDER_STORE_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "store/key.h"
#include "store/store.h"

enum series_kind { SERIES_PORT, SERIES_VOLUME, SERIES_IMAGE, SERIES_CAPACITY };
#define SERIES_KINDS 4
#define SERIES_KIND_CHOICES "port|volume|image|capacity"
const char *series_kind_name(enum series_kind kind);

struct series {
    int64_t id; /* set by the store */
    enum series_kind kind;
    char digest[DIGEST_SIZE];  /* ports, volumes: the key's; else of what follows */
    char project_id[ID_SIZE];  /* ports, capacity */
    char image_id[ID_SIZE];    /* volumes, images */
    char flavor_id[NAME_SIZE]; /* capacity */
    char zone[NAME_SIZE];      /* volumes, capacity */
    int64_t began_ms;          /* of the oldest sighting */
    int64_t last_ms;           /* of the newest one */
};

/* The series that something belongs to that was seen at 'at_ms'; pure.  The key is normalised. */
void series_of_key(const struct key *key, int64_t at_ms, struct series *ret_series);
void series_of_image(const char *image_id, int64_t at_ms, struct series *ret_series);
void series_of_capacity(const char *flavor_id, const char *zone, const char *project_id,
                        int64_t at_ms, struct series *ret_series);

/* Finds each of 'rows' by kind and digest, or makes it, and widens its time; sets the ids.  A row
 * may be there twice; any number of processes may do it at once. */
int series_note(struct store *store, struct series *rows, size_t count, struct error *error);

int series_get(struct store *store, int64_t id, struct series *ret_series, struct error *error);
/* That of a pool; -ENOENT when there is no such pool, or nothing was seen of it yet. */
int series_of_pool(struct store *store, const char *pool_id, struct series *ret_series,
                   struct error *error);
/* Pages in id order, ids after 'after'; 'kind' -1: all; 'project_id' NULL: all. */
int series_list(struct store *store, int kind, const char *project_id, int64_t after, size_t most,
                struct series *ret_series, size_t *ret_count, struct error *error);

#endif
