/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calendars of the configuration, read from files and URLs again and again, checked and kept in
 * the store.  What cannot be read or is no calendar leaves the last good copy as it is.
 */
#ifndef LARDER_ROLE_CALENDARS_H
#define LARDER_ROLE_CALENDARS_H

#include "base/options.h"
#include "store/store.h"

struct calendar_options {
    struct option_list sources; /* absolute paths, or http:// and https:// URLs */
    int64_t period_s;           /* between two readings of each */
    int64_t timeout_s;          /* of a reading */
};

/* Whether a source is of a form that can be read; -EINVAL. */
int calendars_check(const struct calendar_options *options, struct error *error);
/* Reads those that are due; failures are logged and noted in the store. */
int calendars_step(const struct calendar_options *options, const char *time_zone,
                   struct store *store, int64_t now_ms, struct error *error);

#endif
