/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast forecasts are: 10 000 series, one slot update and one forecast each, on one core; and
 * how long a full refit of 30 days of five-minute slots takes.  Prints JSON.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "predict/predict.h"

#define SERIES 10000
#define WARM_SLOTS 60
#define MEASURED_SLOTS 12
#define REFITS 9
#define MONTH (30 * 288)
#define SLOT_S 300

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Rates differ over four decades, as those of keys do. */
static size_t requests(int series, int slot, int32_t *batches)
{
    double rate = 0.01 * pow(10, series % 4) * (1 + 0.5 * sin(slot * 2 * M_PI / 288));
    double left = exp(-rate), product = drand48();
    size_t count = 0;

    for (; product > left && count < 64; count++) {
        batches[count] = drand48() < 0.8 ? 1 : 1 + (int32_t)(drand48() * 20);
        product *= drand48();
    }
    return count;
}

static void step(struct model *model, int series, int slot)
{
    int32_t batches[64];
    struct slot one = { .start_s = (int64_t)slot * SLOT_S, .batches = batches };

    one.batch_count = requests(series, slot, batches);
    if (model_update(model, &one) < 0)
        abort();
}

static double forecasts_per_s(struct model **models)
{
    double began = 0, sum = 0;

    for (int slot = 0; slot < WARM_SLOTS + MEASURED_SLOTS; slot++) {
        if (slot == WARM_SLOTS)
            began = now_s();
        for (int i = 0; i < SERIES; i++) {
            struct distribution forecast;
            int64_t now = (int64_t)(slot + 1) * SLOT_S;

            step(models[i], i, slot);
            if (slot >= WARM_SLOTS && model_forecast(models[i], now, now + 600, &forecast) == 0)
                sum += forecast.mean;
        }
    }
    return sum > 0 ? SERIES * MEASURED_SLOTS / (now_s() - began) : 0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double refit_ms(struct model *model, int slots)
{
    static float demand[MONTH];
    double times[REFITS];

    for (int i = 0; i < slots; i++)
        demand[i] = (float)floor(50 * (1.2 + sin(i * 2 * M_PI / 288)) * drand48() * drand48() * 2);
    for (int i = 0; i < REFITS; i++) {
        double began = now_s();

        if (model_refit(model, demand, (size_t)slots) < 0)
            abort();
        times[i] = 1000 * (now_s() - began);
    }
    qsort(times, REFITS, sizeof(times[0]), compare);
    return times[REFITS / 2];
}

int main(void)
{
    const struct predict_options options = { .slot_s = SLOT_S };
    static struct model *models[SERIES];
    static char state[MODEL_STATE_MOST];
    size_t length = 0;

    srand48(1);
    for (int i = 0; i < SERIES; i++)
        if (model_new(&options, 0, &models[i], NULL) < 0)
            abort();
    double fit = refit_ms(models[0], MONTH);

    /* All experts at work in all of them: the regressions, too. */
    if (model_save(models[0], state, sizeof(state), &length) < 0)
        abort();
    for (int i = 1; i < SERIES; i++) {
        model_free(models[i]);
        if (model_load(&options, state, length, &models[i], NULL) < 0)
            abort();
    }
    printf("{\"forecasts_per_s\": %.0f, \"refit_ms\": %.2f, \"bytes_per_series\": %zu}\n",
           forecasts_per_s(models), fit, length);
    for (int i = 0; i < SERIES; i++)
        model_free(models[i]);
    return 0;
}
