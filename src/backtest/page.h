/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backtest found as one HTML page that needs nothing else: no script, no font, no picture
 * from elsewhere.  It opens in any browser and prints.
 */
#ifndef LARDER_BACKTEST_PAGE_H
#define LARDER_BACKTEST_PAGE_H

#include <stdio.h>

#include "backtest/backtest.h"
#include "backtest/film.h"

struct page_series {
    char key[TRACE_KEY_MOST];
    struct backtest_score score;
    struct film film; /* without frames: a row of the table, but no chart */
};

struct page_trace {
    const char *name;
    const struct backtest_options *options;
    struct page_series total; /* all keys as one series; without frames when it was not run */
    struct page_series all;   /* the sums over the keys: scores, and the film's pools */
    const struct page_series *series; /* the busiest first */
    size_t count;
};

void page_begin(FILE *out);
/* -ENOMEM */
int page_trace(FILE *out, const struct page_trace *trace);
void page_end(FILE *out);

/* Text as HTML shows it. */
void page_text(FILE *out, const char *text);

#endif
