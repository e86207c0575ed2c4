/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Experts that think in requests: each says at what rate they come, all take the number of requests
 * as negative binomial and compound it with the batch sizes.
 *
 *   fast, slow   discounted Gamma-Poisson (M. West, J. Harrison, "Bayesian Forecasting and Dynamic
 *                Models", 2nd ed. 1997, 14.2; A. C. Harvey, C. Fernandes, JBES 7 (1989), eq. 2.4)
 *   seasonal     hour of day x day of week, factors shrunk to 1 by what they were seen of (as P. R.
 *                Winters, "Forecasting Sales by Exponentially Weighted Moving Averages",
 *                Management Science 6 (1960), eq. 6 to 8, multiplicative)
 *   burst        self-exciting: the rate rises with each arrival and falls back (A. G. Hawkes,
 *                Biometrika 58 (1971), eq. 3 with an exponential kernel)
 *   rare         intermittent: probability of demand, and its size, smoothed apart (R. H. Teunter,
 *                A. A. Syntetos, M. Z. Babai, "Intermittent Demand: Linking Forecasting to
 *                Inventory Obsolescence", EJOR 214 (2011), eq. 4 and 5)
 */
#ifndef LARDER_PREDICT_COUNTS_H
#define LARDER_PREDICT_COUNTS_H

#include "predict/batch.h"
#include "predict/features.h"
#include "predict/nodes.h"

#define COUNT_EXPERTS 5
#define DAY_HOURS 24
#define WEEK_DAYS 7

struct counts {
    float hour[DAY_HOURS]; /* factors */
    float day[WEEK_DAYS];
    float excited;  /* recent arrivals, falling by a half in two cells */
    float product;  /* discounted sums for the kernel's weight: excitement x surprise, */
    float square;   /* excitement^2 */
    float chance;   /* of demand in a cell */
    float size;     /* when there is some */
};

struct count_place {
    int hour;
    int day;
};

void counts_init(struct counts *counts);
/* Demand of a cell at 'place', by level and season. */
float counts_expected(const struct counts *counts, const struct levels *levels,
                      struct count_place place);
void counts_update(struct counts *counts, const struct levels *levels, struct count_place place,
                   float demand);
/* Mean demand of the next 'window' cells, the middle of which lies at 'place', by each expert. */
void counts_means(const struct counts *counts, const struct levels *levels,
                  struct count_place place, int window, float ret_means[static COUNT_EXPERTS]);
/* Dispersion: variance over that of a compound Poisson distribution, >= 1. */
void counts_nodes(float mean, float dispersion, const struct batches *batches,
                  float ret_nodes[static NODES]);

#endif
