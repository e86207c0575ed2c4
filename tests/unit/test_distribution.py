#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the reference values of test_distribution.c and test_counts.c, computed with SciPy (pip install scipy)."""
import numpy as np
from scipy import stats

ASKED = (0.5, 0.9, 0.99, 0.999)
NODE_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)
CELLS = 1 << 14
# Mean and shape of the negative binomial number of requests; sizes, each of the same share.
CASES = ((2.0, 0.5, (1,)), (40.0, 3.0, (1,)), (0.05, 0.2, (1,) * 9 + (20,)), (6.0, 2.0, (1,) * 7 + (4, 4, 30)),
         (500.0, 50.0, (1, 2)))
# Mean demand, its variance over that of a compound Poisson distribution, sizes.
NODES = ((4.0, 1.0, (1,)), (30.0, 2.0, (1,)), (3.0, 1.5, (1, 1, 1, 5)), (400.0, 3.0, (1,)))


def compound(mean, shape, sizes):
    """Probabilities of the demand: the generating function of the number of requests at that of a size, by FFT."""
    of_size = np.bincount(sizes, minlength=CELLS) / len(sizes)
    z = np.fft.fft(of_size)
    chance = shape / (shape + mean)
    mass = np.fft.ifft((chance / (1 - (1 - chance) * z)) ** shape).real
    if sizes == (1,):
        direct = stats.nbinom.pmf(np.arange(CELLS), shape, chance)
        assert np.abs(mass - direct).max() < 1e-9
    return mass


def quantiles(mass, levels):
    return [int(np.searchsorted(np.cumsum(mass), level)) for level in levels]


def node_case(mean, dispersion, sizes):
    """Exact up to dispersion 1, where it is Poisson."""
    first, second = np.mean(sizes), np.mean(np.square(sizes))
    requests = mean / first
    shape = requests * first ** 2 / (second * max(dispersion - 1, 1e-6))
    return quantiles(compound(requests, shape, sizes), NODE_LEVELS)


if __name__ == '__main__':
    print('compounds')
    for case in CASES:
        print(*case, quantiles(compound(*case), ASKED))
    print('sum of the fourth and the second')
    both = np.convolve(compound(*CASES[3]), compound(*CASES[1]))
    print(quantiles(both, ASKED))
    print('nodes')
    for case in NODES:
        print(*case, node_case(*case))
    print('exponential: P(X > n), E[max(X - n, 0)]')
    for rate, n in ((0.1, 20.0), (0.1, 46.0), (2.0, 0.3)):
        exponential = stats.expon(scale=1 / rate)
        print(rate, n, round(exponential.sf(n), 6), round(exponential.sf(n) / rate, 6))
