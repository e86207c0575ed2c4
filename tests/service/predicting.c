/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of slots and of the predictor share; see predicting.h. */
#include "tests/service/predicting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct predictor_options options;
struct predictor predictor;

void begin(void)
{
    options = (struct predictor_options){ .slot_s = 300, .grace_s = 30, .patience_s = 900,
                                          .shards = 4, .lease_s = 30, .refit_s = 30 * 86400,
                                          .history_days = 60 };
    predictor = (struct predictor){ .options = &options, .review_s = 5,
                                    .database = service_database };
}

/* ---- what is seen ---- */

static int64_t next_request = 1;

void see_request(const struct series *series, int64_t at_ms, int count, int64_t request)
{
    struct sighting rows[64] = { 0 };

    ck_assert_int_le(count, 64);
    for (int i = 0; i < count; i++) {
        rows[i] = (struct sighting){ .kind = series->kind, .series_id = series->id,
                                     .at_ms = at_ms, .source = SIGHTING_BUS };
        text_make_uuid(rows[i].resource_id);
        if (request)
            snprintf(rows[i].request_id, REQUEST_ID_SIZE, "req-00000000-0000-4000-8000-%012" PRId64,
                     request);
    }
    must(sightings_add(service_store, rows, (size_t)count, &error));
}

void see(const struct series *series, int64_t at_ms, int count)
{
    see_request(series, at_ms, count, next_request++);
}

struct series capacity(const char *flavor, const char *project, int64_t at_ms)
{
    struct series series;

    series_of_capacity(flavor, "nova", project, at_ms, &series);
    must(series_note(service_store, &series, 1, &error));
    return series;
}

void see_steadily(const struct series *series, int64_t from_ms, int64_t slots)
{
    unsigned seed = 7;
    struct series again = *series;

    for (int64_t at_ms = from_ms; at_ms < from_ms + slots * SLOT; at_ms += SLOT / 100)
        if (rand_r(&seed) / 100 % 100 == 0)
            see(series, at_ms, 2);
    again.last_ms = from_ms + slots * SLOT;
    must(series_note(service_store, &again, 1, &error));
}

/* ---- what is made of it ---- */

void turn_at(struct predictor_hand *hand, int64_t now_ms)
{
    must(predictor_turn(hand, service_store, now_ms, NULL, &error));
}

void live(int64_t from_ms, int64_t slots)
{
    struct predictor_hand hand;

    predictor_hand_init(&hand, &predictor);
    for (int64_t i = 1; i <= slots; i++)
        turn_at(&hand, from_ms + i * SLOT + GRACE);
}

size_t forecasts(enum forecast_subject subject, const char *id, struct forecast *ret_rows)
{
    size_t count = 0;

    must(forecasts_of(service_store, subject, id, 8, ret_rows, &count, &error));
    return count;
}

struct forecast forecast_of(enum forecast_subject subject, const char *id, int64_t length_s)
{
    struct forecast rows[8];
    size_t count = forecasts(subject, id, rows);

    for (size_t i = 0; i < count; i++)
        if (rows[i].length_s == length_s)
            return rows[i];
    ck_abort_msg("there is no forecast of %s for %" PRId64 " s", id, length_s);
    return rows[0];
}

struct forecast series_forecast(const struct series *series, int64_t length_s)
{
    char id[32];

    snprintf(id, sizeof(id), "%" PRId64, series->id);
    return forecast_of(FORECAST_SERIES, id, length_s);
}

struct model_row *state_of(const struct series *series)
{
    struct shard all = { .count = 1, .index = 0 };
    struct model_row *row = calloc(1, sizeof(*row));
    size_t count = 0;

    must(models_read(service_store, &all, 0, series->id - 1, 1, row, &count, &error));
    ck_assert_int_eq(row->series_id, series->id);
    return row;
}

void check_same_state(const struct model_row *a, const struct model_row *b)
{
    ck_assert_uint_gt(a->state_length, 0);
    ck_assert_int_eq(a->version, b->version);
    ck_assert_int_eq(a->seen_until_ms, b->seen_until_ms);
    ck_assert_uint_eq(a->state_length, b->state_length);
    ck_assert_mem_eq(a->state, b->state, a->state_length);
}
