/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bears on the demand of all series, as of one turn of the predictor: local time, and the
 * occurrences of the operator's events and of the calendars.  Each series is told what applies to
 * it.
 */
#ifndef LARDER_ROLE_ALMANAC_H
#define LARDER_ROLE_ALMANAC_H

#include "base/cleanup.h"
#include "predict/factors.h"
#include "role/predictor.h"
#include "store/model.h"

struct almanac;

/* What is known for the history before 'now_ms' and some days behind it.  An event or a calendar
 * that cannot be read any more is left out and logged. */
int almanac_open(const struct predictor_options *options, struct store *store, int64_t now_ms,
                 struct almanac **ret_almanac, struct error *error);
void almanac_close(struct almanac *almanac); /* NULL is fine */

/* What applies to a series; it is the almanac's, and lasts until the next call. */
const struct factors *almanac_factors(struct almanac *almanac, const struct model_row *row);
/* When something last came that has a past which the series' model should learn from; 0: never. */
int64_t almanac_changed_ms(const struct almanac *almanac, const struct model_row *row);

#endif
