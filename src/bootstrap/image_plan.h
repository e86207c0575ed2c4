/* SPDX-License-Identifier: Apache-2.0 */
/* Which image is to be cached where, and what stands against it.  Pure. */
#ifndef LARDER_BOOTSTRAP_IMAGE_PLAN_H
#define LARDER_BOOTSTRAP_IMAGE_PLAN_H

#include <stdbool.h>

#include "cloud/compute.h"
#include "cloud/image.h"
#include "store/image_pool.h"

struct image_rules {
    double least_boots; /* forecast for an hour, from which an image is wanted */
    int64_t disk_gb;    /* of each host, for the images that Larder has cached there */
    int64_t requests;   /* that Nova may work on at a time */
};

/* An image pool, and how many boots of its image are forecast for the next hour. */
struct image_wish {
    struct pool pool;
    double boots;
};

/* Whether the image is wanted there.  One that was wanted before stays so down to half as many
 * boots: what hovers about the bound is not dropped and fetched again. */
bool image_is_wanted(const struct image_wish *wish, const struct image_rules *rules);
/* The order in which they are served: an operator's floor first, then what is wanted most. */
int image_wish_compare(const void *a, const void *b);

/* Whether Nova is asked now: a host needs it, the aggregate is not busy, nor is Nova. */
bool image_is_due(const struct image_wish *wish, const struct image_standing *standing,
                  const struct image_rules *rules, int64_t under_way, int64_t now_ms);

/* Why an image may not be cached on an aggregate (NULL: not known any more); NULL: it may.  Hidden
 * images are cached only where an operator set a floor; one that not everybody sees only where its
 * owner may boot, or where it was booted. */
const char *image_obstacle(const struct image *image, const struct aggregate *aggregate,
                           const struct pool *pool, const struct image_standing *standing);
bool image_fits(const struct image *image, const struct image_standing *standing,
                const struct image_rules *rules);

#endif
