/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images in the caches of compute hosts, ahead of the boots that want them.  An image is wanted on
 * an aggregate when its pool has a floor, or when enough boots of it are forecast; then Nova is
 * asked, for one aggregate after the other, and asked again before it would evict what nobody used.
 * What came of it the notifications aggregate.cache_images.* tell (store/image_host.h,
 * image_hosts_answered).
 *
 * Any number of processes may run one of these; a lease row lets one of them work.
 */
#ifndef LARDER_BOOTSTRAP_IMAGE_H
#define LARDER_BOOTSTRAP_IMAGE_H

#include "base/options.h"
#include "bootstrap/image_plan.h"
#include "cloud/cloud.h"
#include "store/store.h"

struct image_options {
    bool enabled;
    struct option_list aggregates; /* names; none: all */
    struct image_rules rules;
    bool glance_cache;
    int64_t review_s; /* between two looks at all image pools */
    int64_t survey_s; /* between two looks at Nova's aggregates and services */
    int64_t patience_s;
    int64_t retry_s;
    int64_t refresh_s;
    int64_t unused_age_s; /* as Nova's remove_unused_original_minimum_age_seconds */
    int64_t unable_s;
};

struct image_keeper;
int image_keeper_start(const struct image_options *options, struct database *database,
                       struct cloud *cloud, struct image_keeper **ret_keeper, struct error *error);
/* These options hold from now on; NULL is fine, here and below. */
void image_keeper_reload(struct image_keeper *keeper, const struct image_options *options);
/* -ETIMEDOUT as workers_stop(). */
int image_keeper_stop(struct image_keeper *keeper, int64_t grace_ms);

#endif
