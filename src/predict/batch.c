/* SPDX-License-Identifier: Apache-2.0 */
/* Histogram of batch sizes; see batch.h. */
#include "predict/batch.h"

#include <math.h>

/* 1 to 8 by themselves, then 9 to 12, 13 to 18, ... */
static int bin_of(int32_t size)
{
    int bin;

    if (size <= SINGLE_BINS)
        return size - 1;
    bin = SINGLE_BINS + (int)(log(((double)size - 0.5) / SINGLE_BINS) / log(1.5));
    return bin < BATCH_BINS ? bin : BATCH_BINS - 1;
}

void batches_add(struct batches *batches, int32_t size)
{
    int32_t bounded = size < 1 ? 1 : size > BATCH_MOST ? BATCH_MOST : size;
    int bin = bin_of(bounded);

    batches->weight[bin] += 1;
    if (bin >= SINGLE_BINS)
        batches->sum[bin - SINGLE_BINS] += (float)bounded;
}

void batches_fade(struct batches *batches, double factor)
{
    for (int i = 0; i < BATCH_BINS; i++)
        batches->weight[i] *= (float)factor;
    for (int i = 0; i < BATCH_BINS - SINGLE_BINS; i++)
        batches->sum[i] *= (float)factor;
}

double batches_size(const struct batches *batches, int bin)
{
    if (bin < SINGLE_BINS)
        return bin + 1;
    return (double)(batches->sum[bin - SINGLE_BINS] / batches->weight[bin]);
}

double batches_weight(const struct batches *batches)
{
    double weight = 0;

    for (int i = 0; i < BATCH_BINS; i++)
        weight += (double)batches->weight[i];
    return weight;
}

void batches_moments(const struct batches *batches, double ret_moments[static 3])
{
    double all = batches_weight(batches);

    for (int power = 0; power < 3; power++)
        ret_moments[power] = all > 0 ? 0 : 1;
    for (int i = 0; i < BATCH_BINS && all > 0; i++) {
        double share = (double)batches->weight[i] / all;
        double size = share > 0 ? batches_size(batches, i) : 0;

        ret_moments[0] += share * size;
        ret_moments[1] += share * size * size;
        ret_moments[2] += share * size * size * size;
    }
}

/* What is fading away loses its last digits: there sum and weight need not fit. */
int batches_are_sound(const struct batches *batches)
{
    for (int i = 0; i < BATCH_BINS - SINGLE_BINS; i++)
        if (batches->sum[i] > 2.0F * BATCH_MOST * batches->weight[i + SINGLE_BINS] + 1e-36F)
            return 0;
    return 1;
}
