/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a recorded trace; see trace.h. */
#include "backtest/trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backtest/unpack.h"

#define COLUMNS_MOST 16
#define COUNT_MOST 1000000

enum column { TIME, KEY, COUNT, BATCH, COLUMNS };

static const char *const column_names[COLUMNS] = { "time", "key", "count", "batch" };

struct reading {
    struct trace *trace;
    int place[COLUMNS]; /* of each column in a row; -1: not there */
    int line;
    bool headed; /* the header was read */
    const char *path;
};

static int complain(const struct reading *reading, const char *what, struct error *error)
{
    return error_set(error, -EPROTO, "%s, line %d: %s", reading->path, reading->line, what);
}

/* Cuts a row into its fields; none of them is quoted. */
static int split(char *line, char *fields[static COLUMNS_MOST])
{
    int count = 0;
    char *field;

    while (count < COLUMNS_MOST && (field = strsep(&line, ",")))
        fields[count++] = field;
    return count;
}

static int read_header(struct reading *reading, char *line, struct error *error)
{
    char *fields[COLUMNS_MOST];
    int count = split(line, fields);

    for (int column = 0; column < COLUMNS; column++) {
        reading->place[column] = -1;
        for (int i = 0; i < count; i++)
            if (strcmp(fields[i], column_names[column]) == 0)
                reading->place[column] = i;
    }
    if (reading->place[TIME] < 0 || reading->place[KEY] < 0 || reading->place[COUNT] < 0)
        return complain(reading, "the header must name time, key and count", error);
    return 0;
}

static bool read_number(const char *text, int64_t most, int64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoll(text, &end, 10);
    while (*end == '.' || *end == '0') /* 300.0 */
        end++;
    return errno == 0 && end != text && *end == '\0' && *ret_number >= 0 && *ret_number <= most;
}

/* Among those from 'from' on: a key may be named as the series of all is. */
static struct trace_series *find_series(struct trace *trace, size_t from, const char *key)
{
    /* Rows of a trace are about few keys, and the last one asked for is often asked again. */
    for (size_t i = from; i < trace->count; i++)
        if (strcmp(trace->series[i].key, key) == 0)
            return &trace->series[i];
    if (trace->count == trace->room) {
        size_t room = trace->room ? 2 * trace->room : 32;
        struct trace_series *series = realloc(trace->series, room * sizeof(*series));

        if (!series)
            return NULL;
        trace->series = series;
        trace->room = room;
    }
    struct trace_series *series = &trace->series[trace->count++];

    memset(series, 0, sizeof(*series));
    snprintf(series->key, sizeof(series->key), "%s", key);
    return series;
}

static int add(struct trace_series *series, const struct arrival *arrival)
{
    if (!series)
        return -ENOMEM;
    series->servers += arrival->count;
    struct arrival *last = series->count ? &series->arrivals[series->count - 1] : NULL;

    if (last && arrival->batch >= 0 && last->batch == arrival->batch &&
        last->time_s == arrival->time_s) {
        last->count += arrival->count;
        return 0;
    }
    if (series->count == series->room) {
        size_t room = series->room ? 2 * series->room : 64;
        struct arrival *arrivals = realloc(series->arrivals, room * sizeof(*arrivals));

        if (!arrivals)
            return -ENOMEM;
        series->arrivals = arrivals;
        series->room = room;
    }
    series->arrivals[series->count++] = *arrival;
    return 0;
}

static int read_row(struct reading *reading, char *line, struct error *error)
{
    char *fields[COLUMNS_MOST];
    int count = split(line, fields);
    struct trace *trace = reading->trace;
    struct arrival arrival = { .batch = -1 };
    int64_t servers;

    for (int column = 0; column < COLUMNS; column++)
        if (reading->place[column] >= count)
            return complain(reading, "fields are missing", error);
    if (!read_number(fields[reading->place[TIME]], INT32_MAX * 2LL, &arrival.time_s) ||
        !read_number(fields[reading->place[COUNT]], COUNT_MOST, &servers) || servers == 0)
        return complain(reading, "time or count is no number, or out of bounds", error);
    if (reading->place[BATCH] >= 0 &&
        !read_number(fields[reading->place[BATCH]], INT64_MAX, &arrival.batch))
        return complain(reading, "batch is no number", error);
    if (arrival.time_s < trace->last_s)
        return complain(reading, "rows must be in order of time", error);
    if (trace->series[0].count == 0)
        trace->first_s = arrival.time_s;
    trace->last_s = arrival.time_s;
    arrival.count = (int32_t)servers;
    if (strlen(fields[reading->place[KEY]]) >= TRACE_KEY_MOST)
        return complain(reading, "the key is too long", error);
    if (add(&trace->series[0], &arrival) < 0 ||
        add(find_series(trace, 1, fields[reading->place[KEY]]), &arrival) < 0)
        return error_set(error, -ENOMEM, "no memory for %s", reading->path);
    return 0;
}

static int read_rows(struct reading *reading, struct unpack *unpack, struct error *error)
{
    char *line;
    int status;

    while ((status = unpack_line(unpack, &line, error)) > 0) {
        reading->line++;
        if (*line == '\0' || *line == '#')
            continue;
        status = reading->headed ? read_row(reading, line, error)
                                 : read_header(reading, line, error);
        reading->headed = true;
        if (status < 0)
            return status;
    }
    if (status == 0 && reading->trace->series[0].count == 0)
        return error_set(error, -EPROTO, "%s holds no rows", reading->path);
    return status;
}

int trace_read(const char *path, struct trace *ret_trace, struct error *error)
{
    struct reading reading = { .trace = ret_trace, .path = path };
    auto_unpack *unpack = NULL;
    int status = unpack_open(path, &unpack, error);

    *ret_trace = (struct trace){ 0 };
    if (status < 0)
        return status;
    if (!find_series(ret_trace, 0, "total"))
        return error_set(error, -ENOMEM, "no memory for %s", path);
    status = read_rows(&reading, unpack, error);
    if (status < 0)
        trace_clear(ret_trace);
    return status;
}

void trace_clear(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        free(trace->series[i].arrivals);
    free(trace->series);
    *trace = (struct trace){ 0 };
}
