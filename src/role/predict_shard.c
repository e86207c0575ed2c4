/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over one shard; see predict_shard.h.  Series go in chunks: read, taken in, forecast, and
 * written in one transaction that holds the shard's lease.  Models that are up to date come first;
 * those that must be built of their history, which takes long, come when these are done.
 */
#include "role/predict_shard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "role/predict_feed.h"
#include "store/forecast.h"

LOG_MODULE("predictor");

#define CHUNK 128
#define CHUNK_LATE 8                 /* histories; the lease is kept up at each chunk */
#define BATCHES_MOST (256 * 1024)    /* batches that are read for all series at once */
#define BATCHES_MS INT64_C(21600000) /* who is more behind reads his own history */
#define LENGTHS_MOST 3
#define DAY_MS INT64_C(86400000)

DEFINE_CLEANUP(model, struct model *, model_free);
#define auto_model __attribute__((cleanup(model_cleanup))) struct model

struct work {
    const struct pass *pass;
    struct store *store;
    struct shard_batches batches;
    bool late;      /* which round this is */
    bool left_late; /* the first round has passed over some */
    size_t row_count, forecast_count; /* to be written */
    struct model_row rows[CHUNK];
    struct forecast forecasts[CHUNK * LENGTHS_MOST];
};

/* ---- one series ---- */

static size_t lengths_of(const struct pass *pass, const struct model_row *row,
                         int64_t ret_lengths[static LENGTHS_MOST])
{
    int64_t protection_s = predictor_protection_s(pass->predictor, row->lead_time_ms);
    size_t count = 0;

    ret_lengths[count++] = FORECAST_SHORT_S;
    ret_lengths[count++] = FORECAST_LONG_S;
    if (row->lead_time_ms >= 0 && protection_s != FORECAST_SHORT_S
        && protection_s != FORECAST_LONG_S)
        ret_lengths[count++] = protection_s;
    return count;
}

static int say_forecasts(struct work *work, const struct model_row *row, const struct model *model)
{
    const struct pass *pass = work->pass;
    int64_t lengths[LENGTHS_MOST], from_s = pass->from_ms / 1000;
    size_t count = lengths_of(pass, row, lengths);
    int status = 0;

    for (size_t i = 0; i < count && status >= 0; i++) {
        struct forecast *forecast = &work->forecasts[work->forecast_count];

        *forecast = (struct forecast){ .subject = FORECAST_SERIES, .length_s = lengths[i],
                                       .from_ms = pass->from_ms, .made_ms = pass->now_ms,
                                       .model_version = row->version };
        snprintf(forecast->subject_id, sizeof(forecast->subject_id), "%" PRId64, row->series_id);
        status = model_forecast(model, from_s, from_s + lengths[i], &forecast->distribution);
        work->forecast_count += status >= 0;
    }
    return status;
}

static int advance(struct work *work, struct model_row *row, struct error *error)
{
    size_t said = work->forecast_count;
    auto_model *model = NULL;
    int status = feed_open(work->pass, row, &model, error);

    if (status >= 0)
        status = feed_model(work->pass, work->store, &work->batches, row, model, error);
    if (status < 0)
        return status;
    row->version = model_version();
    row->seen_until_ms = model_seen_until_s(model) * 1000;
    status = model_save(model, row->state, sizeof(row->state), &row->state_length);
    if (status >= 0)
        status = say_forecasts(work, row, model);
    if (status >= 0)
        return 0;
    work->forecast_count = said;
    return error_set(error, -EPROTO, "the model of series %" PRId64 " says nothing: %d",
                     row->series_id, status);
}

/* Whether its history has to be read by itself. */
static bool is_late(const struct work *work, const struct model_row *row)
{
    int64_t from_ms = row->seen_until_ms;

    if (feed_is_void(work->pass, row))
        from_ms = row->began_ms;
    return from_ms < work->batches.from_ms;
}

static bool is_due(struct work *work, const struct model_row *row)
{
    int64_t slot_ms = work->pass->predictor->options->slot_s * 1000;
    bool late = is_late(work, row);

    if (row->began_ms - row->began_ms % slot_ms >= work->pass->until_ms)
        return false; /* its first slot is not over */
    work->left_late |= late;
    return late == work->late;
}

