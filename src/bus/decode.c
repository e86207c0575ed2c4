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

/* Of the paths the first that is there. */
#define CHANGE(name_, change_, subject_, ...)                                                      \
    { name_, EVENT_SUBJECT, decode_subject,                                                        \
      { .change = (change_), .subject = (subject_), .paths = { __VA_ARGS__ } } }

static const struct event_type event_types[] = {
    /* Nova, unversioned */
    { "compute.instance.create.start", EVENT_INSTANCE, decode_legacy_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_BEGUN } },
    { "compute.instance.create.end", EVENT_INSTANCE, decode_legacy_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_ACTIVE } },
    { "compute.instance.create.error", EVENT_INSTANCE, decode_legacy_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_FAILED } },
    { "compute.instance.delete.end", EVENT_INSTANCE, decode_legacy_instance,
      { .change = CHANGE_GONE, .outcome = BOOT_BEGUN } },
    { "compute_task.build_instances", EVENT_INSTANCE, decode_legacy_build,
      { .change = CHANGE_MADE, .outcome = BOOT_FAILED } },
    /* Nova, versioned */
    { "instance.create.start", EVENT_INSTANCE, decode_versioned_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_BEGUN } },
    { "instance.create.end", EVENT_INSTANCE, decode_versioned_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_ACTIVE } },
    { "instance.create.error", EVENT_INSTANCE, decode_versioned_instance,
      { .change = CHANGE_MADE, .outcome = BOOT_FAILED } },
    { "instance.delete.end", EVENT_INSTANCE, decode_versioned_instance,
      { .change = CHANGE_GONE, .outcome = BOOT_BEGUN } },
    { "compute_task.build_instances.error", EVENT_INSTANCE, decode_versioned_build,
      { .change = CHANGE_MADE, .outcome = BOOT_FAILED } },
    { "aggregate.cache_images.start", EVENT_CACHE, decode_cache, { .change = CHANGE_BEGUN } },
    { "aggregate.cache_images.progress", EVENT_CACHE, decode_cache, { .change = CHANGE_CHANGED } },
    { "aggregate.cache_images.end", EVENT_CACHE, decode_cache, { .change = CHANGE_ENDED } },
    /* Neutron */
    { "port.create.end", EVENT_PORT, decode_port, { .change = CHANGE_MADE } },
    { "port.delete.end", EVENT_PORT, decode_port, { .change = CHANGE_GONE } },
    /* Cinder; volume.create.start does not name the image yet */
    { "volume.create.end", EVENT_VOLUME, decode_volume, { .change = CHANGE_MADE } },
    { "volume.delete.end", EVENT_VOLUME, decode_volume, { .change = CHANGE_GONE } },
    /* Glance; image.send, image.prepare and the like are about bytes, not about the image */
    { "image.create", EVENT_IMAGE, decode_image, { .change = CHANGE_MADE } },
    { "image.upload", EVENT_IMAGE, decode_image, { .change = CHANGE_CHANGED } },
    { "image.activate", EVENT_IMAGE, decode_image, { .change = CHANGE_CHANGED } },
    { "image.update", EVENT_IMAGE, decode_image, { .change = CHANGE_CHANGED } },
    { "image.delete", EVENT_IMAGE, decode_image, { .change = CHANGE_GONE } },
    /* Keystone */
    { "identity.project.created", EVENT_PROJECT, decode_project, { .change = CHANGE_MADE } },
    { "identity.project.updated", EVENT_PROJECT, decode_project, { .change = CHANGE_CHANGED } },
    { "identity.project.disabled", EVENT_PROJECT, decode_project, { .change = CHANGE_CHANGED } },
    { "identity.project.deleted", EVENT_PROJECT, decode_project, { .change = CHANGE_GONE } },
    /* Neutron; of security groups their rules hold for a port whenever it was made */
    CHANGE("network.update.end", CHANGE_CHANGED, SUBJECT_NETWORK, "network.id", "network_id"),
    CHANGE("network.delete.end", CHANGE_GONE, SUBJECT_NETWORK, "network_id", "network.id"),
    CHANGE("subnet.create.end", CHANGE_CHANGED, SUBJECT_NETWORK, "subnet.network_id",
           "subnets.0.network_id"),
    CHANGE("subnet.update.end", CHANGE_CHANGED, SUBJECT_NETWORK, "subnet.network_id"),
    CHANGE("subnet.delete.end", CHANGE_CHANGED, SUBJECT_NETWORK, "subnet.network_id"),
    CHANGE("rbac_policy.create.end", CHANGE_CHANGED, SUBJECT_NETWORK, "rbac_policy.object_id"),
    CHANGE("rbac_policy.update.end", CHANGE_CHANGED, SUBJECT_NETWORK, "rbac_policy.object_id"),
    CHANGE("rbac_policy.delete.end", CHANGE_CHANGED, SUBJECT_NETWORK, "rbac_policy.object_id"),
    CHANGE("security_group.delete.end", CHANGE_GONE, SUBJECT_GROUP, "security_group_id",
           "security_group.id"),
    /* Glance: whom an image is shared with; whether they have accepted does not matter */
    CHANGE("image.member.create", CHANGE_CHANGED, SUBJECT_IMAGE, "image_id"),
    CHANGE("image.member.delete", CHANGE_CHANGED, SUBJECT_IMAGE, "image_id"),
    /* Cinder; an encryption that is taken away is not told of */
    CHANGE("volume_type.update", CHANGE_CHANGED, SUBJECT_TYPE, "volume_types.id"),
    CHANGE("volume_type.delete", CHANGE_GONE, SUBJECT_TYPE, "volume_types.id"),
    CHANGE("volume_type_extra_specs.create", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("volume_type_extra_specs.update", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("volume_type_extra_specs.delete", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("volume_type_encryption.create", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("volume_type_encryption.update", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("volume_type_project.access.add", CHANGE_CHANGED, SUBJECT_TYPE, "volume_type_id"),
    CHANGE("volume_type_project.access.remove", CHANGE_CHANGED, SUBJECT_TYPE, "volume_type_id"),
    CHANGE("qos_specs.associate", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("qos_specs.disassociate", CHANGE_CHANGED, SUBJECT_TYPE, "type_id"),
    CHANGE("qos_specs.disassociate_all", CHANGE_CHANGED, SUBJECT_QUALITY, "id"),
    CHANGE("qos_specs.update", CHANGE_CHANGED, SUBJECT_QUALITY, "id"),
    CHANGE("qos_specs.delete_keys", CHANGE_CHANGED, SUBJECT_QUALITY, "id"),
    CHANGE("qos_specs.delete", CHANGE_GONE, SUBJECT_QUALITY, "id"),
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
