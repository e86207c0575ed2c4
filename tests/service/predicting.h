/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of slots and of the predictor share: sightings, and predictors in our own time. */
#ifndef LARDER_TESTS_PREDICTING_H
#define LARDER_TESTS_PREDICTING_H

#include "role/predictor.h"
#include "store/forecast.h"
#include "store/model.h"
#include "store/sighting.h"
#include "tests/service/service.h"

#define SLOT INT64_C(300000)
#define GRACE INT64_C(30000)
#define DAY INT64_C(86400000)
#define START (INT64_C(1700000000000) / DAY * DAY)

extern struct predictor_options options;
extern struct predictor predictor;
void begin(void); /* sets both */

/* So many resources of one request at once; request 0: without an id. */
void see_request(const struct series *series, int64_t at_ms, int count, int64_t request);
void see(const struct series *series, int64_t at_ms, int count); /* of a new request */
/* Requests for two servers each that come at random, one a slot in the mean. */
void see_steadily(const struct series *series, int64_t from_ms, int64_t slots);
struct series capacity(const char *flavor, const char *project, int64_t at_ms);

void turn_at(struct predictor_hand *hand, int64_t now_ms);
/* A predictor that lives through these slots' ends, and leaves without a word. */
void live(int64_t from_ms, int64_t slots);

size_t forecasts(enum forecast_subject subject, const char *id, struct forecast *ret_rows);
struct forecast forecast_of(enum forecast_subject subject, const char *id, int64_t length_s);
struct forecast series_forecast(const struct series *series, int64_t length_s);

struct model_row *state_of(const struct series *series); /* to be freed */
void check_same_state(const struct model_row *a, const struct model_row *b);

#endif
