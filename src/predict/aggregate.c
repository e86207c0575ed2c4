/* SPDX-License-Identifier: Apache-2.0 */
/* Experts combined online; see aggregate.h. */
#include "predict/aggregate.h"

#include <math.h>

#define KEEP 0.999F
#define EVEN 0.05F /* share that is given out evenly, so that no expert is ever lost */

float covers(float q, float demand)
{
    float whole = floorf(q);

    if (demand <= whole)
        return 1;
    return demand <= whole + 1 ? q - whole : 0;
}

void weights_now(const struct weights *weights, float ret_shares[static NODES][EXPERTS])
{
    for (int level = 0; level < NODES; level++) {
        float sum = 0;

        for (int i = 0; i < EXPERTS; i++)
            sum += fmaxf(weights->regret[level][i], 0);
        for (int i = 0; i < EXPERTS; i++) {
            float share = sum > 0 ? fmaxf(weights->regret[level][i], 0) / sum : 1.0F / EXPERTS;

            ret_shares[level][i] = (1 - EVEN) * share + EVEN / EXPERTS;
        }
    }
}

void weights_learn(struct weights *weights, float experts[static EXPERTS][NODES],
                   const float combined[static NODES], float demand, float scale)
{
    for (int level = 0; level < NODES; level++) {
        float slope = covers(combined[level], demand) - node_levels[level];

        for (int i = 0; i < EXPERTS; i++) {
            float *regret = &weights->regret[level][i];

            *regret = *regret * KEEP + slope * (combined[level] - experts[i][level]) / scale;
        }
    }
}
