/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms, and how Prometheus reads them (text format 0.0.4).
 *
 * A metric is defined where it is counted, by one of the macros below, which makes it known before
 * main() begins.  Its labels take their values from fixed tables, so it has a fixed number of
 * cells, and whatever tenants send cannot make it grow.  Updates are atomic additions: no lock.
 *
 *     static DEFINE_COUNTER(calls, "larder_cloud_calls_total", "Calls, by service and outcome.",
 *                           { "service", "network|volume" }, { "outcome", "done|failed" });
 *     metric_count(&calls, SERVICE_NETWORK, OUTCOME_DONE);
 */
#ifndef LARDER_BASE_METRIC_H
#define LARDER_BASE_METRIC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define METRIC_CELLS_MOST 256
#define METRIC_LABELS_MOST 2

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name;
    const char *values; /* "port|volume": the value with index 1 is volume */
};

struct metric {
    enum metric_type type;
    const char *name, *help;
    struct metric_label labels[METRIC_LABELS_MOST];
    const int64_t *bounds_ms; /* a histogram's, rising; shown in seconds */
    size_t bound_count;
    struct metric *next; /* set by metric_register() */
    _Atomic int64_t cells[METRIC_CELLS_MOST];
};

/* A counter or gauge with up to two labels. */
#define DEFINE_COUNTER(variable, name_, help_, ...)                                                \
    DEFINE_METRIC_(variable, .type = METRIC_COUNTER, .name = (name_), .help = (help_),             \
                   .labels = { __VA_ARGS__ })
#define DEFINE_GAUGE(variable, name_, help_, ...)                                                  \
    DEFINE_METRIC_(variable, .type = METRIC_GAUGE, .name = (name_), .help = (help_),               \
                   .labels = { __VA_ARGS__ })
/* 'bounds' is an array of milliseconds. */
#define DEFINE_HISTOGRAM(variable, name_, help_, bounds, ...)                                      \
    DEFINE_METRIC_(variable, .type = METRIC_HISTOGRAM, .name = (name_), .help = (help_),           \
                   .bounds_ms = (bounds), .bound_count = sizeof(bounds) / sizeof((bounds)[0]),     \
                   .labels = { __VA_ARGS__ })

#define DEFINE_METRIC_(variable, ...)                                                              \
    struct metric variable = { __VA_ARGS__ };                                                      \
    __attribute__((constructor)) static void variable##_register_(void)                            \
    {                                                                                              \
        metric_register(&variable);                                                                \
    }                                                                                              \
    struct larder_swallow_semicolon

/* Called by the macros; a metric that has more cells than fit ends the program. */
void metric_register(struct metric *metric);

/* 'first' and 'second' are indexes into the labels' values; 0 where there is no label.  An index
 * that the label does not have changes nothing. */
void metric_add(struct metric *metric, int64_t amount, int first, int second);
void metric_set(struct metric *metric, int64_t value, int first, int second);
void metric_observe(struct metric *metric, int64_t duration_ms, int first, int second);
static inline void metric_count(struct metric *metric, int first, int second)
{
    metric_add(metric, 1, first, second);
}
/* Counts by the word of the second label; one that it does not have is its last, "other". */
void metric_count_word(struct metric *metric, int first, const char *word);
/* A counter's or gauge's value; 0 for an index that there is not. */
int64_t metric_value(const struct metric *metric, int first, int second);

/* All metrics that were defined, by name. */
void metric_write_all(struct strbuf *out);

/* ---- families that are made when they are asked for ---- */

struct metric_pair {
    const char *name, *value; /* any text: it is escaped */
};

void metric_write_head(struct strbuf *out, const char *name, enum metric_type type,
                       const char *help);
void metric_write_sample(struct strbuf *out, const char *name, const struct metric_pair *labels,
                         size_t count, double value);

#endif
