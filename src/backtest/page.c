/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest as an HTML page; see page.h. */
#include "backtest/page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "backtest/chart.h"

#define POINTS_MOST 240 /* of a chart over the whole test part */

static const char style[] =
    ":root{--ink:#1d2433;--soft:#667085;--line:#e4e7ec;--paper:#fff;--q50:#7aa7e0;--q90:#b4d0f2;"
    "--q99:#e0ecfa;--pool:#bfe3d0;--target:#14804a;--miss:#d92d20;--bar:#cfdcf0}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#323a48;"
    "--paper:#161b26;--q50:#4a79b8;--q90:#2f5080;--q99:#233650;--pool:#1f4a38;--target:#4cc38a;"
    "--miss:#ff6b5e;--bar:#2f4468}}\n"
    "@media print{:root{--ink:#000;--soft:#444;--line:#ccc;--paper:#fff;--q50:#7aa7e0;"
    "--q90:#b4d0f2;--q99:#e0ecfa;--pool:#bfe3d0;--target:#14804a;--miss:#d92d20;--bar:#cfdcf0}"
    "section,figure,tr{break-inside:avoid}body{padding:0!important}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n"
    "body{margin:0 auto;max-width:62rem;padding:1.5rem;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.7rem;margin:0 0 .3rem}h2{font-size:1.35rem;margin:2.5rem 0 .3rem;"
    "border-top:2px solid var(--ink);padding-top:.8rem}h3{font-size:1.05rem;margin:2rem 0 .3rem;"
    "overflow-wrap:anywhere}p,dd{color:var(--soft)}p{margin:.2rem 0 .8rem}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums;margin:.5rem 0 1rem}th{color:var(--soft);"
    "font-weight:600;font-size:.85em}th,td{padding:.3rem .5rem;text-align:right;"
    "border-bottom:1px solid var(--line);white-space:nowrap}th:first-child,td:first-child"
    "{text-align:left;white-space:normal;overflow-wrap:anywhere}tr.own td{font-weight:600}\n"
    "td.bar{background:linear-gradient(to left,var(--bar) var(--w),transparent var(--w))}\n"
    "figure{margin:.6rem 0 1.2rem}figcaption{color:var(--soft);font-size:.87em}\n"
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}\n"
    "svg path{fill:none}.grid{stroke:var(--line)}path.q99{fill:var(--q99)}"
    "path.q90{fill:var(--q90)}path.q50{fill:var(--q50)}path.ready{fill:var(--pool)}\n"
    ".came{stroke:var(--ink);stroke-width:1.2}.target{stroke:var(--target);stroke-width:1.2}"
    ".missed{stroke:var(--miss)}\n"
    "b.k{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 .9em}\n"
    "b.k:first-child{margin-left:0}dt{font-weight:600;margin-top:.5rem}dd{margin:0}\n";

static const char words[] =
    "<h2>What the words mean</h2><dl>\n"
    "<dt>Hit rate</dt><dd>Share of the servers booted that found an item ready.</dd>\n"
    "<dt>Idle</dt><dd>Items that are ready and wait, times hours; \u201con average\u201d "
    "divides by the hours of the test part. An item ordered at the end of a slot is usable when "
    "the next slot and the lead time have passed.</dd>\n"
    "<dt>Waste</dt><dd>Items made in the test part that nobody took in it.</dd>\n"
    "<dt>Loss</dt><dd>Weighted quantile loss: the mean over 0.5, 0.9, 0.95, 0.99 and 0.995 of "
    "twice the quantile loss, divided by the demand. Less is better.</dd>\n"
    "<dt>Coverage</dt><dd>How often demand stayed within a quantile. A quantile that is no whole "
    "number is rounded up or down at random: what is shown is the expectation. Where nothing is "
    "wanted most of the time, coverage cannot fall to a low level.</dd>\n"
    "<dt>Static pool</dt><dd>One size for the whole time: the least that serves the share asked "
    "for in the training part, or in the test part, which nobody can know before.</dd>\n"
    "<dt>Seasonal naive</dt><dd>Quantiles of the same time of the last 14 days.</dd>\n"
    "<dt>Perfect foresight</dt><dd>Each item is made just in time: the bound.</dd></dl>\n";

