/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request sent with patience: at the pace that the service's rate limit allows, and again when
 * that helps, until it is answered, the tries are used up or its time is over.
 */
#ifndef LARDER_CLOUD_SEND_H
#define LARDER_CLOUD_SEND_H

#include "cloud/answer.h"
#include "cloud/session.h"

struct request {
    struct asked asked;
    const char *url;
    const char *body;   /* or NULL */
    bool repeatable;    /* although it is a POST: nothing is made by it */
    int64_t timeout_ms; /* of all attempts together */
};

/* With the headers that 'http' has; the answer is in 'http'. */
const struct http_answer *send_request(struct cloud *cloud, struct http *http,
                                       const struct request *request);

#endif
