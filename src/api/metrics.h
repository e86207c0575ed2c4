/* SPDX-License-Identifier: Apache-2.0 */
/* What Prometheus is told at GET /metrics, and who may ask. */
#ifndef LARDER_API_METRICS_H
#define LARDER_API_METRICS_H

#include "api/request.h"
#include "api/route.h"

/* One request was answered; 'route' NULL: there is none at its path. */
void metrics_note_request(const struct route *route, int status, int64_t took_ms);

/* What a token must be good for here: ACCESS_OPEN, or ACCESS_READ as [api] metrics says.  "auto" is
 * open where nobody else can come: bound to loopback, and no public_endpoint says that a proxy
 * stands before it. */
enum access metrics_access(const struct api_options *options);

#endif
