/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the API: one table; dispatch, 404, 405 and the check of the docs come from it. */
#ifndef LARDER_API_ROUTE_H
#define LARDER_API_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/filter.h"
#include "base/error.h"
#include "base/text.h"

struct reply;
struct request;

enum access {
    ACCESS_OPEN,  /* anybody, without a token */
    ACCESS_HOOK,  /* the hooks' role, and nothing else will do */
    ACCESS_READ,  /* admin, or reader of the project that holds the pools */
    ACCESS_ADMIN, /* admin */
    ACCESS_METRICS, /* open or as ACCESS_READ: see metrics_access() */
};
#define ACCESS_CHOICES "open|hook|read|admin|metrics"
const char *access_name(enum access access);

/* Fills the reply and returns 0; or returns a negative errno with its sentence. */
typedef int (*route_handler)(struct request *request, struct reply *reply, struct error *error);

struct route {
    const char *method;
    const char *path; /* {id} stands for a UUID, {number} for a number */
    enum access access;
    bool body; /* has a JSON body */
    const struct parameters *parameters; /* of the query; NULL: none */
    route_handler handler;
    int since; /* minor version; before it there is nothing at this path */
};

const struct route *route_table(size_t *ret_count);

/* The route of 'method' and 'path', with what stands for {id} (in small letters) or {number}.
 * -ENOENT: no such path; -EPERM: it has other methods, which go to 'ret_allow' ("GET, PATCH");
 * -EINVAL: what stands for {id} or {number} is none. */
int route_find(const char *method, const char *path, const struct route **ret_route,
               char ret_id[static ID_SIZE], char ret_allow[static 64]);

#endif
