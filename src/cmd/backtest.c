/* SPDX-License-Identifier: Apache-2.0 */
/* larder-backtest: reads traces, runs each series of them, prints what came of it. */
#include "cmd/backtest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backtest/backtest.h"
#include "base/text.h"
#include "cmd/arguments.h"
#include "cmd/backtest_page.h"

#define LEVEL_DEFAULT 0.99
#define CHARTS_DEFAULT 8
#define TEST_SHARE 3 /* the last third of a trace is the test part, unless one says otherwise */

struct work {
    struct backtest_options options;
    double least; /* servers of a series that is looked at by itself */
    const char *key;
    double test_from, until; /* -1: not given */
    FILE *scores;
    struct gathering page; /* page.out NULL: none is made */
    size_t series, of;
};

static int complain(const struct error *error)
{
    fprintf(stderr, "larder-backtest: %s\n", error->message);
    return EXIT_FAILURE;
}

static int print_usage(FILE *out)
{
    fputs("usage: larder-backtest [OPTION]... TRACE...\n"
          "  --slot SECONDS     length of a slot (300)\n"
          "  --lead SECONDS     lead time of an item, besides the slot under way (300)\n"
          "  --level LEVEL      share of the boots to serve (0.99)\n"
          "  --test-from TIME   seconds from the trace's start where the test part begins\n"
          "                     (its last third)\n"
          "  --until TIME       seconds from the trace's start where it ends; what comes then is\n"
          "                     not looked at: the scores owe nothing to it\n"
          "  --least SERVERS    series with fewer are left out (100)\n"
          "  --key KEY          this series only; 'total' is that of all keys together\n"
          "  --forecasts FILE   write each forecast of the test part as CSV\n"
          "  --scores FILE      write what each way of keeping a pool did as CSV\n"
          "  --html FILE        write one page with tables and charts, which needs nothing else\n"
          "  --charts N         charts for the N busiest keys (8)\n"
          "A TRACE is CSV with the columns time, key, count and batch, compressed by xz or not.\n",
          out);
    return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- what is printed ---- */

static void show_progress(void *context, double share)
{
    const struct work *work = context;
    double done = ((double)work->series + share) / (double)work->of;

    fprintf(stderr, "\r%3.0f %%", 100 * done);
}

static void print_pools(const struct backtest_score *score)
{
    for (int i = 0; i < POLICIES; i++) {
        const struct pool_score *pool = &score->pools[i];
        double waste = pool->made > pool->served ? pool->made - pool->served : 0;

        printf("  %-30s %8.4f %14.1f %10.0f\n", policy_name(i),
               pool->demand > 0 ? pool->served / pool->demand : 1, pool->idle_hours, waste);
    }
}

static void print_lengths(const struct backtest_score *score)
{
    for (int i = 0; i < BACKTEST_LENGTHS; i++) {
        const struct length_score *length = &score->lengths[i];
        double loss = 0, naive = 0;

        if (length->forecasts <= 0)
            continue;
        for (int j = 0; j < BACKTEST_LEVELS; j++) {
            loss += length->loss[j] / length->demand / BACKTEST_LEVELS;
            naive += length->naive[j] / length->demand / BACKTEST_LEVELS;
        }
        printf("  over %4" PRId64 " s: loss %.4f (seasonal naive %.4f), covered",
               backtest_lengths[i], loss, naive);
        for (int j = 0; j < BACKTEST_LEVELS; j++)
            printf(" %.4g: %.4f", backtest_levels[j], length->covered[j] / length->forecasts);
        putchar('\n');
    }
}

static void print_score(const char *name, const struct backtest_score *score)
{
    printf("\n%-32s %8s %14s %10s\n", name, "hit rate", "idle, item-h", "waste");
    print_pools(score);
    print_lengths(score);
    fflush(stdout);
}

static void write_scores(FILE *out, const char *key, const struct backtest_score *score)
{
    for (int i = 0; out && i < POLICIES; i++)
        fprintf(out, "%s,\"%s\",%.9g,%.9g,%.9g,%.9g,%.9g\n", key, policy_name(i),
                score->pools[i].demand, score->pools[i].served, score->pools[i].idle_hours,
                score->pools[i].hours, score->pools[i].made);
}

/* ---- traces ---- */

static bool is_wanted(const struct work *work, const struct trace_series *series)
{
    if (work->key)
        return strcmp(series->key, work->key) == 0;
    return series->servers >= work->least;
}

static size_t count_wanted(const struct work *work, const struct trace *trace)
{
    size_t count = 0;

    for (size_t i = 0; i < trace->count; i++)
        count += is_wanted(work, &trace->series[i]);
    return count;
}

static int run_series(struct work *work, const struct trace_series *series, bool is_total,
                      struct backtest_score *ret_score, struct error *error)
{
    struct film film = { 0 };
    int status;

    work->options.film = work->page.out ? &film : NULL;
    status = backtest_run(series, &work->options, ret_score, error);
    work->series++;
    if (status < 0) {
        film_clear(&film);
        return status;
    }
    if (work->options.progress)
        fputs("\r     \r", stderr);
    print_score(series->key, ret_score);
    write_scores(work->scores, series->key, ret_score);
    if (work->page.out && gather(&work->page, series->key, is_total, ret_score, &film) < 0)
        return error_set(error, -ENOMEM, "no memory for the page");
    return 0;
}

static int run_trace(struct work *work, const struct trace *trace, struct error *error)
{
    struct backtest_score all = { 0 }, score;
    int status = 0;

    work->of = count_wanted(work, trace);
    work->series = 0;
    for (size_t i = 0; i < trace->count && status == 0; i++) {
        if (!is_wanted(work, &trace->series[i]))
            continue;
        status = run_series(work, &trace->series[i], i == 0, &score, error);
        if (i > 0 && status == 0)
            backtest_add(&all, &score);
    }
    if (work->series > 2 && status == 0) /* total, and more than one */
        print_score("all keys", &all);
    return status;
}

/* From the start of the trace's first day, so that hours are hours. */
static void set_bounds(struct work *work, const struct trace *trace)
{
    struct backtest_options *options = &work->options;

    options->start_s = trace->first_s - trace->first_s % 86400;
    options->end_s = trace->last_s;
    if (work->until >= 0 && options->start_s + (int64_t)work->until <= trace->last_s)
        options->end_s = options->start_s + (int64_t)work->until - 1;
    options->score_from_s =
        work->test_from >= 0 ? options->start_s + (int64_t)work->test_from
                             : options->end_s - (options->end_s - trace->first_s) / TEST_SHARE;
    options->score_from_s -= options->score_from_s % options->slot_s;
}

static int read_and_run(struct work *work, const char *path, struct error *error)
{
    struct trace trace;
    int status = trace_read(path, &trace, error);

    if (status < 0)
        return status;
    set_bounds(work, &trace);
    status = run_trace(work, &trace, error);
    if (work->page.out && status == 0 && gather_write(&work->page, path, &work->options) < 0)
        status = error_set(error, -ENOMEM, "no memory for the page");
    trace_clear(&trace);
    return status;
}

/* ---- command line ---- */

static bool read_number(const char *text, double low, double high, double *ret_number)
{
    char *end;

    if (!text)
        return true;
    *ret_number = strtod(text, &end);
    return end != text && *end == '\0' && *ret_number >= low && *ret_number <= high;
}

struct words {
    const char *slot, *lead, *level, *test_from, *until, *least, *key, *forecasts, *scores, *html;
    const char *charts;
};

static int open_output(const char *path, FILE **ret_file, struct error *error)
{
    if (path && !(*ret_file = fopen(path, "we")))
        return error_set(error, -errno, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int close_output(FILE *file, int status, struct error *error)
{
    if (file && fclose(file) != 0 && status == 0)
        return error_set(error, -errno, "cannot write a file: %s", strerror(errno));
    return status;
}

static int take_words(const struct words *words, struct work *work, struct error *error)
{
    double slot = 300, lead = 300, charts = CHARTS_DEFAULT;

    if (!read_number(words->slot, 60, 3600, &slot) || !read_number(words->lead, 0, 86400, &lead) ||
        !read_number(words->level, 0.01, 0.9999, &work->options.level) ||
        !read_number(words->test_from, 0, 1e10, &work->test_from) ||
        !read_number(words->until, 1, 1e10, &work->until) ||
        !read_number(words->charts, 0, 1000, &charts) ||
        !read_number(words->least, 0, 1e12, &work->least))
        return error_set(error, -EINVAL, "an option is no number, or out of bounds");
    work->key = words->key;
    work->page.charts = (size_t)charts;
    work->options.slot_s = (int64_t)slot;
    work->options.lead_slots = ((int64_t)lead + work->options.slot_s - 1) / work->options.slot_s;
    int status = open_output(words->forecasts, &work->options.forecasts, error);

    if (status == 0)
        status = open_output(words->scores, &work->scores, error);
    return status == 0 ? open_output(words->html, &work->page.out, error) : status;
}

static int run_words(struct work *work, int words, char **argv, struct error *error)
{
    int status = 0;

    if (isatty(STDERR_FILENO)) {
        work->options.progress = show_progress;
        work->options.context = work;
    }
    if (work->page.out)
        page_begin(work->page.out);
    for (int i = 1; i <= words && status == 0; i++)
        status = read_and_run(work, argv[i], error);
    if (work->page.out)
        page_end(work->page.out);
    gather_clear(&work->page);
    status = close_output(work->page.out, status, error);
    status = close_output(work->options.forecasts, status, error);
    return close_output(work->scores, status, error);
}

int backtest_main(int argc, char **argv)
{
    struct words given = { 0 };
    struct work work = { .options.level = LEVEL_DEFAULT, .least = 100, .test_from = -1,
                         .until = -1 };
    bool help = false;
    const struct argument table[] = {
        { "slot", NULL, &given.slot },           { "lead", NULL, &given.lead },
        { "level", NULL, &given.level },         { "test-from", NULL, &given.test_from },
        { "until", NULL, &given.until },         { "least", NULL, &given.least },
        { "key", NULL, &given.key },             { "forecasts", NULL, &given.forecasts },
        { "scores", NULL, &given.scores },       { "html", NULL, &given.html },
        { "charts", NULL, &given.charts },       { "help", &help, NULL },
    };
    struct error error = { 0 };
    int words;

    if (arguments_read(table, ARRAY_SIZE(table), argc, argv, &words, &error) < 0)
        return complain(&error);
    if (help || words == 0)
        return print_usage(help ? stdout : stderr);
    if (take_words(&given, &work, &error) < 0 ||
        run_words(&work, words, argv, &error) < 0)
        return complain(&error);
    return EXIT_SUCCESS;
}
