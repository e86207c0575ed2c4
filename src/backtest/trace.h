/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded demand: CSV with a header that names the columns time (seconds), key, count and, if the
 * trace knows it, batch; rows in order of time; as it is or compressed by xz.  Lines that
 * begin with # say something to people.
 */
#ifndef LARDER_BACKTEST_TRACE_H
#define LARDER_BACKTEST_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define TRACE_KEY_MOST 96

/* One request: rows of the same key with the same batch and time are one. */
struct arrival {
    int64_t time_s;
    int64_t batch; /* -1: not known */
    int32_t count;
};

struct trace_series {
    char key[TRACE_KEY_MOST];
    struct arrival *arrivals;
    size_t count, room;
    double servers;
};

struct trace {
    struct trace_series *series; /* [0] is that of all keys together, called "total" */
    size_t count, room;
    int64_t first_s, last_s;
};

/* -EPROTO: not such a file; the message names the line. */
int trace_read(const char *path, struct trace *ret_trace, struct error *error);
void trace_clear(struct trace *trace);

#endif
