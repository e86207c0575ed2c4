/* SPDX-License-Identifier: Apache-2.0 */
/* Charts as SVG; see chart.h. */
#include "backtest/chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define WIDTH 960
#define HEIGHT 200
#define LEFT 52
#define RIGHT 8
#define TOP 8
#define BOTTOM 22
#define DAY_S 86400
#define TIMES_MOST 12 /* labels below a chart */

/* Of struct frame, by its offset. */
#define FIELD(name) offsetof(struct frame, name)
#define QUANTILE(i) (FIELD(quantiles) + (i) * sizeof(float))

struct chart {
    FILE *out;
    const struct film *film;
    double most; /* the value at the top */
};

static double value_at(const struct chart *chart, size_t field, size_t i)
{
    float value;

    memcpy(&value, (const char *)&chart->film->frames[i] + field, sizeof(value));
    return (double)value;
}

static double x_of(const struct chart *chart, double i)
{
    return LEFT + i * (WIDTH - LEFT - RIGHT) / (double)chart->film->count;
}

static double y_of(const struct chart *chart, double value)
{
    return TOP + (1 - value / chart->most) * (HEIGHT - TOP - BOTTOM);
}

static double largest(const struct chart *chart, const size_t *fields, size_t count)
{
    double most = 0;

    for (size_t j = 0; j < count; j++)
        for (size_t i = 0; i < chart->film->count; i++)
            most = fmax(most, value_at(chart, fields[j], i));
    return most;
}

/* ---- axes ---- */

/* 1, 2 or 5 times a power of ten: about four of them up to 'most'. */
static double even_step(double most)
{
    double power = pow(10, floor(log10(most / 4))), times = most / 4 / power;

    return fmax((times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10) * power, 1);
}

static void draw_values(struct chart *chart, double most)
{
    double step = even_step(fmax(most, 1));

    chart->most = step * ceil(fmax(most, 1) / step);
    for (double value = 0; value <= chart->most + step / 2; value += step) {
        double y = y_of(chart, value);

        fprintf(chart->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
                LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, value);
    }
}

static int64_t time_step(int64_t span_s)
{
    static const int64_t steps[] = { 3600, 3 * 3600, 6 * 3600, DAY_S, 2 * DAY_S, 5 * DAY_S,
                                     7 * DAY_S, 14 * DAY_S, 28 * DAY_S };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (span_s / steps[i] <= TIMES_MOST)
            return steps[i];
    return (span_s / TIMES_MOST / DAY_S + 1) * DAY_S;
}

static void draw_times(const struct chart *chart)
{
    const struct film *film = chart->film;
    int64_t span_s = film->step_s * (int64_t)film->count, step = time_step(span_s);
    int64_t from = (film->first_s + step - 1) / step * step;

    for (int64_t at = from; at < film->first_s + span_s; at += step) {
        double x = x_of(chart, (double)(at - film->first_s) / (double)film->step_s);

        fprintf(chart->out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\">",
                x, TOP, HEIGHT - BOTTOM, x + 2, HEIGHT - 7);
        if (step < DAY_S && at % DAY_S != 0)
            fprintf(chart->out, "%02d:00</text>\n", (int)(at % DAY_S / 3600));
        else
            fprintf(chart->out, "day %" PRId64 "</text>\n", at / DAY_S);
    }
}

/* ---- curves ---- */

static void draw_points(const struct chart *chart, size_t field, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++)
        fprintf(chart->out, "%s%.1f %.1f", i == from ? "" : " ", x_of(chart, (double)i + 0.5),
                y_of(chart, value_at(chart, field, i)));
}

/* The next stretch that is known, from *from on; false: none is left. */
static bool next_stretch(const struct chart *chart, size_t field, size_t *from, size_t *ret_until)
{
    while (*from < chart->film->count && isnan(value_at(chart, field, *from)))
        ++*from;
    for (*ret_until = *from; *ret_until < chart->film->count; ++*ret_until)
        if (isnan(value_at(chart, field, *ret_until)))
            break;
    return *from < *ret_until;
}

static void draw_line(const struct chart *chart, size_t field, const char *class)
{
    for (size_t from = 0, until; next_stretch(chart, field, &from, &until); from = until) {
        fprintf(chart->out, "<path class=\"%s\" d=\"M", class);
        draw_points(chart, field, from, until);
        fputs("\"/>\n", chart->out);
    }
}

/* What lies between the field and 0: bands are drawn from the widest to the narrowest. */
static void draw_area(const struct chart *chart, size_t field, const char *class)
{
    for (size_t from = 0, until; next_stretch(chart, field, &from, &until); from = until) {
        fprintf(chart->out, "<path class=\"%s\" d=\"M%.1f %.1fL", class,
                x_of(chart, (double)from + 0.5), y_of(chart, 0));
        draw_points(chart, field, from, until);
        fprintf(chart->out, "V%.1fZ\"/>\n", y_of(chart, 0));
    }
}

static void draw_bars(const struct chart *chart, size_t field, const char *class)
{
    double width = fmax(x_of(chart, 1) - x_of(chart, 0), 1.5);

    fprintf(chart->out, "<path class=\"%s\" stroke-width=\"%.1f\" d=\"", class, width);
    for (size_t i = 0; i < chart->film->count; i++)
        if (value_at(chart, field, i) > 0)
            fprintf(chart->out, "M%.1f %.1fV%.1f", x_of(chart, (double)i + 0.5), y_of(chart, 0),
                    y_of(chart, value_at(chart, field, i)));
    fputs("\"/>\n", chart->out);
}

static void begin(const struct chart *chart, const char *label)
{
    fprintf(chart->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH,
            HEIGHT, label);
}

void chart_demand(FILE *out, const struct film *film)
{
    static const size_t fields[] = { FIELD(coming), QUANTILE(2) };
    struct chart chart = { .out = out, .film = film };

    begin(&chart, "demand and forecasts");
    draw_values(&chart, largest(&chart, fields, 2));
    draw_area(&chart, QUANTILE(2), "q99");
    draw_area(&chart, QUANTILE(1), "q90");
    draw_area(&chart, QUANTILE(0), "q50");
    draw_line(&chart, FIELD(coming), "came");
    draw_times(&chart);
    fputs("</svg>\n", out);
}

void chart_pool(FILE *out, const struct film *film)
{
    static const size_t fields[] = { FIELD(ready), FIELD(target), FIELD(missed) };
    struct chart chart = { .out = out, .film = film };

    begin(&chart, "the pool and its misses");
    draw_values(&chart, largest(&chart, fields, 3));
    draw_area(&chart, FIELD(ready), "ready");
    draw_line(&chart, FIELD(target), "target");
    draw_bars(&chart, FIELD(missed), "missed");
    draw_times(&chart);
    fputs("</svg>\n", out);
}
