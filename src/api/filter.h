/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the query of a list may say: by which members the list is filtered, and which page of it is
 * wanted.  Each list has a table of the parameters it knows; all of them fill one struct.  Pure.
 */
#ifndef LARDER_API_FILTER_H
#define LARDER_API_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MOST 1000

struct filter {
    int kind, state, resolution; /* -1: all, or not said */
    char pool_id[ID_SIZE], project_id[ID_SIZE], image_id[ID_SIZE]; /* "": all */
    char marker[ID_SIZE]; /* "": from the start */
    int64_t before;       /* a marker where ids are numbers; 0: from the start */
    char place[NAME_SIZE]; /* the marker of forecasts; "": from the start */
    int64_t series_id;     /* 0: all */
    char flavor[NAME_SIZE], resource[NAME_SIZE]; /* "": all */
    int64_t limit;
    int64_t days;         /* of a report; 0: not said */
};

#define FILTER_INIT { .kind = -1, .state = -1, .resolution = -1, .limit = LIMIT_DEFAULT }

enum parameter_type {
    PARAMETER_UUID,
    PARAMETER_ID,     /* a UUID, or 32 hex digits as project ids are */
    PARAMETER_CHOICE, /* int: index of the text among 'choices' */
    PARAMETER_NUMBER, /* int64_t in [1, most] */
    PARAMETER_NAME,   /* char[NAME_SIZE], not empty */
};

struct parameter {
    const char *name;
    enum parameter_type type;
    size_t offset;
    const char *choices;
    int64_t most;
};

struct parameters {
    const struct parameter *rows;
    size_t count;
};

#define PARAMETERS(rows_) { .rows = (rows_), .count = sizeof(rows_) / sizeof((rows_)[0]) }

#define PARAMETER_LIMIT                                                                            \
    { .name = "limit", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, limit),         \
      .most = LIMIT_MOST }
#define PARAMETER_MARKER                                                                           \
    { .name = "marker", .type = PARAMETER_UUID, .offset = offsetof(struct filter, marker) }
#define PARAMETER_POOL                                                                             \
    { .name = "pool_id", .type = PARAMETER_UUID, .offset = offsetof(struct filter, pool_id) }
#define PARAMETER_PROJECT                                                                          \
    { .name = "project_id", .type = PARAMETER_ID, .offset = offsetof(struct filter, project_id) }
#define PARAMETER_STATE(choices_)                                                                  \
    { .name = "state", .type = PARAMETER_CHOICE, .offset = offsetof(struct filter, state),         \
      .choices = (choices_) }
#define PARAMETER_KIND(choices_)                                                                   \
    { .name = "kind", .type = PARAMETER_CHOICE, .offset = offsetof(struct filter, kind),           \
      .choices = (choices_) }

/* Reads what stands behind the '?' ("" or NULL: nothing).  -EINVAL for parameters that are unknown,
 * repeated, or not of their form. */
int filter_read(const char *query, const struct parameters *parameters, struct filter *ret_filter,
                struct error *error);

/* Writes a value as it stands in a query. */
void filter_escape(const char *value, struct strbuf *out);

/* Writes the query that filter_read() reads as 'filter'. */
void filter_write(const struct filter *filter, const struct parameters *parameters,
                  struct strbuf *out);

#endif
