/* SPDX-License-Identifier: Apache-2.0 */
/* Recent rate of requests; see rate.h. */
#include "predict/rate.h"

#include <math.h>

/* Before anything was seen: hardly ever wanted, but that is worth no more than a slot.  A prior
 * worth a day would keep a new key's pool empty for the day in which it is wanted most. */
#define PRIOR_REQUESTS 0.05
#define PRIOR_SLOTS 1.0
#define PRIOR_SHAPE 0.5 /* Jeffreys' */
#define LEAST_REQUESTS 0.01 /* of a series that was silent for long, in LEAST_SLOTS */
#define LEAST_SLOTS 1.0

void rate_init(struct rate *rate)
{
    *rate = (struct rate){ PRIOR_REQUESTS, PRIOR_SLOTS };
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
    return rate->requests + PRIOR_SHAPE;
}

double rate_mean(const struct rate *rate)
{
    return (rate->requests + LEAST_REQUESTS) / (rate->slots + LEAST_SLOTS);
}