void page_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\'': fputs("&#39;", out); break;
        default: fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
}

void page_begin(FILE *out)
{
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
            "<title>Larder backtest</title>\n<style>\n%s</style></head>\n<body>\n"
            "<h1>Larder backtest</h1>\n<p>Recorded demand, played slot by slot through Larder's "
            "forecasts and sizing without seeing the future. All figures are of the test part."
            "</p>\n", style);
}

void page_end(FILE *out)
{
    fputs(words, out);
    fputs("</body></html>\n", out);
}

/* ---- tables ---- */

static double hit_rate(const struct pool_score *pool)
{
    return pool->demand > 0 ? pool->served / pool->demand : 1;
}

static double mean_loss(const double losses[static BACKTEST_LEVELS], double demand)
{
    double sum = 0;

    for (int i = 0; i < BACKTEST_LEVELS; i++)
        sum += losses[i] / BACKTEST_LEVELS;
    return demand > 0 ? sum / demand : 0;
}

static void table_pools(FILE *out, const struct backtest_score *score)
{
    double most = 1e-9;

    for (int i = 0; i < POLICIES; i++)
        most = fmax(most, score->pools[i].idle_hours);
    fputs("<div class=\"wide\"><table><tr><th>Pool<th>Hit rate<th>Idle, item-hours"
          "<th>Idle on average<th>Made<th>Waste\n", out);
    for (int i = 0; i < POLICIES; i++) {
        const struct pool_score *pool = &score->pools[i];

        fprintf(out, "<tr%s><td>%s<td>%.2f\u202f%%<td class=\"bar\" style=\"--w:%.0f%%\">%.0f"
                "<td>%.1f<td>%.0f<td>%.0f\n", i == POLICY_LARDER ? " class=\"own\"" : "",
                policy_name(i), 100 * hit_rate(pool), 100 * pool->idle_hours / most,
                pool->idle_hours, pool->hours > 0 ? pool->idle_hours / pool->hours : 0,
                pool->made, fmax(pool->made - pool->served, 0));
    }
    fputs("</table></div>\n", out);
}

static void table_forecasts(FILE *out, const struct backtest_score *score)
{
    fputs("<div class=\"wide\"><table><tr><th>Forecasts over<th>Loss<th>Seasonal naive", out);
    for (int j = 0; j < BACKTEST_LEVELS; j++)
        fprintf(out, "<th>Coverage of %.4g", backtest_levels[j]);
    for (int i = 0; i < BACKTEST_LENGTHS; i++) {
        const struct length_score *length = &score->lengths[i];

        if (length->forecasts <= 0)
            continue;
        fprintf(out, "\n<tr><td>%" PRId64 " minutes<td>%.4f<td>%.4f", backtest_lengths[i] / 60,
                mean_loss(length->loss, length->demand), mean_loss(length->naive, length->demand));
        for (int j = 0; j < BACKTEST_LEVELS; j++)
            fprintf(out, "<td>%.4f", length->covered[j] / length->forecasts);
    }
    fputs("\n</table></div>\n", out);
}

static void row_of_series(FILE *out, const struct page_series *series)
{
    const struct pool_score *pools = series->score.pools;
    const struct length_score *length = &series->score.lengths[0];

    fputs("<tr><td>", out);
    page_text(out, series->key);
    fprintf(out, "<td>%.0f<td>%.2f\u202f%%<td>%.1f<td>%.0f<td>%.2f\u202f%%<td>%.1f",
            pools[POLICY_LARDER].demand, 100 * hit_rate(&pools[POLICY_LARDER]),
            pools[POLICY_LARDER].idle_hours / fmax(pools[POLICY_LARDER].hours, 1e-9),
            fmax(pools[POLICY_LARDER].made - pools[POLICY_LARDER].served, 0),
            100 * hit_rate(&pools[POLICY_STATIC_BEST]),
            pools[POLICY_STATIC_BEST].idle_hours / fmax(pools[POLICY_STATIC_BEST].hours, 1e-9));
    if (length->forecasts > 0)
        fprintf(out, "<td>%.4f<td>%.4f<td>%.4f\n", mean_loss(length->loss, length->demand),
                mean_loss(length->naive, length->demand), length->covered[3] / length->forecasts);
    else
        fputs("<td><td><td>\n", out);
}

