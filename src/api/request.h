/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request and its reply, without a word of how they travel: server.c fills the one and sends the
 * other; request_answer() is what lies between.
 */
#ifndef LARDER_API_REQUEST_H
#define LARDER_API_REQUEST_H

#include <stdbool.h>

#include "api/api.h"
#include "api/filter.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"

struct route;

enum header {
    HEADER_TOKEN,
    HEADER_VERSION,
    HEADER_REQUEST_ID,
    HEADER_CONTENT_TYPE,
    HEADER_ACCEPT,
    HEADER_HOST,
    HEADERS
};
/* How a header is called; those in 'enum header' are all that we read. */
const char *header_name(enum header header);

struct request {
    const struct api *api;
    struct client **client; /* the connection's own; opened when it is first needed */
    bool tls;
    char method[16];
    char *target;           /* path and query as they came; owned */
    struct strbuf headers[HEADERS]; /* repeated ones are joined by a comma */
    struct strbuf body;
    int64_t began_ms; /* monotonic */

    /* found out by request_answer() */
    char request_id[REQUEST_ID_SIZE];
    const char *path; /* within 'target', which is cut at the '?' */
    const char *query;
    const struct route *route;
    char id[ID_SIZE]; /* the {id} or {number} in the path */
    struct token token;
    struct filter filter;
    struct json *json; /* the body */
    struct store *store;
    int64_t now_ms;
};

struct reply {
    int status;
    const char *type; /* of the body; NULL: there is none */
    struct strbuf body;
    char allow[64];    /* methods, for 405 */
    bool challenge;    /* WWW-Authenticate, for 401 */
    int retry_after_s; /* 0: not said */
};

/* 'target' is copied.  NULL when memory is short. */
struct request *request_new(const struct api *api, const char *target);
void request_free(struct request *request);

/* Answers: an error is an answer too, so this always fills 'ret_reply', which begins as zeroes. */
void request_answer(struct request *request, struct reply *ret_reply);
void reply_clear(struct reply *reply);

/* Reads the body {"NAME": {…}} into a struct by the shape called NAME; -EINVAL says what is
 * wrong. */
int request_read(const struct request *request, const struct json_shape *shape, void *ret_struct,
                 struct error *error);

/* Where this API is, as its caller sees it: "https://host:port" without a slash at the end; "" when
 * that is not known. */
void request_base(const struct request *request, struct strbuf *out);

/* NULL for "": what the store takes for "all". */
static inline const char *given(const char *text)
{
    return *text ? text : NULL;
}

/* An item was taken or a pool changed: the workers are told. */
void request_wake(const struct request *request);
/* A tier or a pool's bounds changed: the planner is told. */
void request_replan(const struct request *request);

#endif
