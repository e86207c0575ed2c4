/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest slot by slot; see film.h. */
#include "backtest/film.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_FLOATS (sizeof(struct frame) / sizeof(float))
#define DAY_S 86400
#define HOUR_S 3600

int film_new(size_t count, int64_t first_s, int64_t step_s, struct film *ret_film)
{
    struct frame *frames = malloc((count ? count : 1) * sizeof(*frames));

    if (!frames)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct frame){ NAN, { NAN, NAN, NAN }, NAN, NAN, NAN };
    *ret_film = (struct film){ frames, count, first_s, step_s };
    return 0;
}

void film_clear(struct film *film)
{
    free(film->frames);
    *film = (struct film){ 0 };
}

static void add(float *sum, float value)
{
    *sum = isnan(*sum) ? value : isnan(value) ? *sum : *sum + value;
}

void film_add_pool(struct film *sum, const struct film *film)
{
    for (size_t i = 0; i < sum->count && i < film->count; i++) {
        add(&sum->frames[i].ready, film->frames[i].ready);
        add(&sum->frames[i].target, film->frames[i].target);
        add(&sum->frames[i].missed, film->frames[i].missed);
    }
}

/* The mean of 'count' frames, number by number, over what is known. */
static struct frame mean_of(const struct frame *frames, size_t count)
{
    float sums[FRAME_FLOATS], values[FRAME_FLOATS];
    struct frame mean;
    int known[FRAME_FLOATS] = { 0 };

    for (size_t j = 0; j < FRAME_FLOATS; j++)
        sums[j] = NAN;
    for (size_t i = 0; i < count; i++) {
        memcpy(values, &frames[i], sizeof(values));
        for (size_t j = 0; j < FRAME_FLOATS; j++) {
            add(&sums[j], values[j]);
            known[j] += !isnan(values[j]);
        }
    }
    memcpy(&mean, sums, sizeof(mean));
    float missed = mean.missed;

    for (size_t j = 0; j < FRAME_FLOATS; j++)
        sums[j] /= (float)(known[j] ? known[j] : 1);
    memcpy(&mean, sums, sizeof(mean));
    mean.missed = missed;
    return mean;
}

int film_shrink(const struct film *film, size_t most, struct film *ret_film)
{
    size_t each = (film->count + most - 1) / most;
    size_t count;
    int status;

    each = each ? each : 1;
    count = (film->count + each - 1) / each;
    status = film_new(count, film->first_s, film->step_s * (int64_t)each, ret_film);
    for (size_t i = 0; i < count && status == 0; i++) {
        size_t left = film->count - i * each;

        ret_film->frames[i] = mean_of(film->frames + i * each, left < each ? left : each);
    }
    return status;
}

/* How much a stretch tells: its misses weigh more than any demand. */
static double weigh(const struct frame *frames, size_t count)
{
    double missed = 0, coming = 0;

    for (size_t i = 0; i < count; i++) {
        missed += isnan(frames[i].missed) ? 0 : (double)frames[i].missed;
        coming += isnan(frames[i].coming) ? 0 : (double)frames[i].coming;
    }
    return missed > 0 ? 1e12 + missed : coming;
}

struct film film_worst_day(const struct film *film)
{
    size_t day = (size_t)(DAY_S / film->step_s), best = 0;
    size_t hour = film->step_s < HOUR_S ? (size_t)(HOUR_S / film->step_s) : 1;
    double most = -1;

    day = day < film->count ? day : film->count;
    for (size_t from = 0; from + day <= film->count; from += hour) {
        double weight = weigh(film->frames + from, day);

        if (weight > most) {
            most = weight;
            best = from;
        }
    }
    return (struct film){ film->frames + best, day, film->first_s + (int64_t)best * film->step_s,
                          film->step_s };
}