static void table_series(FILE *out, const struct page_trace *trace)
{
    fputs("<h3>Key by key</h3>\n<div class=\"wide\"><table><tr><th>Key<th>Boots<th>Hit rate"
          "<th>Idle<th>Waste<th>Static: hits<th>Static: idle<th>Loss, 10 min<th>Naive"
          "<th>Coverage of 0.99\n", out);
    for (size_t i = 0; i < trace->count; i++)
        row_of_series(out, &trace->series[i]);
    fputs("</table></div>\n", out);
}

/* ---- charts ---- */

static void legend(FILE *out, const char *what)
{
    static const struct {
        const char *colour, *word;
    } entries[] = { { "ink", "came in 10 minutes" }, { "q50", "forecast: 0.5" },
                    { "q90", "0.9" },                { "q99", "0.99" },
                    { "pool", "ready" },             { "target", "target" },
                    { "miss", "missed" } };

    fputs("<figcaption>", out);
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        fprintf(out, "<b class=\"k\" style=\"background:var(--%s)\"></b>%s", entries[i].colour,
                entries[i].word);
    fprintf(out, "<br>%s</figcaption>\n", what);
}

static void figure(FILE *out, const struct film *film, const char *what)
{
    fputs("<figure>\n", out);
    chart_demand(out, film);
    chart_pool(out, film);
    legend(out, what);
    fputs("</figure>\n", out);
}

static int charts(FILE *out, const struct film *film)
{
    struct film whole, day = film_worst_day(film);
    char what[160];
    int status = film_shrink(film, POINTS_MOST, &whole);

    if (status < 0)
        return status;
    snprintf(what, sizeof(what), "The whole test part; each point is the mean of %" PRId64
             " min, misses are their sum. Servers.", whole.step_s / 60);
    figure(out, &whole, what);
    snprintf(what, sizeof(what), "The 24 hours with most misses, slot by slot (%" PRId64
             " s). Servers.", day.step_s);
    figure(out, &day, what);
    film_clear(&whole);
    return 0;
}

static int show_series(FILE *out, const struct page_series *series)
{
    fputs("<section>\n<h3>", out);
    page_text(out, series->key);
    fputs("</h3>\n", out);
    table_pools(out, &series->score);
    table_forecasts(out, &series->score);
    int status = charts(out, &series->film);

    fputs("</section>\n", out);
    return status;
}

/* ---- a trace ---- */

static void heading(FILE *out, const struct page_trace *trace)
{
    const struct backtest_options *options = trace->options;

    fputs("<h2>", out);
    page_text(out, trace->name);
    fprintf(out, "</h2>\n<p>Slots of %" PRId64 " s, lead time %" PRId64 " s, %.4g\u202f%% of the "
            "boots asked for; test part from day %.1f to %.1f of %.1f; %zu keys.</p>\n",
            options->slot_s, options->lead_slots * options->slot_s, 100 * options->level,
            (double)(options->score_from_s - options->start_s) / 86400,
            (double)(options->end_s - options->start_s) / 86400,
            (double)(options->end_s - options->start_s) / 86400, trace->count);
}

/* The keys' sum; of one key it would be the same. */
static int show_all(FILE *out, const struct page_trace *trace)
{
    fputs("<section>\n<h3>All keys</h3>\n<p>A pool for each key: their sum.</p>\n", out);
    table_pools(out, &trace->all.score);
    table_forecasts(out, &trace->all.score);
    int status = trace->total.film.frames ? charts(out, &trace->all.film) : 0;

    fputs("<p>Demand and bands are those of all keys as one series.</p></section>\n", out);
    table_series(out, trace);
    return status;
}

int page_trace(FILE *out, const struct page_trace *trace)
{
    int status = 0;

    heading(out, trace);
    if (trace->count > 1)
        status = show_all(out, trace);
    for (size_t i = 0; i < trace->count && status == 0; i++)
        if (trace->series[i].film.frames)
            status = show_series(out, &trace->series[i]);
    if (trace->total.film.frames && trace->count != 1 && status == 0)
        status = show_series(out, &trace->total);
    return status;
}
