/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process among the others: it writes now and then that it is there, with its roles, and which of
 * them hang.
 */
#ifndef LARDER_ROLE_MEMBER_H
#define LARDER_ROLE_MEMBER_H

#include "base/error.h"
#include "store/store.h"

struct membership_options {
    const char *roles;     /* "api,worker" */
    bool serves;           /* it takes in what hooks report: a silence of all such is a gap */
    const char *version;
    int64_t late_after_ms; /* a role that has not turned for so long hangs */
};

struct membership;

/* Options and database outlive it. */
int membership_start(struct database *database, const struct membership_options *options,
                     struct membership **ret_membership, struct error *error);
/* Says good-bye; -ETIMEDOUT as loop_stop() does.  NULL is fine. */
int membership_stop(struct membership *membership, int64_t grace_ms);

#endif
