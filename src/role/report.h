/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pools gained in the last days, or, where the cloud is only observed, would have gained: the
 * recorded demand replayed against the recorded targets.
 */
#ifndef LARDER_ROLE_REPORT_H
#define LARDER_ROLE_REPORT_H

#include "feedback/replay.h"
#include "store/gain.h"

struct report_pool {
    char id[ID_SIZE];
    enum kind kind;
    double create_s; /* what a create without Larder takes */
    struct gain gain;
};

struct report {
    struct gain all;
    int64_t outside;           /* creates that no pool was for: neither hit nor miss */
    struct report_pool *pools; /* those asked most first */
    size_t count;
};

/* Of [from, until); to be cleared. */
int report_make(struct store *store, bool observe, int64_t from_ms, int64_t until_ms,
                struct report *ret_report, struct error *error);
void report_clear(struct report *report);

#endif
