/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values as text that is equal when the values are: to be digested or compared. */
#ifndef LARDER_BASE_JSON_CANONICAL_H
#define LARDER_BASE_JSON_CANONICAL_H

#include "base/json.h"

/* Whether a member counts. */
typedef bool (*json_pick)(const char *name);

/* Members sorted by name; arrays count as sets, so their elements are sorted too.  'pick' (NULL:
 * all) chooses among the members of the outermost objects, those in an outermost array included. */
void json_canonical(const struct json *json, json_pick pick, struct strbuf *out);

#endif
