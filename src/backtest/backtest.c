/* SPDX-License-Identifier: Apache-2.0 */
/* The production code over a recorded series; see backtest.h. */
#include "backtest/backtest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backtest/pool_run.h"
#include "backtest/rivals.h"
#include "feedback/correction.h"
#include "predict/predict.h"
#include "reserve/target.h"

#define DAY_S 86400
#define REFIT_DAYS_BEFORE 3 /* of the test part: only then is refitted each day, */
#define REFIT_EVERY 4       /* before it each fourth */
#define HISTORY_DAYS 30

const double backtest_levels[BACKTEST_LEVELS] = { 0.5, 0.9, 0.95, 0.99, 0.995 };
const int64_t backtest_lengths[BACKTEST_LENGTHS] = { 600, 3600 };

struct run {
    const struct trace_series *series;
    const struct backtest_options *options;
    struct backtest_score *score;
    struct demand demand;
    int32_t *sizes; /* of one slot's batches */
    size_t next;    /* arrival */
    struct model *model;
    struct correction correction;
    struct target_state target;
    struct pool_run pool;
};

const char *policy_name(enum policy policy)
{
    static const char *const names[POLICIES] = { "larder", "static, of the training part",
                                                 "static, best in hindsight", "seasonal naive",
                                                 "perfect foresight" };

    return names[policy];
}

static int64_t slot_start_s(const struct run *run, int64_t slot)
{
    return run->options->start_s + slot * run->options->slot_s;
}

static bool in_test(const struct run *run, int64_t slot)
{
    return slot_start_s(run, slot) >= run->options->score_from_s;
}

/* The frame of a slot; NULL: it is not in the test part, or no film is made. */
static struct frame *frame_of(const struct run *run, int64_t slot)
{
    const struct film *film = run->options->film;
    int64_t index = slot - run->demand.first_tested;

    return film && index >= 0 && index < (int64_t)film->count ? &film->frames[index] : NULL;
}

/* ---- demand in slots ---- */

static int start_film(const struct run *run)
{
    int64_t first = run->demand.first_tested;
    int64_t frames = run->demand.count > first ? run->demand.count - first : 0;

    if (!run->options->film)
        return 0;
    return film_new((size_t)frames, slot_start_s(run, first), run->options->slot_s,
                    run->options->film);
}

static int count_demand(struct run *run)
{
    const struct backtest_options *options = run->options;
    int64_t slots = (options->end_s - options->start_s) / options->slot_s + 1;

    run->demand.count = slots;
    run->demand.first_tested = (options->score_from_s - options->start_s) / options->slot_s;
    run->demand.slots = calloc((size_t)slots, sizeof(float));
    run->sizes = calloc(run->series->count + 1, sizeof(int32_t));
    if (!run->demand.slots || !run->sizes)
        return -ENOMEM;
    for (size_t i = 0; i < run->series->count; i++) {
        int64_t slot = (run->series->arrivals[i].time_s - options->start_s) / options->slot_s;

        if (slot < slots)
            run->demand.slots[slot] += (float)run->series->arrivals[i].count;
    }
    return start_film(run);
}

static int feed(struct run *run, int64_t index)
{
    struct slot slot = { .start_s = slot_start_s(run, index), .batches = run->sizes };
    int64_t end_s = slot.start_s + run->options->slot_s;

    for (; run->next < run->series->count &&
           run->series->arrivals[run->next].time_s < end_s; run->next++)
        run->sizes[slot.batch_count++] = run->series->arrivals[run->next].count;
    return model_update(run->model, &slot);
}

static int refit(struct run *run, int64_t seen)
{
    int64_t day = DAY_S / run->options->slot_s;
    int64_t most = HISTORY_DAYS * day;
    int64_t used = seen < most ? seen : most;
    bool near_test = seen >= run->demand.first_tested - REFIT_DAYS_BEFORE * day;

    if (seen % (near_test ? day : REFIT_EVERY * day) != 0)
        return 0;
    return model_refit(run->model, run->demand.slots + seen - used, (size_t)used);
}

/* ---- forecasts ---- */

static double level_value(const struct distribution *forecast, double level)
{
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        if (distribution_levels[i] >= level)
            return forecast->quantiles[i];
    return forecast->quantiles[DISTRIBUTION_LEVELS - 1];
}

static void write_forecast(const struct run *run, int64_t seen, int64_t length, double demand,
                           const double quantiles[static BACKTEST_LEVELS])
{
    FILE *out = run->options->forecasts;

    if (!out)
        return;
    fprintf(out, "%s,%lld,%lld,%.9g", run->series->key, (long long)length, (long long)(seen - 1),
            demand);
    for (int i = 0; i < BACKTEST_LEVELS; i++)
        fprintf(out, ",%.6g", quantiles[i]);
    fputc('\n', out);
}

static void score_quantiles(double demand, const double quantiles[static BACKTEST_LEVELS],
                            double *losses, double *covered)
{
    for (int i = 0; i < BACKTEST_LEVELS; i++) {
        double away = demand - quantiles[i], whole = floor(quantiles[i]);

        losses[i] += 2 * fmax(backtest_levels[i] * away, (backtest_levels[i] - 1) * away);
        if (covered)
            covered[i] += demand <= whole ? 1 : demand <= whole + 1 ? quantiles[i] - whole : 0;
    }
}

static void film_forecast(struct frame *frame, double demand,
                          const double quantiles[static BACKTEST_LEVELS])
{
    static const int filmed[FILM_QUANTILES] = { 0, 1, 3 }; /* of backtest_levels */

    if (!frame)
        return;
    frame->coming = (float)demand;
    for (int i = 0; i < FILM_QUANTILES; i++)
        frame->quantiles[i] = (float)quantiles[filmed[i]];
}

