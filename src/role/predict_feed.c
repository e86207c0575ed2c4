/* SPDX-License-Identifier: Apache-2.0 */
/* A model and what it has not seen yet; see predict_feed.h. */
#include "role/predict_feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "role/almanac.h"

LOG_MODULE("predictor");

#define DAY_MS INT64_C(86400000)
#define STEP_MS (7 * DAY_MS)     /* of a history that is read at once, at most */
#define STEP_BATCHES (64 * 1024) /* and so many batches of it */

static int64_t slot_ms(const struct pass *pass)
{
    return pass->predictor->options->slot_s * 1000;
}

static int64_t slot_start(const struct pass *pass, int64_t at_ms)
{
    return at_ms - at_ms % slot_ms(pass);
}

/* Where the history of a series begins that we keep. */
static int64_t history_start(const struct pass *pass, const struct model_row *row)
{
    int64_t kept_ms = pass->now_ms - pass->predictor->options->history_days * DAY_MS;

    return slot_start(pass, row->began_ms > kept_ms ? row->began_ms : kept_ms);
}

/* Refits are spread: a quarter of the interval lies between the first and the last of those that
 * began together. */
static bool refit_is_due(const struct pass *pass, const struct model_row *row)
{
    int64_t refit_ms = pass->predictor->options->refit_s * 1000;
    int64_t early_ms = refit_ms / 4 / 1000 * (row->series_id * 619 % 1000);

    return pass->now_ms - row->built_ms >= refit_ms - early_ms;
}

bool feed_is_void(const struct pass *pass, const struct model_row *row)
{
    if (row->version != model_version() || row->state_length == 0)
        return true;
    if (row->seen_until_ms > pass->now_ms)
        return true; /* a clock was ahead */
    if (history_start(pass, row) < row->from_ms || pass->watching->filled_ms > row->built_ms)
        return true; /* more of the history is known now */
    if (almanac_changed_ms(pass->almanac, row) > row->built_ms)
        return true; /* an event came whose past is to be learned from */
    return refit_is_due(pass, row);
}

static int open_empty(const struct pass *pass, struct model_row *row, struct model **ret_model,
                      struct error *error)
{
    const struct predict_options options = { .slot_s = pass->predictor->options->slot_s };

    row->from_ms = row->seen_until_ms = history_start(pass, row);
    row->built_ms = pass->now_ms;
    return model_new(&options, row->from_ms / 1000, ret_model, error);
}

static int open_model(const struct pass *pass, struct model_row *row, struct model **ret_model,
                      struct error *error)
{
    const struct predict_options options = { .slot_s = pass->predictor->options->slot_s };
    struct error reason = { 0 };

    if (feed_is_void(pass, row))
        return open_empty(pass, row, ret_model, error);
    if (model_load(&options, row->state, row->state_length, ret_model, &reason) == 0)
        return 0;
    log_warning("the model of series %" PRId64 " is built anew of its history: %s",
                row->series_id, reason.message);
    return open_empty(pass, row, ret_model, error);
}

int feed_open(const struct pass *pass, struct model_row *row, struct model **ret_model,
              struct error *error)
{
    int status = open_model(pass, row, ret_model, error);

    if (status >= 0)
        model_set_factors(*ret_model, almanac_factors(pass->almanac, row));
    return status;
}

/* ---- batches to slots ---- */

struct slice {
    const struct batch *batches;
    size_t count;
};

/* Then it is one as a whole, whatever was seen in it. */
static bool is_gap(const struct pass *pass, const struct model_row *row, const struct slot *slot)
{
    return watching_misses(pass->watching, row->kind, slot->start_s * 1000,
                           slot->start_s * 1000 + slot_ms(pass));
}

static int feed_slot(const struct pass *pass, const struct model_row *row, struct model *model,
                     struct slot *slot, struct error *error)
{
    int status;

    slot->gap = is_gap(pass, row, slot);
    if (slot->gap)
        slot->batch_count = 0;
    status = model_update(model, slot);
    if (status < 0 && status != -EALREADY)
        return error_set(error, -EPROTO, "a slot of series %" PRId64 " is not taken in: %d",
                         row->series_id, status);
    return 0;
}

static int feed_slots(const struct pass *pass, const struct model_row *row, struct model *model,
                      const struct slice *slice, int64_t until_ms, struct error *error)
{
    autofree int32_t *sizes = calloc(slice->count + 1, sizeof(*sizes));
    int64_t length_ms = slot_ms(pass), start_ms = model_seen_until_s(model) * 1000;
    size_t at = 0;
    int status = 0;

    if (!sizes)
        return error_set(error, -ENOMEM, "no memory for %zu batches", slice->count);
    for (; start_ms < until_ms && status >= 0; start_ms += length_ms) {
        struct slot slot = { .start_s = start_ms / 1000, .batches = sizes };

        for (; at < slice->count && slice->batches[at].at_ms < start_ms + length_ms; at++)
            if (slice->batches[at].at_ms >= start_ms)
                sizes[slot.batch_count++] = (int32_t)(slice->batches[at].size & INT32_MAX);
        status = feed_slot(pass, row, model, &slot, error);
    }
    return status;
}

/* ---- where the batches come from ---- */

/* The first batch of the series, or of one behind it. */
static size_t find_series(const struct shard_batches *batches, int64_t series_id)
{
    size_t low = 0, high = batches->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (batches->rows[middle].series_id < series_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct slice slice_of(const struct shard_batches *batches, int64_t series_id)
{
    size_t first = find_series(batches, series_id);

    return (struct slice){ .batches = batches->rows + first,
                           .count = find_series(batches, series_id + 1) - first };
}

/* One step of a history, as far as it could be read whole. */
static int feed_step(const struct pass *pass, struct store *store, const struct model_row *row,
                     struct model *model, struct batch *batches, struct error *error)
{
    int64_t from_ms = model_seen_until_s(model) * 1000, until_ms = pass->until_ms, last_ms;
    struct slice slice = { .batches = batches };
    int status;

    if (until_ms - from_ms > STEP_MS)
        until_ms = from_ms + STEP_MS;
    status = batches_of_series(store, row->series_id, from_ms, until_ms, STEP_BATCHES, batches,
                               &slice.count, error);
    if (status < 0)
        return status;
    if (slice.count == STEP_BATCHES) {
        last_ms = slot_start(pass, batches[slice.count - 1].at_ms);
        until_ms = last_ms > from_ms ? last_ms : from_ms + slot_ms(pass);
    }
    return feed_slots(pass, row, model, &slice, until_ms, error);
}

static int feed_history(const struct pass *pass, struct store *store, const struct model_row *row,
                        struct model *model, struct error *error)
{
    autofree struct batch *batches = calloc(STEP_BATCHES, sizeof(*batches));
    int status = 0;

    if (!batches)
        return error_set(error, -ENOMEM, "no memory for a history");
    while (status >= 0 && model_seen_until_s(model) * 1000 < pass->until_ms)
        status = feed_step(pass, store, row, model, batches, error);
    if (status >= 0 && model_refit(model, NULL, 0) < 0)
        return error_set(error, -ENOMEM, "no memory to fit the model of a series");
    return status;
}

int feed_model(const struct pass *pass, struct store *store, const struct shard_batches *batches,
               const struct model_row *row, struct model *model, struct error *error)
{
    struct slice slice;

    if (model_seen_until_s(model) * 1000 < batches->from_ms)
        return feed_history(pass, store, row, model, error);
    slice = slice_of(batches, row->series_id);
    return feed_slots(pass, row, model, &slice, pass->until_ms, error);
}
