/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was booted while Larder was not there to see it: instances as Gnocchi or Nova remember
 * them, taken in as sightings (of images and capacity; ports and volumes are not told of) and
 * boots. Page by page: where it stands is in the store, so whoever comes next goes on there, and a
 * page that is taken in twice does no harm.
 */
#ifndef LARDER_ROLE_HISTORY_H
#define LARDER_ROLE_HISTORY_H

#include "cloud/cloud.h"
#include "store/import.h"

enum history_source { HISTORY_GNOCCHI, HISTORY_NOVA };

/* What is to be taken in: instances asked for within [from_ms, until_ms). */
struct history_job {
    enum history_source source;
    const char *name; /* of the row that keeps how far it is */
    int64_t from_ms, until_ms;
};

/* Notes the instances' series, sightings and boots, and counts them in 'import'. */
int history_note(struct store *store, const struct instance *instances, size_t count,
                 struct import *import, struct error *error);

/* Takes in the next page.  1: all is in (now or before), 0: there is more.  'ret_import' (may be
 * NULL) is how far it is. */
int history_page(const struct history_job *job, struct client *client, struct store *store,
                 int64_t now_ms, struct import *ret_import, struct error *error);

#endif
