/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of kind volume.  While Cinder makes it, a volume has the item's id as its name, by which
 * one whose answer was lost is found again; when it is available the name is taken away (the
 * tenant would see it) and the volume is offered by a transfer.  The transfer's key is shown once,
 * so it is sealed and noted before the item is ready; a transfer whose key was lost is made anew.
 */
#include "bootstrap/kind.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/strbuf.h"

LOG_MODULE("bootstrap.volume");

#define TRANSFERS_MOST 4096
#define MAKING_MOST_MS (60 * 60 * 1000) /* no volume takes longer than an hour */

#define GIB (INT64_C(1) << 30)

/* Why a create would be refused now, or must not be taken out of a pool: accepting a transfer moves
 * the encryption key before anything is decided, so what is encrypted is never pooled. */
static int check_image(const struct volume_key *key, const struct image *image,
                       struct error *error)
{
    if (!text_equal(image->status, "active"))
        return error_set(error, -EPERM, "image %s is %s, not active", key->image_id,
                         image->status);
    if (image->encrypted)
        return error_set(error, -EPERM, "image %s is encrypted: volumes of it are not pooled",
                         key->image_id);
    if (image->min_disk > key->size || image->size > key->size * GIB)
        return error_set(error, -EPERM, "image %s does not fit into a volume of %" PRId64 " GiB",
                         key->image_id, key->size);
    return 0;
}

/* Nobody but its owner makes volumes of a private image. */
static int check_owner(struct client *client, const struct image *image, struct error *error)
{
    if (!text_equal(image->visibility, "private") || !image->owner[0])
        return 0;
    return identity_check_project(client, image->owner, error);
}

static void digest_parts(const char *const *digests, size_t count,
                         char ret_digest[static DIGEST_SIZE])
{
    auto_strbuf text = STRBUF_INIT(4 * DIGEST_SIZE);

    for (size_t i = 0; i < count; i++)
        strbuf_add_format(&text, "%s|", digests[i]);
    digest_of(strbuf_text(&text), text.length, ret_digest);
}

static int volume_fingerprint(struct client *client, const struct key *key,
                              char ret_digest[static DIGEST_SIZE], struct error *error)
{
    const struct volume_key *volume = &key->volume;
    char audience[DIGEST_SIZE], type[DIGEST_SIZE];
    struct image image;
    const char *const parts[] = { image.fingerprint, audience, type };
    int status = image_get(client, volume->image_id, &image, error);

    if (status >= 0)
        status = check_image(volume, &image, error);
    if (status >= 0)
        status = check_owner(client, &image, error);
    if (status >= 0)
        status = image_audience(client, &image, audience, error);
    if (status >= 0)
        status = volume_type_fingerprint(client, volume->type_id, type, error);
    if (status < 0)
        return status;
    digest_parts(parts, ARRAY_SIZE(parts), ret_digest);
    return 0;
}

static int volume_create_item(struct task *task, char ret_id[static ID_SIZE], struct error *error)
{
    const struct volume_key *key = &task->pool.key.volume;
    const struct volume_spec spec = {
        .name = task->item.id,
        .image_id = key->image_id,
        .size = key->size,
        .type_id = key->type_id,
        .zone = key->zone,
    };
    struct volume volume;
    int status = volume_create(task->client, &spec, &volume, error);

    if (status < 0)
        return status;
    text_copy(ret_id, ID_SIZE, volume.id);
    return 0;
}

/* ---- offers ---- */

/* Deletes every transfer of the volume, whoever made it. */
static int withdraw_all(struct client *client, const char *volume_id, struct error *error)
{
    autofree struct transfer *transfers = calloc(TRANSFERS_MOST, sizeof(*transfers));
    size_t count = 0;
    int status;

    if (!transfers)
        return error_set(error, -ENOMEM, "no memory for a list of transfers");
    status = volume_transfer_list(client, TRANSFERS_MOST, transfers, &count, error);
    for (size_t i = 0; i < count && status >= 0; i++) {
        if (!text_equal(transfers[i].volume_id, volume_id))
            continue;
        status = volume_transfer_delete(client, transfers[i].id, error);
        if (status == -ENOENT)
            status = 0;
    }
    return status;
}

static int withdraw(struct client *client, const char *volume_id, const char *transfer_id,
                    struct error *error)
{
    if (transfer_id[0] && volume_transfer_delete(client, transfer_id, NULL) == 0)
        return 0;
    return withdraw_all(client, volume_id, error);
}

static int note_offer(struct task *task, const struct transfer *transfer, struct error *error)
{
    unsigned char sealed[SEALED_SIZE];
    size_t length = strlen(transfer->auth_key);
    struct item_facts facts = { .transfer_id = transfer->id, .sealed = sealed };
    int status;

    if (length == 0 || length + SEAL_OVERHEAD > sizeof(sealed))
        return error_set(error, -EPROTO, "Cinder gave transfer %s a key of %zu bytes",
                         transfer->id, length);
    status = seal(task->bootstrap->key, task->item.id, transfer->auth_key, length, sealed);
    if (status < 0)
        return error_set(error, status, "the key of transfer %s cannot be sealed", transfer->id);
    facts.sealed_length = length + SEAL_OVERHEAD;
    return task_note(task, &facts, error);
}

