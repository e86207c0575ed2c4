/* SPDX-License-Identifier: Apache-2.0 */
/* The recent slots of a forecast's subject: what was seen of it in the last day. */
#ifndef LARDER_API_SEEN_H
#define LARDER_API_SEEN_H

#include "api/request.h"
#include "base/json.h"
#include "store/forecast.h"

struct seen;

/* To be freed by free(). */
int seen_read(const struct request *request, enum forecast_subject subject, const char *subject_id,
              struct seen **ret_seen, struct error *error);
/* Members of the object that is being written: slot, slots_from, slots_until, slots. */
void seen_put(struct json_writer *writer, const struct seen *seen);

#endif
