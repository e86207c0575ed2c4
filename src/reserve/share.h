/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits that several pools share, as items in all, items of a project, gigabytes: where they do
 * not suffice for all that is wanted, each next item goes where it is of most use.  Pure.
 */
#ifndef LARDER_RESERVE_SHARE_H
#define LARDER_RESERVE_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "predict/distribution.h"

#define SHARE_USES_MOST 4

/* What one item of a pool takes of a limit. */
struct share_use {
    size_t limit;
    double per_item;
};

struct share {
    int64_t floor;  /* an operator's word: given whatever the limits say */
    int64_t wanted; /* given as far as the limits go */
    double weight;  /* what a boot that is served is worth */
    const struct distribution *forecast; /* NULL: what is above the floor is of no known use */
    struct share_use uses[SHARE_USES_MOST];
    size_t use_count;
    int64_t granted; /* the answer; between floor and wanted, or the floor */
};

/* Grants each item in the order of its marginal benefit: how many boots more it will serve on
 * average (distribution_excess() with one item less), by what they are worth, for what it takes of
 * the limits that are short (Toyoda 1975: each weighed by its scarcity). */
int share_out(struct share *shares, size_t count, const double *limits, size_t limit_count,
              struct error *error);

#endif
