/* SPDX-License-Identifier: Apache-2.0 */
/* Experts that think in requests; see counts.h. */
#include "predict/counts.h"

#include <math.h>

#include "predict/compound.h"

#define FAST 2 /* of struct levels: half-life of 12 cells */
#define SLOW 4 /* 144 cells */
#define LONG 5 /* 576 cells */
#define FACTOR_GAIN 0.004F
#define FALL 0.7071068F /* of the excitement, in a cell */
#define FADE 0.998F
#define SMOOTHING 0.02F
#define LEAST_MEAN 1e-4F
#define MANY_REQUESTS 40.0F

void counts_init(struct counts *counts)
{
    *counts = (struct counts){ .square = 1, .size = 1 };
    for (int i = 0; i < DAY_HOURS; i++)
        counts->hour[i] = 1;
    for (int i = 0; i < WEEK_DAYS; i++)
        counts->day[i] = 1;
}

static void follow(float *factor, float demand, float expected)
{
    float weight = expected / (expected + 1); /* rare demand says little about the hour */
    float ratio = fminf(demand / fmaxf(expected, LEAST_MEAN), 20);

    *factor += FACTOR_GAIN * weight * (ratio - 1) * *factor;
    *factor = fminf(fmaxf(*factor, 0.05F), 20);
}

static void excite(struct counts *counts, float base, float demand)
{
    counts->product = counts->product * FADE + counts->excited * (demand - base);
    counts->square = counts->square * FADE + counts->excited * counts->excited;
    counts->excited = counts->excited * FALL + (demand - base);
}

float counts_expected(const struct counts *counts, const struct levels *levels,
                      struct count_place place)
{
    return levels_mean(levels, LONG) * counts->hour[place.hour] * counts->day[place.day];
}

void counts_update(struct counts *counts, const struct levels *levels, struct count_place place,
                   float demand)
{
    float expected = counts_expected(counts, levels, place);

    follow(&counts->hour[place.hour], demand, expected);
    follow(&counts->day[place.day], demand, expected);
    excite(counts, levels_mean(levels, SLOW), demand);
    counts->chance += SMOOTHING * ((demand > 0 ? 1.0F : 0.0F) - counts->chance);
    if (demand > 0)
        counts->size += SMOOTHING * 2 * (demand - counts->size);
}

void counts_means(const struct counts *counts, const struct levels *levels,
                  struct count_place place, int window, float ret_means[static COUNT_EXPERTS])
{
    float cells = (float)window;
    float slow = levels_mean(levels, SLOW);
    float weight = fminf(fmaxf(counts->product / fmaxf(counts->square, 1e-6F), 0), 0.29F);
    float ahead = (1 - powf(FALL, cells)) / (1 - FALL);

    ret_means[0] = cells * levels_mean(levels, FAST);
    ret_means[1] = cells * slow;
    ret_means[2] = cells * levels_mean(levels, LONG) * counts->hour[place.hour] *
                   counts->day[place.day];
    ret_means[3] = fmaxf(cells * slow + weight * counts->excited * ahead, 0.2F * cells * slow);
    ret_means[4] = cells * counts->chance * counts->size;
    for (int i = 0; i < COUNT_EXPERTS; i++)
        ret_means[i] = fmaxf(ret_means[i], LEAST_MEAN * cells);
}

/* Gamma with these two moments (E. B. Wilson, M. M. Hilferty, "The Distribution of Chi-square",
 * PNAS 17 (1931)): where requests are many, the sum no longer knows of single ones. */
static void gamma_nodes(double mean, double variance, float nodes[static NODES])
{
    double shape = mean * mean / variance;

    for (int i = 0; i < NODES; i++) {
        double root = 1 - 1 / (9 * shape) + (double)node_normals[i] / (3 * sqrt(shape));

        nodes[i] = (float)(mean * pow(fmax(root, 0), 3));
    }
}

void counts_nodes(float mean, float dispersion, const struct batches *batches,
                  float ret_nodes[static NODES])
{
    double moments[3];
    double more = fmax((double)dispersion - 1, 1e-6);

    batches_moments(batches, moments);
    double requests = (double)mean / moments[0];
    double variance = (double)mean * moments[1] / moments[0] * (1 + more);

    if (requests > (double)MANY_REQUESTS && (double)(mean * mean) > variance)
        gamma_nodes((double)mean, variance, ret_nodes);
    else
        compound_quantiles(requests, requests * moments[0] * moments[0] / (moments[1] * more),
                           batches, node_levels, NODES, ret_nodes);
}
