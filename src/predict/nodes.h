/* SPDX-License-Identifier: Apache-2.0 */
/* The levels at which experts are compared and combined; a distribution is drawn through them. */
#ifndef LARDER_PREDICT_NODES_H
#define LARDER_PREDICT_NODES_H

#include "predict/distribution.h"

#define NODES 9

extern const float node_levels[NODES];  /* rising, 0.05 to 0.999 */
extern const float node_normals[NODES]; /* the standard normal's quantiles there */

/* Makes them rise and not negative: quantiles estimated one by one may cross (V. Chernozhukov,
 * I. Fernandez-Val, A. Galichon, "Quantile and Probability Curves Without Crossing",
 * Econometrica 78 (2010)). */
void nodes_order(float nodes[static NODES]);
/* Through the nodes, linear in -log(1 - p); mean and variance are those of that curve. */
void nodes_to_distribution(const float nodes[static NODES], struct distribution *ret_distribution);

#endif
