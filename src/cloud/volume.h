/* SPDX-License-Identifier: Apache-2.0 */
/* Cinder: volumes, their types, and the transfers by which they are offered. */
#ifndef LARDER_CLOUD_VOLUME_H
#define LARDER_CLOUD_VOLUME_H

#include "base/digest.h"
#include "cloud/client.h"

struct volume {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    char project_id[ID_SIZE];
    char status[32];
    char type[NAME_SIZE]; /* its name */
    char zone[NAME_SIZE];
    int64_t size;
    bool encrypted;
};
struct volume_spec {
    const char *name; /* the item's id while it is being made */
    const char *image_id;
    int64_t size;
    const char *type_id;
    const char *zone; /* "" or NULL: Cinder's choice */
};
int volume_create(struct client *client, const struct volume_spec *spec, struct volume *ret_volume,
                  struct error *error);
int volume_get(struct client *client, const char *id, struct volume *ret_volume,
               struct error *error);
int volume_rename(struct client *client, const char *id, const char *name, struct error *error);
int volume_delete(struct client *client, const char *id, struct error *error);
/* Our volumes, pages by marker; 'name' NULL: all.  Less than 'most' only at the end of the list. */
int volume_list(struct client *client, const char *name, const char *marker, size_t most,
                struct volume *ret_volumes, size_t *ret_count, struct error *error);

struct transfer {
    char id[ID_SIZE];
    char volume_id[ID_SIZE];
    char auth_key[128]; /* only when it was just made */
};
int volume_transfer_create(struct client *client, const char *volume_id,
                           struct transfer *ret_transfer, struct error *error);
int volume_transfer_delete(struct client *client, const char *transfer_id, struct error *error);
int volume_transfer_list(struct client *client, size_t most, struct transfer *ret_transfers,
                         size_t *ret_count, struct error *error);

/* Digest of what decides about volumes of this type: its specs and QoS, and who may use it.
 * -ENOENT: no such type; -EPERM: its volumes are encrypted, and never pooled. */
int volume_type_fingerprint(struct client *client, const char *type_id,
                            char ret_digest[static DIGEST_SIZE], struct error *error);

#endif