/* A model that fails is left out, and tried again at the next slot. */
static int take_row(struct work *work, size_t index, struct error *error)
{
    struct model_row *row = &work->rows[index];
    struct error reason = { 0 };
    int status;

    if (!is_due(work, row))
        return 0;
    status = advance(work, row, &reason);
    if (status == -EPROTO) {
        log_error("no forecast: %s", reason.message);
        return 0;
    }
    if (status < 0)
        return error_set(error, status, "%s", reason.message);
    if (work->row_count != index)
        work->rows[work->row_count] = *row;
    work->row_count++;
    return 0;
}

/* ---- chunks ---- */

/* The pass takes its time; a lease is kept from now on. */
static int64_t lease_now_ms(const struct pass *pass)
{
    return pass->now_ms + clock_monotonic_ms() - pass->begun_ms;
}

/* Under the lease, whose row this transaction keeps locked: nobody else writes the shard's. */
static int write_chunk(struct store *store, void *context, struct error *error)
{
    const struct work *work = context;
    const struct pass *pass = work->pass;
    int status = lease_take(store, pass->lease, pass->owner,
                            pass->predictor->options->lease_s * 1000, lease_now_ms(pass), error);

    if (status == 0)
        return error_set(error, -ESTALE, "shard %" PRId64 " is another predictor's by now",
                         pass->shard.index);
    if (status > 0)
        status = models_write(store, work->rows, work->row_count, error);
    if (status >= 0)
        status = forecasts_write(store, work->forecasts, work->forecast_count, error);
    return status;
}

static int take_chunk(struct work *work, size_t count, struct error *error)
{
    int status = 0;

    work->row_count = work->forecast_count = 0;
    for (size_t i = 0; i < count && status >= 0; i++)
        status = take_row(work, i, error);
    if (status < 0 || work->row_count == 0)
        return status;
    return store_transaction(work->store, write_chunk, work, error);
}

static int take_round(struct work *work, struct error *error)
{
    const struct pass *pass = work->pass;
    int64_t alive_ms = pass->now_ms - pass->predictor->options->history_days * DAY_MS, after = 0;
    size_t most = work->late ? CHUNK_LATE : CHUNK, count = most;
    int status = 0;

    while (status >= 0 && count == most) {
        if (pass->loop && loop_is_stopping(pass->loop))
            return error_set(error, -ECANCELED, "the predictor is to stop");
        status = models_read(work->store, &pass->shard, alive_ms, after, most, work->rows, &count,
                             error);
        if (status >= 0 && count)
            after = work->rows[count - 1].series_id;
        if (status >= 0)
            status = take_chunk(work, count, error);
    }
    return status;
}

static int read_batches(struct work *work, struct error *error)
{
    const struct pass *pass = work->pass;
    struct shard_batches *batches = &work->batches;
    int64_t slot_ms = pass->predictor->options->slot_s * 1000;
    int status = models_seen_until(work->store, &pass->shard, pass->until_ms - BATCHES_MS,
                                   pass->until_ms - slot_ms, &batches->from_ms, error);

    if (status >= 0)
        status = batches_of_shard(work->store, &pass->shard, batches->from_ms, pass->until_ms,
                                  BATCHES_MOST, batches->rows, &batches->count, error);
    if (batches->count == BATCHES_MOST)
        batches->from_ms = INT64_MAX;
    return status;
}

int pass_run(const struct pass *pass, struct store *store, struct error *error)
{
    autofree struct work *work = calloc(1, sizeof(*work));
    autofree struct batch *rows = calloc(BATCHES_MOST, sizeof(*rows));
    int status;

    if (!work || !rows)
        return error_set(error, -ENOMEM, "no memory for the series of a shard");
    work->pass = pass;
    work->store = store;
    work->batches.rows = rows;
    status = read_batches(work, error);
    if (status >= 0)
        status = take_round(work, error);
    work->late = true;
    if (status >= 0 && work->left_late)
        status = take_round(work, error);
    return status;
}
