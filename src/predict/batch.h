/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sizes that requests come in: a histogram whose old entries fade.  Small sizes have a bin
 * each, larger ones share bins that grow by a half; each bin knows the mean of what fell into it.
 */
#ifndef LARDER_PREDICT_BATCH_H
#define LARDER_PREDICT_BATCH_H

#include <stdint.h>

#define BATCH_BINS 32
#define SINGLE_BINS 8      /* the first bins hold one size each: 1 to 8 */
#define BATCH_MOST 1000000 /* a larger batch counts as one of these */

struct batches {
    float weight[BATCH_BINS]; /* discounted number */
    float sum[BATCH_BINS - SINGLE_BINS]; /* discounted servers, of the bins that are shared */
};

/* The mean size of what fell into a bin that has weight. */
double batches_size(const struct batches *batches, int bin);

void batches_add(struct batches *batches, int32_t size);
/* All that was seen counts 'factor' (0 to 1) of what it did. */
void batches_fade(struct batches *batches, double factor);
double batches_weight(const struct batches *batches);
/* Whether each bin's mean size is one that batches have; both its numbers are >= 0 already. */
int batches_are_sound(const struct batches *batches);
/* Mean of the sizes to the power of 1, 2, 3; 1 each when none was seen. */
void batches_moments(const struct batches *batches, double ret_moments[static 3]);

#endif
