/* SPDX-License-Identifier: Apache-2.0 */
/* When a request is sent again, and after how long.  Pure. */
#ifndef LARDER_CLOUD_RETRY_H
#define LARDER_CLOUD_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* How an attempt ended. */
struct attempt {
    const char *method;
    int status; /* of the answer; 0: there is none, or half of one */
    bool sent;  /* some of the request left this machine */
};

/* Whether sending it again may help, and cannot do harm: a POST that may have been carried out is
 * not sent again. */
bool retry_allowed(const struct attempt *attempt);

/* What a Retry-After header asks for, in milliseconds from 'now_ms' (wall clock): seconds, or a
 * date; 0 when it says nothing that is understood, and never more than an hour. */
int64_t retry_after_ms(const char *header, int64_t now_ms);

#endif
