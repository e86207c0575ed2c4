/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what larder-backtest finds in a trace for its page. */
#ifndef LARDER_CMD_BACKTEST_PAGE_H
#define LARDER_CMD_BACKTEST_PAGE_H

#include <stdbool.h>

#include "backtest/page.h"

struct gathering {
    FILE *out;
    size_t charts; /* the busiest keys that get some */
    struct page_series *series;
    size_t count, room;
    struct page_series all, total;
};

/* Takes the film over, and leaves it empty.  -ENOMEM. */
int gather(struct gathering *gathering, const char *key, bool is_total,
           const struct backtest_score *score, struct film *film);
/* Writes the trace's part of the page, and forgets the trace.  -ENOMEM. */
int gather_write(struct gathering *gathering, const char *name,
                 const struct backtest_options *options);
void gather_clear(struct gathering *gathering);

#endif
