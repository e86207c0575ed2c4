/* SPDX-License-Identifier: Apache-2.0 */
/* What the regressions look at; see features.h. */
#include "predict/features.h"

#include <math.h>

/* 0.5 ^ (1 / half-life) for half-lives of 2, 6, 12, 36, 144, 576, 2016 cells. */
static const float keeps[LEVELS] = { 0.7071068F, 0.8908987F, 0.9438743F, 0.9809302F,
                                     0.9951980F, 0.9987974F, 0.9996562F };

void levels_add(struct levels *levels, float demand)
{
    for (int i = 0; i < LEVELS; i++) {
        levels->sum[i] = levels->sum[i] * keeps[i] + demand;
        levels->weight[i] = levels->weight[i] * keeps[i] + 1;
    }
}

float levels_mean(const struct levels *levels, int which)
{
    return levels->weight[which] > 0 ? levels->sum[which] / levels->weight[which] : 0;
}

/* Log of the demand of the cells [start, start + length). */
static float log_window(const struct view *view, int start, int length)
{
    float sum = 0;

    for (int i = start < 0 ? 0 : start; i < start + length; i++)
        sum += view->cells[i];
    return log1pf(sum);
}

struct place {
    const struct view *view;
    const struct clockwork *clock;
    int start; /* first cell of the window that is asked for */
    int window;
    int64_t cell; /* its number since 1970 */
    int64_t ahead; /* cells that local time is ahead of UTC there */
};

static int64_t cells_ahead(const struct clockwork *clock, int64_t cell)
{
    const struct factors *factors = clock->factors;

    if (!factors || !factors->zone)
        return 0;
    return zone_offset(factors->zone, cell * clock->cell_s) / clock->cell_s;
}

/* How far back the same local time of an earlier day is: clocks may have changed since. */
static int days_back(const struct place *place, int days)
{
    int back = days * place->clock->cells_per_day;

    return back + (int)(cells_ahead(place->clock, place->cell - back) - place->ahead);
}

static float analogue(const struct place *place, int back)
{
    int start = place->start - back;

    if (back > FEATURE_REACH || start < 0)
        return 0;
    return place->view->logs ? place->view->logs[start]
                             : log_window(place->view, start, place->window);
}

/* Windows of an hour and more overlap what is not seen yet at the first hours back. */
static int first_hour(const struct place *place)
{
    return (place->window + place->clock->cells_per_hour - 1) / place->clock->cells_per_hour;
}

static float *put_hours(const struct place *place, float *out)
{
    int first = first_hour(place);
    float sum = 0, six = 0;

    for (int i = 0; i < FEATURE_HOURS; i++) {
        float value = analogue(place, (first + i) * place->clock->cells_per_hour);

        if (i < 3)
            *out++ = value;
        sum += value;
        if (i == 5)
            six = sum;
    }
    *out++ = six / 6;
    *out++ = sum / FEATURE_HOURS;
    return out;
}

static float *put_days(const struct place *place, float *out)
{
    float values[FEATURE_DAYS], sum = 0, squares = 0, most = 0, wide = 0;
    int half = place->clock->cells_per_hour / 2;

    for (int i = 0; i < FEATURE_DAYS; i++) {
        int back = days_back(place, i + 1);

        values[i] = analogue(place, back);
        sum += values[i];
        squares += values[i] * values[i];
        most = fmaxf(most, values[i]);
        wide += analogue(place, back + half);
        wide += analogue(place, back - half);
    }
    *out++ = values[0];
    *out++ = values[1];
    *out++ = values[FEATURE_DAYS - 1];
    *out++ = sum / FEATURE_DAYS;
    *out++ = most;
    *out++ = sqrtf(fmaxf(squares / FEATURE_DAYS - sum * sum / FEATURE_DAYS / FEATURE_DAYS, 0));
    *out++ = (sum + wide) / (3 * FEATURE_DAYS);
    return out;
}

static float *put_waves(float *out, int64_t cell, int period, int count)
{
    float angle = (float)(2 * M_PI) * (float)(cell % period) / (float)period;

    for (int i = 1; i <= count; i++) {
        *out++ = sinf(angle * (float)i);
        *out++ = cosf(angle * (float)i);
    }
    return out;
}

static void put_inputs(const struct place *place, float *out)
{
    const struct factors *factors = place->clock->factors;

    for (int input = 0; input < INPUTS_MOST; input++)
        for (int lag = 0; lag < INPUT_LAGS; lag++) {
            float value = factors ? input_at(factors->inputs, input,
                                             place->cell * place->clock->cell_s, lag) : NAN;

            *out++ = isfinite(value) ? copysignf(log1pf(fabsf(value)), value) : NAN;
        }
}

void features_make(const struct view *view, const struct clockwork *clock,
                   const struct levels *levels, int now, int window,
                   float ret_features[static FEATURES])
{
    int64_t cell = view->first + now + 1;
    struct place place = { view, clock, now + 1, window, cell, cells_ahead(clock, cell) };
    int64_t local = cell + place.ahead;
    float *out = ret_features;

    for (int i = 0; i < LEVELS; i++)
        *out++ = log1pf(levels_mean(levels, i) * (float)window);
    for (int i = 0; i < 3; i++)
        *out++ = now - i >= 0 ? log1pf(view->cells[now - i]) : 0;
    out = put_hours(&place, out);
    out = put_days(&place, out);
    *out++ = log_window(view, now + 1 - window, window);
    out = put_waves(out, local, clock->cells_per_day, 3);
    out = put_waves(out, local, clock->cells_per_hour, 2);
    out = put_waves(out, local, 7 * clock->cells_per_day, 2);
    put_inputs(&place, out);
}
