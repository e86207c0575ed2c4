/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the API: one major version, and microversions within it. */
#ifndef LARDER_API_VERSION_H
#define LARDER_API_VERSION_H

#include "base/error.h"

#define SERVICE_TYPE "larder"
#define VERSION_MIN "1.0"
#define VERSION_MAX "1.1"

/* The minor version that the header OpenStack-API-Version asks for ("": the least).  -EINVAL when
 * it is malformed, -ERANGE when there is no such version. */
int version_negotiate(const char *header, int *ret_minor, struct error *error);

#endif
