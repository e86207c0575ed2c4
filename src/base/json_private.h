/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of json share and nobody else needs. */
#ifndef LARDER_BASE_JSON_PRIVATE_H
#define LARDER_BASE_JSON_PRIVATE_H

struct json;
struct json_object;

/* The json-c value that a `struct json` is. */
struct json_object *json_inside(const struct json *json);

#endif
