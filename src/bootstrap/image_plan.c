/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided about images; see image_plan.h.  Pure. */
#include "bootstrap/image_plan.h"

#include <string.h>

#define GIB ((int64_t)1 << 30)

bool image_is_wanted(const struct image_wish *wish, const struct image_rules *rules)
{
    const struct pool *pool = &wish->pool;
    double least = pool->target > 0 ? rules->least_boots / 2 : rules->least_boots;

    if (pool->state != POOL_ACTIVE || pool->ceiling == 0)
        return false;
    return pool->floor > 0 || (wish->boots > 0 && wish->boots >= least);
}

int image_wish_compare(const void *a, const void *b)
{
    const struct image_wish *left = a, *right = b;
    bool left_floor = left->pool.floor > 0, right_floor = right->pool.floor > 0;

    if (left_floor != right_floor)
        return left_floor ? -1 : 1;
    if (left->boots < right->boots || left->boots > right->boots)
        return left->boots > right->boots ? -1 : 1;
    return strcmp(left->pool.id, right->pool.id);
}

bool image_is_due(const struct image_wish *wish, const struct image_standing *standing,
                  const struct image_rules *rules, int64_t under_way, int64_t now_ms)
{
    return standing->due > 0 && standing->asked == 0 && under_way < rules->requests &&
           now_ms >= wish->pool.not_before_ms;
}

static bool everybody_sees(const struct image *image)
{
    return text_equal(image->visibility, "public") || text_equal(image->visibility, "community");
}

const char *image_obstacle(const struct image *image, const struct aggregate *aggregate,
                           const struct pool *pool, const struct image_standing *standing)
{
    if (!aggregate)
        return "the aggregate is gone, or is not among [image] aggregates";
    if (!text_equal(image->status, "active"))
        return text_equal(image->status, "deactivated") ? "the image is deactivated"
                                                        : "the image is not active";
    if (image->encrypted)
        return "the image is encrypted";
    if (image->hidden && pool->floor == 0)
        return "the image is hidden";
    if (!everybody_sees(image) && !aggregate_admits(aggregate, image->owner) &&
        standing->used == 0)
        return "nobody who may see the image boots on the aggregate";
    return NULL;
}

bool image_fits(const struct image *image, const struct image_standing *standing,
                const struct image_rules *rules)
{
    return standing->bytes + image_cached_size(image) <= rules->disk_gb * GIB;
}
