/* SPDX-License-Identifier: Apache-2.0 */
/* Charts of a film as SVG, to stand in an HTML page that defines the classes they name. */
#ifndef LARDER_BACKTEST_CHART_H
#define LARDER_BACKTEST_CHART_H

#include <stdio.h>

#include "backtest/film.h"

/* What came in 10 minutes, and the bands of what was forecast. */
void chart_demand(FILE *out, const struct film *film);
/* What a pool held, its target, and what it missed. */
void chart_pool(FILE *out, const struct film *film);

#endif