static int score_length(struct run *run, int64_t seen, int which)
{
    int64_t length = backtest_lengths[which], now_s = slot_start_s(run, seen);
    int64_t window = length / run->options->slot_s;
    struct length_score *score = &run->score->lengths[which];
    double quantiles[BACKTEST_LEVELS], demand;
    struct distribution forecast;
    int status;

    if (window < 1 || seen + window > run->demand.count)
        return 0;
    status = model_forecast(run->model, now_s, now_s + length, &forecast);
    if (status < 0)
        return status;
    for (int i = 0; i < BACKTEST_LEVELS; i++)
        quantiles[i] = level_value(&forecast, backtest_levels[i]);
    demand = demand_between(&run->demand, seen, seen + window);
    score->demand += demand;
    score->forecasts++;
    score_quantiles(demand, quantiles, score->loss, score->covered);
    write_forecast(run, seen, length, demand, quantiles);
    if (which == 0)
        film_forecast(frame_of(run, seen), demand, quantiles);
    naive_quantiles(&run->demand, seen, window, DAY_S / run->options->slot_s, backtest_levels,
                    BACKTEST_LEVELS, quantiles);
    score_quantiles(demand, quantiles, score->naive, NULL);
    return 0;
}

/* ---- the pool ---- */

/* What is ordered at the end of a slot is usable when the next one and the lead time have passed,
 * and what the slot after them wants is served before that of the next slot's end comes. */
static int size_pool(struct run *run, int64_t seen)
{
    const struct backtest_options *options = run->options;
    int64_t now_s = slot_start_s(run, seen);
    int64_t interval_s = (2 + options->lead_slots) * options->slot_s;
    struct distribution forecast;
    struct target_case of = { .tier = TIER_GUARANTEED, .forecast = &forecast,
                              .level = options->level,
                              .interval_ms = interval_s * 1000, .ceiling = INT64_MAX / 2,
                              .idle_age_ms = options->idle_age_s * 1000, .before = run->target };
    struct target_answer answer;
    int status = model_forecast(run->model, now_s, now_s + interval_s, &forecast);

    if (status < 0)
        return status;
    correction_apply(&run->correction, &forecast);
    target_set(&of, now_s * 1000, &answer);
    run->target = answer.after;
    return 0;
}

static void film_pool(struct frame *frame, const struct run *run, const struct pool_score *seen)
{
    if (!frame)
        return;
    frame->ready = (float)run->pool.ready;
    frame->target = (float)run->target.target;
    frame->missed = (float)(seen->demand - seen->served);
}

static void play_slot(struct run *run, int64_t slot)
{
    struct pool_score seen = { 0 };
    double hours = (double)run->options->slot_s / 3600;

    pool_run_slot(&run->pool, (double)run->demand.slots[slot], (double)run->target.target, hours,
                  &seen);
    correction_learn(&run->correction, seen.demand, seen.served);
    if (in_test(run, slot))
        pool_score_add(&run->score->pools[POLICY_LARDER], &seen);
    film_pool(frame_of(run, slot), run, &seen);
}

static int run_slots(struct run *run)
{
    int status = 0;

    for (int64_t slot = 0; slot < run->demand.count && status >= 0; slot++) {
        status = feed(run, slot);
        if (status >= 0)
            status = refit(run, slot + 1);
        if (status >= 0)
            status = size_pool(run, slot + 1);
        if (status >= 0)
            play_slot(run, slot);
        for (int i = 0; i < BACKTEST_LENGTHS && status >= 0 && in_test(run, slot + 1); i++)
            status = score_length(run, slot + 1, i);
        if (run->options->progress && slot % 64 == 0)
            run->options->progress(run->options->context,
                                   (double)slot / (double)run->demand.count);
    }
    return status;
}

int backtest_run(const struct trace_series *series, const struct backtest_options *options,
                 struct backtest_score *ret_score, struct error *error)
{
    const struct predict_options predict = { .slot_s = options->slot_s };
    struct run run = { .series = series, .options = options, .score = ret_score };
    int status = model_new(&predict, options->start_s, &run.model, error);

    memset(ret_score, 0, sizeof(*ret_score));
    if (status < 0)
        return status;
    correction_start(&run.correction, options->level);
    pool_run_start(&run.pool, options->lead_slots, 0);
    status = count_demand(&run);
    if (status == 0)
        status = run_slots(&run);
    if (status == 0)
        status = rivals_run(&run.demand, options, ret_score->pools);
    model_free(run.model);
    free(run.demand.slots);
    free(run.sizes);
    return status < 0 ? error_set(error, status, "the backtest of %s failed", series->key) : 0;
}

void backtest_add(struct backtest_score *sum, const struct backtest_score *score)
{
    for (int i = 0; i < POLICIES; i++)
        pool_score_add(&sum->pools[i], &score->pools[i]);
    for (int i = 0; i < BACKTEST_LENGTHS; i++) {
        sum->lengths[i].demand += score->lengths[i].demand;
        sum->lengths[i].forecasts += score->lengths[i].forecasts;
        for (int j = 0; j < BACKTEST_LEVELS; j++) {
            sum->lengths[i].loss[j] += score->lengths[i].loss[j];
            sum->lengths[i].naive[j] += score->lengths[i].naive[j];
            sum->lengths[i].covered[j] += score->lengths[i].covered[j];
        }
    }
}
