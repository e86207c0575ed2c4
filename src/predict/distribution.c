/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions by their quantiles; see distribution.h.
 *
 * Between two levels the quantile function is taken as linear in t = -log(1 - p), beyond the last
 * one too: that is an exponential tail, exact in the memoryless case and close to linear in p where
 * p is small.  All integrals then have closed forms.
 */
#include "predict/distribution.h"

#include <math.h>
#include <stdlib.h>

#define LAST (DISTRIBUTION_LEVELS - 1)
#define ATOMS (DISTRIBUTION_LEVELS + 1) /* one between each two levels, and the two tails */

const double distribution_levels[DISTRIBUTION_LEVELS] = {
    0.01, 0.025, 0.05, 0.1,   0.15, 0.2,  0.25, 0.3,   0.35, 0.4,   0.45,
    0.5,  0.55,  0.6,  0.65,  0.7,  0.75, 0.8,  0.85,  0.9,  0.925, 0.95,
    0.96, 0.97,  0.975, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 0.9999,
};

static double depth(double level)
{
    return -log1p(-level);
}

/* Segment i lies left of level i; the last one has no end.  Its bounds in t, value and slope. */
struct segment {
    double from, until;
    double value, slope;
};

static double slope_between(const struct distribution *distribution, int left)
{
    double rise = distribution->quantiles[left + 1] - distribution->quantiles[left];
    double run = depth(distribution_levels[left + 1]) - depth(distribution_levels[left]);

    return fmax(rise, 0) / run;
}

static struct segment segment_of(const struct distribution *distribution, int index)
{
    struct segment segment = { .until = INFINITY };

    if (index < DISTRIBUTION_LEVELS)
        segment.until = depth(distribution_levels[index]);
    if (index == 0) {
        /* Nothing is known of the front; it falls as steeply as its neighbour, down to nothing. */
        segment.slope = fmin(slope_between(distribution, 0),
                             distribution->quantiles[0] / segment.until);
        segment.value = distribution->quantiles[0] - segment.slope * segment.until;
        return segment;
    }
    segment.from = depth(distribution_levels[index - 1]);
    segment.value = distribution->quantiles[index - 1];
    segment.slope = slope_between(distribution, index - 1 < LAST ? index - 1 : LAST - 1);
    return segment;
}

static double quantile_at(const struct distribution *distribution, double level)
{
    double t = depth(level);
    int index = 0;

    while (index < DISTRIBUTION_LEVELS && level > distribution_levels[index])
        index++;
    struct segment segment = segment_of(distribution, index);

    return segment.value + segment.slope * (t - segment.from);
}

int64_t distribution_quantile(const struct distribution *distribution, double level)
{
    double value = quantile_at(distribution, fmin(fmax(level, 0), 1 - 1e-12));

    /* A whole number that came out of arithmetic is still that number. */
    return value > 0 ? (int64_t)ceil(fmin(value, 1e15) - 1e-9 * fmax(value, 1)) : 0;
}

/* Where the quantile function passes n, in t; 0 when it lies above from the start. */
static double passes(const struct distribution *distribution, double n, int *ret_index)
{
    int index = 0;

    while (index < DISTRIBUTION_LEVELS && distribution->quantiles[index] <= n)
        index++;
    struct segment segment = segment_of(distribution, index);

    *ret_index = index;
    if (segment.value > n)
        return segment.from;
    return segment.slope > 0 ? segment.from + (n - segment.value) / segment.slope : segment.until;
}

double distribution_exceeds(const struct distribution *distribution, double n)
{
    int index;

    return n < 0 ? 1 : exp(-passes(distribution, n, &index));
}

/* Integral of (value + slope * (t - from)) e^-t over [from, until). */
static double integral(double value, double slope, double from, double until)
{
    double whole = exp(-from) * (value + slope);

    if (isinf(until))
        return whole;
    return whole - exp(-until) * (value + slope * (until - from) + slope);
}

