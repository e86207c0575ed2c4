/* SPDX-License-Identifier: Apache-2.0 */
/* The levels at which experts are combined; see nodes.h. */
#include "predict/nodes.h"

#include <math.h>

const float node_levels[NODES] = { 0.05F, 0.25F, 0.5F, 0.75F, 0.9F, 0.95F, 0.99F, 0.995F, 0.999F };
const float node_normals[NODES] = { -1.6449F, -0.6745F, 0,       0.6745F, 1.2816F,
                                    1.6449F,  2.3263F,  2.5758F, 3.0902F };
/* -log(1 - p) of the levels, behind that of p = 0. */
static const float depths[NODES + 1] = { 0,       0.05129F, 0.28768F, 0.69315F, 1.38629F,
                                         2.30259F, 2.99573F, 4.60517F, 5.29832F, 6.90776F };

/* Sorting is the rearrangement of the reference; nine numbers that are nearly in order. */
void nodes_order(float nodes[static NODES])
{
    for (int i = 0; i < NODES; i++) {
        float value = nodes[i] > 0 ? nodes[i] : 0;
        int at = i;

        for (; at > 0 && nodes[at - 1] > value; at--)
            nodes[at] = nodes[at - 1];
        nodes[at] = value;
    }
}

/* The curve's start at p = 0: it goes on as between the first two nodes, down to nothing. */
static double front(const float nodes[static NODES])
{
    return fmax(0, (double)nodes[0] - ((double)nodes[1] - (double)nodes[0]) / 4);
}

static void moments(const float nodes[static NODES], double *ret_mean, double *ret_variance)
{
    double first = 0, second = 0;

    /* Over each piece value = a + b (t - t0) with density e^-t, the last one without end. */
    for (int i = 0; i <= NODES; i++) {
        int left = i < NODES ? i : NODES - 1;
        double a = i == 0 ? front(nodes) : (double)nodes[i - 1];
        double before = left == 0 ? front(nodes) : (double)nodes[left - 1];
        double run = (double)depths[left + 1] - (double)depths[left];
        double b = ((double)nodes[left] - before) / run;
        double start = exp(-(double)depths[i]);
        double end = i < NODES ? exp(-(double)depths[i + 1]) : 0;
        double last = a + b * run;

        first += start * (a + b) - end * (last + b);
        second += start * (a * a + 2 * b * (a + b)) - end * (last * last + 2 * b * (last + b));
    }
    *ret_mean = first;
    *ret_variance = fmax(second - first * first, 0);
}

void nodes_to_distribution(const float nodes[static NODES], struct distribution *ret_distribution)
{
    int right = 0;

    for (int i = 0; i < DISTRIBUTION_LEVELS; i++) {
        double level = distribution_levels[i];
        double depth = -log1p(-level);

        while (right < NODES - 1 && level > (double)node_levels[right] + 1e-6)
            right++;
        double from = right == 0 ? front(nodes) : (double)nodes[right - 1];
        double share = (depth - (double)depths[right]) /
                       ((double)depths[right + 1] - (double)depths[right]);

        if (fabs(level - (double)node_levels[right]) < 1e-6)
            share = 1;
        ret_distribution->quantiles[i] = from + ((double)nodes[right] - from) * share;
    }
    moments(nodes, &ret_distribution->mean, &ret_distribution->variance);
}
