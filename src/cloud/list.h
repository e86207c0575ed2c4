/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that services give in pages, calls about what has an id, and queries. */
#ifndef LARDER_CLOUD_LIST_H
#define LARDER_CLOUD_LIST_H

#include <stddef.h>

#include "base/strbuf.h"
#include "cloud/client.h"

struct listing {
    enum service service;
    const char *path;  /* "/ports" */
    const char *query; /* "project_id=…&", or "" */
    const char *microversion;
    const char *name; /* of the list in the answer: "ports" */
    size_t size;      /* of an element's struct, which begins with its id: char[ID_SIZE] */
    int (*read)(const struct json *json, void *ret_element, struct error *error);
};

/* At most 'most' elements behind 'marker' (NULL: from the start); less only at the end of the list,
 * however short the service's pages are.  -EAGAIN when the marker has vanished meanwhile. */
int list_read(struct client *client, const struct listing *listing, const char *marker, size_t most,
              void *ret_elements, size_t *ret_count, struct error *error);

/* A call whose path is that of 'call', then 'id', then 'rest': "/types/", an id, "/encryption".
 * -EINVAL: 'id' is none of OpenStack, so it would lead to another place. */
int call_by_id(struct client *client, const struct call *call, const char *id, const char *rest,
               struct json **ret_json, struct error *error);
/* The same as a GET of 'path', 'id' and 'rest'. */
int get_by_id(struct client *client, enum service service, const char *path, const char *id,
              const char *rest, struct json **ret_json, struct error *error);

/* The part of an answer that says what was asked for: a member that is a list, or else an object.
 * -EPROTO when it is not there: then nothing is known, least of all that something is gone. */
int answer_part(enum service service, const struct json *body, const char *name, bool is_list,
                const struct json **ret_part, struct error *error);

/* Adds "name=value&" to a query, the value encoded. */
void query_add(struct strbuf *query, const char *name, const char *value);

#endif