double distribution_excess(const struct distribution *distribution, double n)
{
    int index;
    double sum = 0;
    double t = passes(distribution, fmax(n, 0), &index);

    for (; index <= DISTRIBUTION_LEVELS; index++) {
        struct segment segment = segment_of(distribution, index);
        double from = fmax(t, segment.from);

        if (from < segment.until)
            sum += integral(segment.value + segment.slope * (from - segment.from) - n,
                            segment.slope, from, segment.until);
    }
    return sum;
}

/* ---- sums ---- */

struct atom {
    double value;
    double weight;
};

static int compare_atoms(const void *left, const void *right)
{
    double a = ((const struct atom *)left)->value, b = ((const struct atom *)right)->value;

    return (a > b) - (a < b);
}

/* The distribution as its segments' means, each with its probability. */
static void to_atoms(const struct distribution *distribution, struct atom *ret_atoms)
{
    for (int i = 0; i < ATOMS; i++) {
        struct segment segment = segment_of(distribution, i);
        double end = isinf(segment.until) ? 0 : exp(-segment.until);
        double weight = exp(-segment.from) - end;

        ret_atoms[i].weight = weight;
        ret_atoms[i].value =
            integral(segment.value, segment.slope, segment.from, segment.until) / weight;
    }
}

/* Quantiles of atoms that are in order; each atom stands at the middle of its probability. */
static void from_atoms(const struct atom *atoms, size_t count, struct distribution *distribution)
{
    double place = atoms[0].weight / 2, last_place = 0, last = atoms[0].value;
    size_t at = 0;

    for (int i = 0; i < DISTRIBUTION_LEVELS; i++) {
        double level = distribution_levels[i];

        while (place < level && at + 1 < count) {
            last = atoms[at].value;
            last_place = place;
            place += (atoms[at].weight + atoms[at + 1].weight) / 2;
            at++;
        }
        double share = place > last_place ? (level - last_place) / (place - last_place) : 1;

        distribution->quantiles[i] = last + (atoms[at].value - last) * fmin(share, 1);
    }
}

/* 'sum' becomes the sum of itself and 'more'; its moments are exact. */
static void add_one(struct distribution *sum, const struct distribution *more)
{
    struct atom a[ATOMS], b[ATOMS], pairs[ATOMS * ATOMS];

    to_atoms(sum, a);
    to_atoms(more, b);
    for (int i = 0; i < ATOMS * ATOMS; i++) {
        pairs[i].value = a[i / ATOMS].value + b[i % ATOMS].value;
        pairs[i].weight = a[i / ATOMS].weight * b[i % ATOMS].weight;
    }
    qsort(pairs, ATOMS * ATOMS, sizeof(pairs[0]), compare_atoms);
    from_atoms(pairs, ATOMS * ATOMS, sum);
    sum->mean += more->mean;
    sum->variance += more->variance;
}

static void scale(const struct distribution *part, double unit, struct distribution *ret_scaled)
{
    ret_scaled->mean = unit * part->mean;
    ret_scaled->variance = unit * unit * part->variance;
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        ret_scaled->quantiles[i] = unit * part->quantiles[i];
}

/* Halves first: what each addition loses then adds up over log2(count) of them only. */
static void add_range(const struct distribution *parts, const double *weights, size_t count,
                      struct distribution *ret_sum)
{
    size_t half = count / 2;

    if (count == 1) {
        scale(parts, weights ? weights[0] : 1, ret_sum);
        return;
    }
    struct distribution right;

    add_range(parts, weights, half, ret_sum);
    add_range(parts + half, weights ? weights + half : NULL, count - half, &right);
    add_one(ret_sum, &right);
}

void distribution_add(const struct distribution *parts, const double *weights, size_t count,
                      struct distribution *ret_sum)
{
    if (count == 0)
        *ret_sum = (struct distribution){ 0 };
    else
        add_range(parts, weights, count, ret_sum);
}
