/* SPDX-License-Identifier: Apache-2.0 */
/* A fading histogram of lead times; see lead_time.h. */
#include "reserve/lead_time.h"

#include <math.h>

#define FIRST_MS 200.0 /* upper bound of the first bin */
#define FADE 0.98F     /* of all that came before, at each time that is taken in */

static double bound_ms(int bin)
{
    return FIRST_MS * exp2(bin / 2.0);
}

void lead_times_add(struct lead_times *times, int64_t ms)
{
    int bin = 0;

    while (bin < LEAD_TIME_BINS - 1 && (double)ms > bound_ms(bin))
        bin++;
    for (int i = 0; i < LEAD_TIME_BINS; i++)
        times->weights[i] *= FADE;
    times->weights[bin] += 1;
}

int64_t lead_times_quantile(const struct lead_times *times, double level)
{
    double total = 0, below = 0;
    int bin = 0;

    for (int i = 0; i < LEAD_TIME_BINS; i++)
        total += (double)times->weights[i];
    if (!(total > 0))
        return 0;
    while (bin < LEAD_TIME_BINS - 1 && below + (double)times->weights[bin] < level * total)
        below += (double)times->weights[bin++];
    if (!(times->weights[bin] > 0))
        return (int64_t)bound_ms(bin);
    return (int64_t)ceil(bound_ms(bin - 1)
                         * exp2((level * total - below) / (double)times->weights[bin] / 2));
}
