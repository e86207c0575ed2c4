/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP exchange over libcurl: a request out, a bounded answer in.  It knows nothing of
 * OpenStack but the names of the headers it keeps; send.c adds patience, client.c tokens.
 */
#ifndef LARDER_CLOUD_HTTP_H
#define LARDER_CLOUD_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"

#define HTTP_BODY_MOST (4 << 20)
#define HTTP_HEADERS_MOST (64 << 10)
#define TOKEN_SIZE 4096 /* of a Keystone token, and the NUL */

struct http; /* one thread's */

struct http_options {
    const char *cafile; /* "": the system's */
    bool insecure;
    int64_t connect_timeout_ms;
};

enum http_outcome {
    HTTP_ANSWERED,
    HTTP_UNREACHED, /* nothing of the request was sent */
    HTTP_UNTRUSTED, /* neither, for the server's certificate does not hold */
    HTTP_LOST,      /* sent, and no answer or half of one came back */
    HTTP_TOO_LARGE, /* the answer exceeds the bounds */
};

struct http_answer {
    enum http_outcome outcome;
    char reason[256]; /* unless answered: why */
    int status;       /* 0 unless answered */
    char content_type[128];
    char retry_after[64];
    char request_id[REQUEST_ID_SIZE]; /* the service's own; "": did not say */
    char subject_token[TOKEN_SIZE];
    struct strbuf body;
    int64_t took_ms;
};

int http_open(const struct http_options *options, struct http **ret_http, struct error *error);
void http_close(struct http *http);
DEFINE_CLEANUP(http, struct http *, http_close);
#define auto_http __attribute__((cleanup(http_cleanup))) struct http

/* Headers of the requests to come, until http_forget_headers().  -EINVAL for a value with control
 * characters; NULL and "": no such header. */
int http_add_header(struct http *http, const char *name, const char *value);
void http_forget_headers(struct http *http);

/* The answer is the handle's and lasts until the next exchange. */
const struct http_answer *http_exchange(struct http *http, const char *method, const char *url,
                                        const char *body, int64_t timeout_ms);
const struct http_answer *http_answer(const struct http *http);

#endif
