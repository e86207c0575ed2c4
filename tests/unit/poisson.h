/* SPDX-License-Identifier: Apache-2.0 */
/* Poisson arrivals by inversion, from drand48(); means up to 700, where exp(-mean) is no zero. */
#ifndef LARDER_TESTS_POISSON_H
#define LARDER_TESTS_POISSON_H

#include <math.h>
#include <stdlib.h>

static inline int poisson(double mean)
{
    double product = exp(-mean), uniform = drand48(), sum = product;
    int n = 0;

    while (uniform > sum && n < 1000) {
        product *= mean / ++n;
        sum += product;
    }
    return n;
}

#endif
