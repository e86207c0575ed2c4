/* SPDX-License-Identifier: Apache-2.0 */
/* An instance as it is remembered: by Gnocchi (metric.h) or by Nova (server_list.h). */
#ifndef LARDER_CLOUD_INSTANCE_H
#define LARDER_CLOUD_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* "" and 0: not known. */
struct instance {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char batch_id[REQUEST_ID_SIZE]; /* Nova's reservation: the same for all of one request */
    char image_id[ID_SIZE];         /* as it is now; none when it boots from a volume */
    char flavor_id[NAME_SIZE];
    char flavor_name[NAME_SIZE];
    char zone[NAME_SIZE];
    char host[NAME_SIZE];
    int64_t asked_ms, active_ms, deleted_ms; /* active_ms 0: it never ran */
    bool failed;
};

#endif