static int offer(struct task *task, const struct volume *volume, struct error *error)
{
    struct transfer transfer = { 0 };
    int status = 0;

    if (volume->name[0])
        status = volume_rename(task->client, volume->id, "", error);
    if (status >= 0)
        status = volume_transfer_create(task->client, volume->id, &transfer, error);
    if (status >= 0)
        status = note_offer(task, &transfer, error);
    explicit_bzero(&transfer, sizeof(transfer));
    return status;
}

/* ---- the steps of making one, by the status that Cinder tells ---- */

typedef int (*volume_step)(struct task *task, const struct volume *volume, struct step *ret_step,
                           struct error *error);

static int wait_for_it(struct task *task, const struct volume *volume, struct step *ret_step,
                       struct error *error)
{
    if (task->now_ms - task->item.changed_ms > MAKING_MOST_MS)
        return error_set(error, -EIO, "volume %s is still %s after an hour", volume->id,
                         volume->status);
    ret_step->delay_ms = task_patience_ms(task, task->item.changed_ms);
    return 0;
}

static int offer_it(struct task *task, const struct volume *volume, struct step *ret_step,
                    struct error *error)
{
    ret_step->done = true;
    return offer(task, volume, error);
}

/* Either all was noted but the last move, or the answer with the key was lost. */
static int offer_again(struct task *task, const struct volume *volume, struct step *ret_step,
                       struct error *error)
{
    int status;

    ret_step->done = true;
    if (task->item.transfer_id[0])
        return 0;
    status = withdraw_all(task->client, volume->id, error);
    if (status < 0)
        return status;
    log_info("volume %s was offered and the answer was lost: offering it anew", volume->id);
    return offer(task, volume, error);
}

static const struct {
    const char *status;
    volume_step then;
} volume_steps[] = {
    { "creating", wait_for_it },
    { "downloading", wait_for_it },
    { "available", offer_it },
    { "awaiting-transfer", offer_again },
};

static int volume_advance(struct task *task, struct step *ret_step, struct error *error)
{
    struct volume volume;
    int status = volume_get(task->client, task->item.resource_id, &volume, error);

    if (status < 0)
        return status;
    for (size_t i = 0; i < ARRAY_SIZE(volume_steps); i++)
        if (text_equal(volume.status, volume_steps[i].status))
            return volume_steps[i].then(task, &volume, ret_step, error);
    return error_set(error, -EIO,
                     "volume %s is %s instead of becoming available: see Cinder's logs and "
                     "messages about it",
                     volume.id, volume.status);
}

/* ---- looking and removing ---- */

/* Cinder refuses to delete what is offered, so the offer goes first. */
static int volume_remove(struct client *client, const struct resource *resource,
                         struct error *error)
{
    int status = 0;

    if (text_equal(resource->status, "deleting"))
        return 0;
    if (text_equal(resource->status, "awaiting-transfer"))
        status = withdraw(client, resource->id, resource->transfer_id, error);
    if (status >= 0)
        status = volume_delete(client, resource->id, error);
    return status == -ENOENT ? 1 : status;
}

static void describe(const struct volume *volume, struct resource *ret_resource)
{
    bool named = text_is_uuid(volume->name);

    *ret_resource = (struct resource){
        .ours = named || !volume->name[0],
        .offered = text_equal(volume->status, "awaiting-transfer"),
    };
    text_copy(ret_resource->id, ID_SIZE, volume->id);
    text_copy(ret_resource->project_id, ID_SIZE, volume->project_id);
    text_copy(ret_resource->status, sizeof(ret_resource->status), volume->status);
    if (named)
        text_copy(ret_resource->item_id, ID_SIZE, volume->name);
}

static int volume_get_resource(struct client *client, const char *id,
                               struct resource *ret_resource, struct error *error)
{
    struct volume volume;
    int status = volume_get(client, id, &volume, error);

    if (status < 0)
        return status;
    describe(&volume, ret_resource);
    return 0;
}

/* Cinder lists the volumes of the project that the token is for, which is the holder. */
static int volume_list_resources(struct client *client, const char *project_id,
                                 const char *item_id, const char *marker, size_t most,
                                 struct resource *ret_resources, size_t *ret_count,
                                 struct error *error)
{
    autofree struct volume *volumes = calloc(most, sizeof(*volumes));
    int status;

    (void)project_id;
    if (!volumes)
        return error_set(error, -ENOMEM, "no memory for a list of %zu volumes", most);
    status = volume_list(client, item_id, marker, most, volumes, ret_count, error);
    if (status < 0)
        return status;
    for (size_t i = 0; i < *ret_count; i++)
        describe(&volumes[i], &ret_resources[i]);
    return 0;
}

const struct kind_ops volume_ops = {
    .fingerprint = volume_fingerprint,
    .create = volume_create_item,
    .advance = volume_advance,
    .remove = volume_remove,
    .get = volume_get_resource,
    .list = volume_list_resources,
};
