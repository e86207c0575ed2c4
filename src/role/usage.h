/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Utilisation out of Gnocchi into the store: an hour at a time at the most, rolled up as it comes
 * in and purged in bites.  Where it stands is in the store.
 */
#ifndef LARDER_ROLE_USAGE_H
#define LARDER_ROLE_USAGE_H

#include "base/options.h"
#include "cloud/cloud.h"
#include "store/store.h"

#define USAGE_NAME "utilisation" /* of the row that keeps how far it is */

struct usage {
    const struct option_list *metrics;
    int64_t granularity_s; /* of the points in Gnocchi; divides 300 */
    int64_t settle_s;      /* a span's points are there so long after its end */
    int64_t backlog;       /* with more measures waiting there, nothing is taken in */
};

bool usage_knows_metric(const char *name);

/* 1: there is more to take in, 0: all there is is in. */
int usage_step(const struct usage *usage, struct client *client, struct store *store,
               int64_t now_ms, struct error *error);

#endif
