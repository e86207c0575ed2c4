/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts are warm for an image, as claims and LarderFilter are told. */
#ifndef LARDER_API_WARM_H
#define LARDER_API_WARM_H

#include "base/json.h"
#include "store/store.h"

/* Writes their names, at most 500, as an array; none when that cannot be found out: a boot does not
 * fail for a preference.  'image_id' may be "". */
void warm_hosts_put(struct json_writer *writer, const char *name, struct store *store,
                    const char *image_id);

#endif
