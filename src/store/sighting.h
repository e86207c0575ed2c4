/* SPDX-License-Identifier: Apache-2.0 */
/* Sightings: one row for each resource that was made for a boot, however often it was seen. */
#ifndef LARDER_STORE_SIGHTING_H
#define LARDER_STORE_SIGHTING_H

#include "store/series.h"

enum sighting_source { SIGHTING_HOOK, SIGHTING_BUS, SIGHTING_IMPORT };
#define SIGHTING_SOURCE_CHOICES "hook|bus|import"

struct sighting {
    enum series_kind kind;
    char resource_id[ID_SIZE]; /* port, volume; for image and capacity the instance */
    int64_t series_id;
    int64_t at_ms;
    char request_id[REQUEST_ID_SIZE]; /* the boot request: what makes a batch; "" when unknown */
    char instance_id[ID_SIZE]; /* ports whose request is not known: what their boot is found by */
    enum sighting_source source;
};

/* Adds what was not seen before.  Of what was, nothing changes but a request id that was not known:
 * duplicates and disorder do no harm. */
int sightings_add(struct store *store, const struct sighting *rows, size_t count,
                  struct error *error);
/* Boots whose requests are known now tell those of the ports that were seen before. */
struct boot_request {
    char instance_id[ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
};
int sightings_tell(struct store *store, const struct boot_request *rows, size_t count,
                   struct error *error);
/* One resource: notes its series and adds it. */
int sighting_note(struct store *store, const struct series *series, const char *resource_id,
                  const char *request_id, enum sighting_source source, struct error *error);

#endif
