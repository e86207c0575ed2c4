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
    bool hidden;
    int64_t min_disk;
    int64_t size;         /* of its file, bytes; 0: not known */
    int64_t virtual_size; /* of the disk in it, bytes; 0: not known */
    int64_t updated_ms;
    bool encrypted;                /* has an encryption key of Cinder's or its own */
    char fingerprint[DIGEST_SIZE]; /* of status, visibility, owner, checksum, properties, … */
};
int image_get(struct client *client, const char *id, struct image *ret_image, struct error *error);

/* Digest of the projects that an image with visibility "shared" is shared with; "" for any other,
 * about which the visibility and the owner say all. */
int image_audience(struct client *client, const struct image *image,
                   char ret_digest[static DIGEST_SIZE], struct error *error);

/* What a host's cache takes for it, which is the raw disk; bytes, as far as Glance knows. */
int64_t image_cached_size(const struct image *image);

/* Has Glance's own cache fetch the image, which goes on when this has returned.  -ENOENT, -EACCES:
 * this Glance has no cache, or none for us. */
int image_warm(struct client *client, const char *id, struct error *error);

#endif
