/* SPDX-License-Identifier: Apache-2.0 */
/* Where each service is, from Keystone's catalog or an override.  Pure. */
#ifndef LARDER_CLOUD_CATALOG_H
#define LARDER_CLOUD_CATALOG_H

#include "cloud/client.h"

#define URL_SIZE 768

const char *service_name(enum service service); /* for people: "Neutron" */

/* The root of the service's API version, without a slash at the end, from an endpoint however it is
 * written: with a version or without, with the project, a place for it, or neither.  -EINVAL: not a
 * URL of http or https, or too long. */
int catalog_root(const char *endpoint, enum service service, const char *project_id,
                 char ret_root[static URL_SIZE], struct error *error);

/* The endpoint of 'service' in a token's catalog; NULL when there is none. 'region' "": any. */
const char *catalog_find(const struct json *catalog, enum service service, const char *region,
                         const char *interface);

#endif
