/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test part of a backtest slot by slot, for charts: what came, what was forecast, what the pool
 * held and what it could not serve.
 */
#ifndef LARDER_BACKTEST_FILM_H
#define LARDER_BACKTEST_FILM_H

#include <stddef.h>
#include <stdint.h>

#define FILM_QUANTILES 3 /* 0.5, 0.9, 0.99 */

/* Numbers of servers or items; NAN: not known. */
struct frame {
    float coming;                    /* demand in the 10 minutes from the slot's start on, */
    float quantiles[FILM_QUANTILES]; /* and what was forecast for them just before */
    float ready;                     /* items of the pool at the slot's end */
    float target;
    float missed; /* boots of the slot that found none */
};

struct film {
    struct frame *frames;
    size_t count;
    int64_t first_s; /* start of the first frame */
    int64_t step_s;
};

/* All of its frames know nothing yet.  -ENOMEM. */
int film_new(size_t count, int64_t first_s, int64_t step_s, struct film *ret_film);
void film_clear(struct film *film);
/* Adds what 'film' says of its pool; it has as many frames. */
void film_add_pool(struct film *sum, const struct film *film);
/* At most 'most' frames: each is the mean of some, but the sum of what they missed.  -ENOMEM. */
int film_shrink(const struct film *film, size_t most, struct film *ret_film);
/* The 24 hours, begun with a whole hour of the film, with most misses; with most demand when there
 * was none.  A view into 'film': not to be cleared. */
struct film film_worst_day(const struct film *film);

#endif
