/* SPDX-License-Identifier: Apache-2.0 */
/* The ask in request bodies: what a port or a volume was asked for with. */
#ifndef LARDER_API_ASK_H
#define LARDER_API_ASK_H

#include "base/json.h"
#include "store/key.h"

/* The members of an ask; 'at' leads to the struct ask within T ("ask.", or nothing). */
#define PORT_ASK_MEMBERS(T, at)                                                                    \
    JSON_FIELD(JSON_UUID, T, at network_id, "network_id", JSON_REQUIRED),                          \
        JSON_FIELD_ARRAY(T, at groups, at group_count, "security_groups", 0, JSON_UUID, NULL)
#define VOLUME_ASK_MEMBERS(T, at)                                                                  \
    JSON_FIELD(JSON_UUID, T, at image_id, "image_id", JSON_REQUIRED),                              \
        JSON_FIELD_RANGE(JSON_INT, T, at size, "size", JSON_REQUIRED, 1, VOLUME_SIZE_MOST),        \
        JSON_FIELD(JSON_TEXT, T, at type, "volume_type", JSON_NULLABLE),                           \
        JSON_FIELD(JSON_TEXT, T, at zone, "availability_zone", JSON_NULLABLE)

#define VOLUME_SIZE_MOST 1048576 /* GiB: 1 PiB */

extern const struct json_shape port_ask_shape;   /* of a struct ask */
extern const struct json_shape volume_ask_shape; /* of a struct ask */

/* Which of the two an ask of 'kind' comes with; the other must be absent.  -EINVAL says so. */
int ask_choose(const char *where, enum kind kind, const struct json *port,
               const struct json *volume, const char *project_id, struct ask *ret_ask,
               struct error *error);

#endif
