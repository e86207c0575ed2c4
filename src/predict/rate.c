/* SPDX-License-Identifier: Apache-2.0 */
/* Recent rate of requests; see rate.h. */
#include "predict/rate.h"

#include <math.h>

#define PRIOR_REQUESTS 0.5 /* in a day: Jeffreys' prior; it fades like what is seen */
#define LEAST_REQUESTS 0.01 /* of a series that was silent for long, in LEAST_SLOTS */
#define LEAST_SLOTS 1.0

void rate_init(struct rate *rate, double slots_per_day)
{
    *rate = (struct rate){ PRIOR_REQUESTS, slots_per_day };
}

void rate_skip(struct rate *rate, double keep, double slots)
{
    double factor = pow(keep, slots);

    rate->requests *= factor;
    rate->slots *= factor;
}

void rate_update(struct rate *rate, double keep, double requests)
{
    rate_skip(rate, keep, 1);
    rate->requests += requests;
    rate->slots += 1;
}

double rate_shape(const struct rate *rate)
{
    return rate->requests + PRIOR_REQUESTS;
}

double rate_mean(const struct rate *rate)
{
    return (rate->requests + LEAST_REQUESTS) / (rate->slots + LEAST_SLOTS);
}
