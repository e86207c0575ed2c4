/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recent rate of requests: the Gamma-Poisson model with discounting.
 *
 * M. West, J. Harrison, "Bayesian Forecasting and Dynamic Models" (2nd ed. 1997), 14.2;
 * A. C. Harvey, C. Fernandes, "Time Series Models for Count or Qualitative Observations", JBES 7
 * (1989), eq. (2.4) to (2.7): with a and b the discounted sums of requests and of slots watched,
 * the requests of the next h slots are negative binomial with shape a and mean h a / b.
 */
#ifndef LARDER_PREDICT_RATE_H
#define LARDER_PREDICT_RATE_H

struct rate {
    double requests; /* a */
    double slots;    /* b */
};

/* Before anything was seen. */
void rate_init(struct rate *rate);
/* 'keep' is what a slot's weight becomes one slot later: 0.5 ^ (1 / half-life in slots). */
void rate_update(struct rate *rate, double keep, double requests);
/* Time passed unwatched: what was seen counts less, and nothing was seen to be zero. */
void rate_skip(struct rate *rate, double keep, double slots);
double rate_shape(const struct rate *rate);
/* Requests per slot. */
double rate_mean(const struct rate *rate);

#endif
