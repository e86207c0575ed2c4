/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: a token's roles against a route's access. */
#ifndef LARDER_API_AUTH_H
#define LARDER_API_AUTH_H

#include "api/request.h"
#include "api/route.h"

/* Validates the request's token and looks whether it may use the route.  True; or false with the
 * reply filled: 401, 403, or 503 when Keystone cannot be asked. */
bool auth_check(struct request *request, struct reply *reply);

/* Whether a token opens a route; 'pools_project' is the project that holds the pools.  Pure. */
bool auth_allows(const struct api_options *options, const struct token *token, enum access access,
                 const char *pools_project);

#endif
