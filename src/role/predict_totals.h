/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts of flavors and resources: sums of the series' newest forecasts. */
#ifndef LARDER_ROLE_PREDICT_TOTALS_H
#define LARDER_ROLE_PREDICT_TOTALS_H

#include <stdint.h>

#include "store/store.h"

/* Sums what was forecast since 'since_ms', and stores the sums. */
int totals_make(struct store *store, int64_t since_ms, int64_t now_ms, struct error *error);

#endif
