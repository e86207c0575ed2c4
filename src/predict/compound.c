/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Negative binomial number of batches, by Panjer's recursion.
 *
 * H. H. Panjer, "Recursive Evaluation of a Family of Compound Distributions", ASTIN Bulletin 12
 * (1981), eq. (3): with P(N = n) = (a + b / n) P(N = n - 1) and batch sizes f on a lattice,
 *     g(k) = 1 / (1 - a f(0)) * sum over j = 1..k of (a + b j / k) f(j) g(k - j).
 * Sizes are put on the lattice so that their mean stays (S. A. Klugman, H. H. Panjer,
 * G. E. Willmot, "Loss Models", 4th ed. 2012, 9.6.5.2, local moment matching).
 */
#include "predict/compound.h"

#include <math.h>

#define CELLS 160
#define REACH 9.0      /* the lattice reaches so many standard deviations above the mean, */
                       /* and over two of the largest batches */
#define MOST_SHAPE 1e7 /* beyond, negative binomial is Poisson */
#define TOO_LARGE 1e200
#define MOST_MEAN 1e9

struct moments {
    double requests;
    double mean, variance;
    double second;  /* of a batch's size */
    double largest; /* batch */
};

static double largest_of(const struct batches *batches)
{
    for (int i = BATCH_BINS - 1; i >= 0; i--)
        if (batches->weight[i] > 0)
            return batches_size(batches, i);
    return 1;
}

static struct moments moments_of(double requests, double shape, const struct batches *batches)
{
    double of_size[3];

    batches_moments(batches, of_size);
    return (struct moments){
        .requests = requests,
        .mean = requests * of_size[0],
        .variance = requests * of_size[1] + requests * requests / shape * of_size[0] * of_size[0],
        .second = of_size[1],
        .largest = largest_of(batches),
    };
}

struct lattice {
    double step;
    int sizes;           /* entries of position and probability */
    int position[2 * BATCH_BINS];
    double probability[2 * BATCH_BINS];
    double at_zero;      /* probability that a batch rounds to none */
    int cells;
    double mass[CELLS];
    double all;
};

static void put(struct lattice *lattice, int position, double probability)
{
    if (position == 0) {
        lattice->at_zero += probability;
    } else if (probability > 0) {
        lattice->position[lattice->sizes] = position;
        lattice->probability[lattice->sizes++] = probability;
    }
}

static void put_sizes(struct lattice *lattice, const struct batches *batches)
{
    double all = batches_weight(batches);

    if (!(all > 0)) {
        double place = 1 / lattice->step;

        put(lattice, (int)place, 1 - (place - floor(place)));
        put(lattice, (int)place + 1, place - floor(place));
        return;
    }
    for (int i = 0; i < BATCH_BINS; i++) {
        if (!(batches->weight[i] > 0))
            continue;
        /* what lies beyond the last cell is nowhere */
        double place = fmin(batches_size(batches, i) / lattice->step, CELLS);
        double share = (double)batches->weight[i] / all;
        double right = place - floor(place);

        put(lattice, (int)place, share * (1 - right));
        put(lattice, (int)place + 1, share * right);
    }
}

static void keep_small(struct lattice *lattice, int until)
{
    for (int i = 0; i <= until; i++)
        lattice->mass[i] /= TOO_LARGE;
    lattice->all /= TOO_LARGE;
}

/* The recursion up to a factor, which 'all' takes out: P(nothing) may be too small for a double. */
static void recurse(struct lattice *lattice, double mean, double shape)
{
    double a = mean / (mean + shape), b = (shape - 1) * a;
    double front = 1 / (1 - a * lattice->at_zero);

    lattice->mass[0] = lattice->all = 1e-200;
    for (int k = 1; k < lattice->cells; k++) {
        double sum = 0;

        for (int i = 0; i < lattice->sizes; i++)
            if (lattice->position[i] <= k)
                sum += (a + b * lattice->position[i] / k) * lattice->probability[i] *
                       lattice->mass[k - lattice->position[i]];
        lattice->mass[k] = sum > 0 ? front * sum : 0;
        lattice->all += lattice->mass[k];
        if (lattice->all > TOO_LARGE)
            keep_small(lattice, k);
    }
}

/* A cell wider than one stands for what lies around its middle; there the share says where. */
static void read_quantiles(const struct lattice *lattice, const float *levels, size_t count,
                           float *ret_quantiles)
{
    double before = 0;
    int k = 0;

    for (size_t i = 0; i < count; i++) {
        double wanted = (double)levels[i] * lattice->all;

        while (k + 1 < lattice->cells && before + lattice->mass[k] < wanted)
            before += lattice->mass[k++];
        double share = lattice->mass[k] > 0 ? (wanted - before) / lattice->mass[k] : 1;
        double within = lattice->step > 1 ? fmin(share, 1) - 0.5 : 0;

        ret_quantiles[i] = (float)(lattice->step * fmax(k + within, 0));
    }
}

/* Sizes that had to be split between wide cells vary more than they should: draws the quantiles in
 * until the variance is the true one. */
static void narrow(const struct lattice *lattice, const struct moments *moments, size_t count,
                   float *quantiles)
{
    double second = 0, variance;

    for (int i = 0; i < lattice->sizes; i++)
        second += lattice->probability[i] * pow(lattice->position[i] * lattice->step, 2);
    variance = moments->variance + moments->requests * (second - moments->second);
    for (size_t i = 0; i < count; i++) {
        double away = (double)quantiles[i] - moments->mean;

        quantiles[i] = (float)fmax(
            moments->mean + away * sqrt(moments->variance / fmax(variance, 1e-12)), 0);
    }
}

void compound_quantiles(double requests, double shape, const struct batches *batches,
                        const float *levels, size_t count, float *ret_quantiles)
{
    struct lattice lattice = { 0 };
    double bounded = fmin(fmax(shape, 1e-3), MOST_SHAPE);
    struct moments moments;

    for (size_t i = 0; i < count; i++)
        ret_quantiles[i] = 0;
    if (!(requests > 0) || isnan(bounded))
        return;
    moments = moments_of(fmin(requests, MOST_MEAN), bounded, batches);
    double reach = moments.mean + fmax(REACH * sqrt(moments.variance), 2 * moments.largest);

    lattice.step = fmax(1, ceil(reach / (CELLS - 1)));
    lattice.cells = (int)fmin(CELLS, ceil(reach) + 2);
    put_sizes(&lattice, batches);
    recurse(&lattice, moments.requests, bounded);
    read_quantiles(&lattice, levels, count, ret_quantiles);
    if (lattice.step > 1)
        narrow(&lattice, &moments, count, ret_quantiles);
}
