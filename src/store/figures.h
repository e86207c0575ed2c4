/* SPDX-License-Identifier: Apache-2.0 */
/* What all pools and items come to: sums for /metrics, few rows each. */
#ifndef LARDER_STORE_FIGURES_H
#define LARDER_STORE_FIGURES_H

#include "base/text.h"
#include "store/store.h"

/* Pools of a kind, tier and state. */
struct pool_sum {
    char kind[32], tier[32], state[32];
    int64_t pools, target, goal;
};
#define POOL_SUMS_MOST 64

/* Items of a kind, tier and state, but those that are gone or adopted. */
struct item_sum {
    char kind[32], tier[32], state[32];
    int64_t items;
};
#define ITEM_SUMS_MOST 128

/* One pool. */
struct pool_figure {
    char id[ID_SIZE];
    char kind[32], tier[32];
    int64_t target, goal, ready, lead_time_ms;
};

int figures_pools(struct store *store, struct pool_sum *ret_sums, size_t most, size_t *ret_count,
                  struct error *error);
int figures_items(struct store *store, struct item_sum *ret_sums, size_t most, size_t *ret_count,
                  struct error *error);
/* At most 'most', those with the largest goals first. */
int figures_each_pool(struct store *store, size_t most, struct pool_figure *ret_figures,
                      size_t *ret_count, struct error *error);

#endif
