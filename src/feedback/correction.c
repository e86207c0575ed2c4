/* SPDX-License-Identifier: Apache-2.0 */
/* A factor on the forecast, by what came out; see correction.h. */
#include "feedback/correction.h"

#include <math.h>

#define GAIN 0.02       /* for all of a usual slot's demand */
#define LEAST (-0.2)
#define MOST 1.0
#define USUAL_GAIN 0.01
#define MOST_WEIGHT 5.0 /* usual slots that one slot may count as */

void correction_start(struct correction *correction, double asked)
{
    *correction = (struct correction){ .asked = asked };
}

void correction_learn(struct correction *correction, double wanted, double served)
{
    if (!(wanted > 0) || !(served >= 0))
        return;
    if (!(correction->usual > 0))
        correction->usual = wanted;
    correction->usual += USUAL_GAIN * (wanted - correction->usual);
    double missed = correction->asked - fmin(served / wanted, 1);
    double weight = fmin(wanted / correction->usual, MOST_WEIGHT);

    correction->log += GAIN * missed * weight;
    correction->log = fmin(fmax(correction->log, LEAST), MOST);
}

void correction_apply(const struct correction *correction, struct distribution *forecast)
{
    double factor = exp(correction->log);

    forecast->mean *= factor;
    forecast->variance *= factor * factor;
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        forecast->quantiles[i] *= factor;
}
