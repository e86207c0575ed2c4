/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The historian, part of the role predictor: reads what others have written down.  At first start
 * it takes in the history of instances from Gnocchi; later it fills the gaps in what the bus told,
 * from Nova and Gnocchi; it keeps the utilisation of CPU, memory, network and disks at a resolution
 * that falls with age; and it reads the calendars.  Of all historians one works at a time, by a
 * lease row.  A cloud without Gnocchi works on the bus alone.
 */
#ifndef LARDER_ROLE_HISTORIAN_H
#define LARDER_ROLE_HISTORIAN_H

#include "base/options.h"
#include "cloud/cloud.h"
#include "role/calendars.h"
#include "store/store.h"

#define HISTORIAN_LEASE "historian"

struct historian_options {
    bool import;                /* the history at first start */
    bool fill_gaps;
    int64_t history_days;       /* how far back the import goes */
    double pages_per_second;    /* of imports */
    struct option_list metrics; /* cpu, memory, network, disk; empty: no utilisation */
    int64_t period_s;           /* between two looks */
    int64_t settle_s;           /* what happened so long ago, Nova and Gnocchi have written down */
    int64_t granularity_s;      /* of Gnocchi's archive policy; divides 300 or is it */
    struct calendar_options calendars;
    char time_zone[64];         /* of calendars: that of the predictor */
    int64_t backlog;            /* with more measures waiting in Gnocchi, no utilisation is read */
};


struct historian;
int historian_start(const struct historian_options *options, struct database *database,
                    struct cloud *cloud, struct historian **ret_historian, struct error *error);
/* NULL is fine; -ETIMEDOUT when it is still at it: nothing is freed then. */
int historian_stop(struct historian *historian, int64_t grace_ms);

#endif
