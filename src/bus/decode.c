/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what is of interest on the bus, and who decodes it. */
#include "bus/decode.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "bus/decoder.h"

struct event_type {
    const char *name;
    enum boot_event_kind kind;
    decoder decode;
    struct decoding decoding;
};

static const struct event_type event_types[] = {
    /* Nova, unversioned */
    { "compute.instance.create.start", EVENT_INSTANCE, decode_legacy_instance,
      { CHANGE_MADE, BOOT_BEGUN } },
    { "compute.instance.create.end", EVENT_INSTANCE, decode_legacy_instance,
      { CHANGE_MADE, BOOT_ACTIVE } },
    { "compute.instance.create.error", EVENT_INSTANCE, decode_legacy_instance,
      { CHANGE_MADE, BOOT_FAILED } },
    { "compute.instance.delete.end", EVENT_INSTANCE, decode_legacy_instance,
      { CHANGE_GONE, BOOT_BEGUN } },
    { "compute_task.build_instances", EVENT_INSTANCE, decode_legacy_build,
      { CHANGE_MADE, BOOT_FAILED } },
    /* Nova, versioned */
    { "instance.create.start", EVENT_INSTANCE, decode_versioned_instance,
      { CHANGE_MADE, BOOT_BEGUN } },
    { "instance.create.end", EVENT_INSTANCE, decode_versioned_instance,
      { CHANGE_MADE, BOOT_ACTIVE } },
    { "instance.create.error", EVENT_INSTANCE, decode_versioned_instance,
      { CHANGE_MADE, BOOT_FAILED } },
    { "instance.delete.end", EVENT_INSTANCE, decode_versioned_instance,
      { CHANGE_GONE, BOOT_BEGUN } },
    { "compute_task.build_instances.error", EVENT_INSTANCE, decode_versioned_build,
      { CHANGE_MADE, BOOT_FAILED } },
    { "aggregate.cache_images.start", EVENT_CACHE, decode_cache, { CHANGE_BEGUN, 0 } },
    { "aggregate.cache_images.progress", EVENT_CACHE, decode_cache, { CHANGE_CHANGED, 0 } },
    { "aggregate.cache_images.end", EVENT_CACHE, decode_cache, { CHANGE_ENDED, 0 } },
    /* Neutron */
    { "port.create.end", EVENT_PORT, decode_port, { CHANGE_MADE, 0 } },
    { "port.delete.end", EVENT_PORT, decode_port, { CHANGE_GONE, 0 } },
    /* Cinder; volume.create.start does not name the image yet */
    { "volume.create.end", EVENT_VOLUME, decode_volume, { CHANGE_MADE, 0 } },
    { "volume.delete.end", EVENT_VOLUME, decode_volume, { CHANGE_GONE, 0 } },
    /* Glance; image.send, image.prepare and the like are about bytes, not about the image */
    { "image.create", EVENT_IMAGE, decode_image, { CHANGE_MADE, 0 } },
    { "image.upload", EVENT_IMAGE, decode_image, { CHANGE_CHANGED, 0 } },
    { "image.activate", EVENT_IMAGE, decode_image, { CHANGE_CHANGED, 0 } },
    { "image.update", EVENT_IMAGE, decode_image, { CHANGE_CHANGED, 0 } },
    { "image.delete", EVENT_IMAGE, decode_image, { CHANGE_GONE, 0 } },
    /* Keystone */
    { "identity.project.created", EVENT_PROJECT, decode_project, { CHANGE_MADE, 0 } },
    { "identity.project.updated", EVENT_PROJECT, decode_project, { CHANGE_CHANGED, 0 } },
    { "identity.project.disabled", EVENT_PROJECT, decode_project, { CHANGE_CHANGED, 0 } },
    { "identity.project.deleted", EVENT_PROJECT, decode_project, { CHANGE_GONE, 0 } },
};

static const struct event_type *find_type(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(event_types); i++)
        if (strcmp(name, event_types[i].name) == 0)
            return &event_types[i];
    return NULL;
}

static int decode_message(const struct message *message, const struct event_type *type,
                          struct boot_event *event, struct error *error)
{
    /* Not all of the union: it is large, and decoders fill what they name. */
    memset(event, 0, offsetof(struct boot_event, port));
    event->kind = type->kind;
    event->change = type->decoding.change;
    event->at_ms = message->at_ms;
    text_copy(event->request_id, REQUEST_ID_SIZE,
              message->global_request_id[0] ? message->global_request_id : message->request_id);
    return type->decode(message, &type->decoding, event, error);
}

int bus_decode(const char *body, size_t length, struct boot_event *ret_event, struct error *error)
{
    char event_type[EVENT_TYPE_SIZE];
    auto_message message = { 0 };
    const struct event_type *type;
    int status;

    if (length > MESSAGE_BYTES_MOST)
        return error_set(error, -E2BIG, "a message of %zu bytes; at most %d are looked at", length,
                         MESSAGE_BYTES_MOST);
    if (envelope_peek(body, length, event_type) && !find_type(event_type))
        return 0;
    status = envelope_open(body, length, &message, error);
    if (status < 0)
        return status;
    type = find_type(message.event_type);
    return type ? decode_message(&message, type, ret_event, error) : 0;
}
