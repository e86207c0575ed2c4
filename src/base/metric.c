/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of metrics and their exposition; see metric.h. */
#include "base/metric.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct metric *first_metric; /* a list in order of names; written before main() only */

/* ---- cells ---- */

static int value_count(const struct metric_label *label)
{
    int count = 1;

    for (const char *at = label->values ? label->values : ""; *at; at++)
        count += *at == '|';
    return count;
}

/* A histogram's cell is a row: one for each bound, one for what exceeds them all, and the sum. */
static int row_length(const struct metric *metric)
{
    return metric->type == METRIC_HISTOGRAM ? (int)metric->bound_count + 2 : 1;
}

/* Where the cells of these labels begin; -1 when there are no such. */
static int find_cell(const struct metric *metric, int first, int second)
{
    int seconds = value_count(&metric->labels[1]);

    if (first < 0 || first >= value_count(&metric->labels[0]) || second < 0 || second >= seconds)
        return -1;
    return (first * seconds + second) * row_length(metric);
}

void metric_register(struct metric *metric)
{
    struct metric **at = &first_metric;
    int cells = value_count(&metric->labels[0]) * value_count(&metric->labels[1])
                * row_length(metric);

    if (cells > METRIC_CELLS_MOST) {
        fprintf(stderr, "the metric %s has %d cells\n", metric->name, cells);
        abort();
    }
    while (*at && strcmp((*at)->name, metric->name) < 0)
        at = &(*at)->next;
    metric->next = *at;
    *at = metric;
}

void metric_add(struct metric *metric, int64_t amount, int first, int second)
{
    int cell = find_cell(metric, first, second);

    if (cell >= 0)
        atomic_fetch_add_explicit(&metric->cells[cell], amount, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value, int first, int second)
{
    int cell = find_cell(metric, first, second);

    if (cell >= 0)
        atomic_store_explicit(&metric->cells[cell], value, memory_order_relaxed);
}

void metric_observe(struct metric *metric, int64_t duration_ms, int first, int second)
{
    int cell = find_cell(metric, first, second);
    size_t bucket = 0;

    if (cell < 0 || duration_ms < 0)
        return;
    while (bucket < metric->bound_count && duration_ms > metric->bounds_ms[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metric->cells[cell + (int)bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metric->cells[cell + row_length(metric) - 1], duration_ms,
                              memory_order_relaxed);
}

void metric_count_word(struct metric *metric, int first, const char *word)
{
    const char *at = metric->labels[1].values;
    size_t length = strlen(word);
    int index = 0;

    while (strcspn(at, "|") != length || strncmp(at, word, length)) {
        at += strcspn(at, "|");
        if (!*at)
            break;
        at++;
        index++;
    }
    metric_count(metric, first, index);
}

int64_t metric_value(const struct metric *metric, int first, int second)
{
    int cell = find_cell(metric, first, second);

    return cell < 0 ? 0 : atomic_load_explicit(&metric->cells[cell], memory_order_relaxed);
}

/* ---- text ---- */

/* Help escapes the backslash and the end of a line, a label's value the quote too. */
static void add_escaped(struct strbuf *out, const char *text, bool quoted)
{
    for (; *text; text++) {
        if (*text == '\n')
            strbuf_add_text(out, "\\n");
        else if (*text == '\\' || (quoted && *text == '"'))
            strbuf_add_format(out, "\\%c", *text);
        else
            strbuf_add(out, text, 1);
    }
}

void metric_write_head(struct strbuf *out, const char *name, enum metric_type type,
                       const char *help)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };

    strbuf_add_format(out, "# HELP %s ", name);
    add_escaped(out, help, false);
    strbuf_add_format(out, "\n# TYPE %s %s\n", name, types[type]);
}

static void add_value(struct strbuf *out, double value)
{
    if (isnan(value))
        strbuf_add_text(out, " NaN\n");
    else if (isinf(value))
        strbuf_add_text(out, value > 0 ? " +Inf\n" : " -Inf\n");
    else
        strbuf_add_format(out, " %.15g\n", value);
}

void metric_write_sample(struct strbuf *out, const char *name, const struct metric_pair *labels,
                         size_t count, double value)
{
    strbuf_add_text(out, name);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_format(out, "%s%s=\"", i ? "," : "{", labels[i].name);
        add_escaped(out, labels[i].value, true);
        strbuf_add_text(out, "\"");
    }
    strbuf_add_text(out, count ? "}" : "");
    add_value(out, value);
}

/* ---- the registry as text ---- */

#define VALUE_SIZE 64

/* One combination of label values, as pairs; there is room for a histogram's "le" behind. */
struct place {
    struct metric_pair pairs[METRIC_LABELS_MOST + 1];
    size_t count;
    char values[METRIC_LABELS_MOST][VALUE_SIZE];
};

static void copy_word(const char *choices, int index, char *ret_word)
{
    for (; index > 0; index--)
        choices = strchr(choices, '|') + 1;
    snprintf(ret_word, VALUE_SIZE, "%.*s", (int)strcspn(choices, "|"), choices);
}

static void find_place(const struct metric *metric, const int *indexes, struct place *ret_place)
{
    *ret_place = (struct place){ .count = 0 };
    for (size_t i = 0; i < METRIC_LABELS_MOST; i++) {
        if (!metric->labels[i].name)
            continue;
        copy_word(metric->labels[i].values, indexes[i], ret_place->values[i]);
        ret_place->pairs[ret_place->count++] =
            (struct metric_pair){ metric->labels[i].name, ret_place->values[i] };
    }
}

static void write_buckets(struct strbuf *out, const struct metric *metric,
                          const _Atomic int64_t *row, struct place *place)
{
    char name[128], bound[32] = "+Inf";
    int64_t count = 0;

    place->pairs[place->count] = (struct metric_pair){ "le", bound };
    snprintf(name, sizeof(name), "%s_bucket", metric->name);
    for (size_t i = 0; i <= metric->bound_count; i++) {
        count += atomic_load_explicit(&row[i], memory_order_relaxed);
        if (i < metric->bound_count)
            snprintf(bound, sizeof(bound), "%g", (double)metric->bounds_ms[i] / 1000);
        else
            snprintf(bound, sizeof(bound), "+Inf");
        metric_write_sample(out, name, place->pairs, place->count + 1, (double)count);
    }
    snprintf(name, sizeof(name), "%s_sum", metric->name);
    metric_write_sample(out, name, place->pairs, place->count,
                        (double)atomic_load(&row[metric->bound_count + 1]) / 1000);
    snprintf(name, sizeof(name), "%s_count", metric->name);
    metric_write_sample(out, name, place->pairs, place->count, (double)count);
}

static void write_metric(struct strbuf *out, const struct metric *metric)
{
    int indexes[METRIC_LABELS_MOST];
    struct place place;

    metric_write_head(out, metric->name, metric->type, metric->help);
    for (indexes[0] = 0; indexes[0] < value_count(&metric->labels[0]); indexes[0]++) {
        for (indexes[1] = 0; indexes[1] < value_count(&metric->labels[1]); indexes[1]++) {
            int cell = find_cell(metric, indexes[0], indexes[1]);

            find_place(metric, indexes, &place);
            if (metric->type == METRIC_HISTOGRAM)
                write_buckets(out, metric, &metric->cells[cell], &place);
            else
                metric_write_sample(out, metric->name, place.pairs, place.count,
                                    (double)metric_value(metric, indexes[0], indexes[1]));
        }
    }
}

void metric_write_all(struct strbuf *out)
{
    for (const struct metric *metric = first_metric; metric; metric = metric->next)
        write_metric(out, metric);
}
