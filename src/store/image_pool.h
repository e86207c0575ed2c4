/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of kind image: how they come into being, what is wanted of them, what stands against it. */
#ifndef LARDER_STORE_IMAGE_POOL_H
#define LARDER_STORE_IMAGE_POOL_H

#include "store/pool.h"

#define IMAGE_POOL_CEILING 100000 /* of a new one: no bound but the aggregate's hosts */

/* Counts the pool's hosts into it (see pool.h). */
int image_pool_count(struct store *store, const struct image_key *key, struct pool *pool,
                     struct error *error);
/* The pool of this key, made where there is none, with this floor if it is new. */
int image_pool_begin(struct store *store, const struct image_key *key, int64_t floor,
                     int64_t now_ms, char ret_id[static ID_SIZE], struct error *error);
/* Removes those without floor and target that nothing was said of for so long. */
int image_pool_forget(struct store *store, int64_t before_ms, struct error *error);
int image_pool_remove(struct store *store, const char *id, struct error *error);
/* Whether the aggregate is known, and has hosts; -ENOENT. */
int image_pool_check_aggregate(struct store *store, int64_t aggregate_id, struct error *error);
/* What is wanted, and how long the last caching took; only what differs is written. */
int image_pool_plan(struct store *store, const struct pool *pool, int64_t target,
                    int64_t lead_time_ms, int64_t now_ms, struct error *error);
/* A request for it was taken: what failed before is over. */
int image_pool_accepted(struct store *store, const char *id, int64_t now_ms, struct error *error);

/* Boots of an image that are forecast for the next hour (mean), the most wanted first. */
struct image_demand {
    char image_id[ID_SIZE];
    double boots;
};
/* Of forecasts made after 'since_ms', with at least 'least' boots. */
int image_demand_list(struct store *store, int64_t since_ms, double least, size_t most,
                      struct image_demand *ret_demands, size_t *ret_count, struct error *error);
/* The aggregates on whose hosts an image was used. */
int image_used_in(struct store *store, const char *image_id, size_t most, int64_t *ret_aggregates,
                  size_t *ret_count, struct error *error);

/* An image on an aggregate, counted in hosts. */
struct image_standing {
    int64_t hosts;   /* of the aggregate */
    int64_t able;    /* of those: up, and not known to be unable */
    int64_t due;     /* of those: not warm, or to be kept warm now */
    int64_t used;    /* on so many an instance of it was active */
    int64_t took_ms; /* the longest caching of it there; 0: none yet */
    int64_t bytes;   /* of other images, on the host that has most of them, by us */
    int64_t asked;   /* hosts of which Nova owes an answer about any image */
};
struct image_patience {
    int64_t refresh_ms; /* a warm host is due again so long after it was seen to be so */
    int64_t retry_ms;   /* one that failed is, for the first time; then after twice as long, … */
};
int image_pool_standing(struct store *store, const struct image_key *key,
                        const struct image_patience *patience, int64_t now_ms,
                        struct image_standing *ret_standing, struct error *error);
/* Requests that Nova has not answered in full, in all aggregates. */
int image_requests_under_way(struct store *store, int64_t *ret_count, struct error *error);

#endif
