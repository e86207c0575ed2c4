/* SPDX-License-Identifier: Apache-2.0 */
/* Glance: what a volume made of an image now would be made from. */
#ifndef LARDER_CLOUD_IMAGE_H
#define LARDER_CLOUD_IMAGE_H

#include "cloud/client.h"

struct image {
    char id[ID_SIZE];
    char status[32];
    char visibility[32];
    char owner[DIGEST_SIZE]; /* "": nobody */
    int64_t min_disk;
    int64_t updated_ms;
    bool encrypted;                /* has an encryption key of Cinder's or its own */
    char fingerprint[DIGEST_SIZE]; /* of status, visibility, owner, checksum, properties, … */
};
int image_get(struct client *client, const char *id, struct image *ret_image, struct error *error);

#endif
