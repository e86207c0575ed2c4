/* SPDX-License-Identifier: Apache-2.0 */
/* Nova's notifications of both formats, and what it tells of its image caches. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "bus/decoder.h"

/* What both formats tell of an instance.  Times and the image may be "". */
struct instance {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char flavor_id[NAME_SIZE], flavor_name[NAME_SIZE];
    int64_t vcpus, memory_mb, disk_gb, root_gb, ephemeral_gb;
    char zone[NAME_SIZE];
    char host[NAME_SIZE];
    char image_id[NAME_SIZE];
    char created_at[64], launched_at[64], deleted_at[64];
};

#define SIZE_MOST (1LL << 40)
#define TEXT(field_, name_) JSON_FIELD(JSON_TEXT, struct instance, field_, name_, JSON_NULLABLE)
#define SIZE(field_, name_)                                                                        \
    JSON_FIELD_RANGE(JSON_INT, struct instance, field_, name_, JSON_NULLABLE, 0, SIZE_MOST)
/* An object whose members belong to the struct that is being read, too. */
#define INSIDE(name_, flags_, shape_)                                                              \
    { .name = (name_), .type = JSON_OBJECT, .flags = (flags_), .shape = (shape_) }
#define SHAPE(name_, members_) { (name_), (members_), ARRAY_SIZE(members_), false }

/* ---- instances, unversioned ---- */

static const struct json_member legacy_image_members[] = { TEXT(image_id, "base_image_ref") };
static const struct json_shape legacy_image = SHAPE("image_meta", legacy_image_members);

static const struct json_member legacy_members[] = {
    JSON_FIELD(JSON_UUID, struct instance, id, "instance_id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct instance, project_id, "tenant_id", JSON_REQUIRED),
    TEXT(flavor_id, "instance_flavor_id"),
    TEXT(flavor_name, "instance_type"),
    SIZE(vcpus, "vcpus"),
    SIZE(memory_mb, "memory_mb"),
    SIZE(disk_gb, "disk_gb"),
    TEXT(zone, "availability_zone"),
    TEXT(host, "host"),
    INSIDE("image_meta", JSON_NULLABLE, &legacy_image),
    TEXT(created_at, "created_at"),
    TEXT(launched_at, "launched_at"),
    TEXT(deleted_at, "deleted_at"),
};
static const struct json_shape legacy_shape = SHAPE("payload", legacy_members);

/* ---- instances, versioned ---- */

static const struct json_member flavor_members[] = {
    TEXT(flavor_id, "flavorid"),
    TEXT(flavor_name, "name"),
    SIZE(vcpus, "vcpus"),
    SIZE(memory_mb, "memory_mb"),
    SIZE(root_gb, "root_gb"),
    SIZE(ephemeral_gb, "ephemeral_gb"),
};
static const struct json_shape flavor_shape = SHAPE("flavor", flavor_members);
static const struct json_member flavor_object_members[] = {
    INSIDE("nova_object.data", JSON_REQUIRED, &flavor_shape),
};
static const struct json_shape flavor_object = SHAPE("flavor", flavor_object_members);

static const struct json_member versioned_members[] = {
    JSON_FIELD(JSON_UUID, struct instance, id, "uuid", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct instance, project_id, "tenant_id", JSON_REQUIRED),
    INSIDE("flavor", JSON_NULLABLE, &flavor_object),
    TEXT(zone, "availability_zone"),
    TEXT(host, "host"),
    TEXT(image_id, "image_uuid"),
    TEXT(created_at, "created_at"),
    TEXT(launched_at, "launched_at"),
    TEXT(deleted_at, "deleted_at"),
};
static const struct json_shape versioned_shape = SHAPE("data", versioned_members);
static const struct json_member versioned_object_members[] = {
    INSIDE("nova_object.data", JSON_REQUIRED, &versioned_shape),
};
static const struct json_shape versioned_object = SHAPE("payload", versioned_object_members);

/* ---- to a boot ---- */

static int64_t time_or(const char *text, int64_t otherwise)
{
    int64_t time_ms;

    return text[0] && text_to_time(text, &time_ms) == 0 ? time_ms : otherwise;
}

static void describe(const struct instance *instance, struct boot *boot)
{
    *boot = (struct boot){ .vcpus = instance->vcpus, .memory_mb = instance->memory_mb,
                           .disk_gb = instance->disk_gb + instance->root_gb +
                                      instance->ephemeral_gb };
    text_copy(boot->instance_id, ID_SIZE, instance->id);
    text_copy(boot->project_id, ID_SIZE, instance->project_id);
    text_copy(boot->flavor_id, NAME_SIZE, instance->flavor_id);
    text_copy(boot->flavor_name, NAME_SIZE, instance->flavor_name);
    text_copy(boot->zone, NAME_SIZE, instance->zone);
    text_copy(boot->host, NAME_SIZE, instance->host);
    if (text_is_uuid(instance->image_id))
        text_copy(boot->image_id, ID_SIZE, instance->image_id);
}

static int decode_instance(const struct message *message, const struct json_shape *shape,
                           const struct decoding *decoding, struct boot_event *event,
                           struct error *error)
{
    struct instance instance = { 0 };
    struct boot *boot = &event->instance;
    int status = json_read(message->payload, shape, &instance, error);

    if (status < 0)
        return status;
    describe(&instance, boot);
    boot->outcome = decoding->outcome;
    boot->asked_ms = time_or(instance.created_at, event->at_ms);
    /* The request is Nova's own; that of a delete is none that boots. */
    if (decoding->change == CHANGE_MADE)
        text_copy(boot->request_id, REQUEST_ID_SIZE, message->request_id);
    else
        boot->deleted_ms = time_or(instance.deleted_at, event->at_ms);
    if (decoding->outcome == BOOT_ACTIVE)
        boot->finished_ms = time_or(instance.launched_at, event->at_ms);
    else if (decoding->outcome == BOOT_FAILED)
        boot->finished_ms = event->at_ms;
    text_copy(event->request_id, REQUEST_ID_SIZE, boot->request_id);
    return 1;
}

int decode_legacy_instance(const struct message *message, const struct decoding *decoding,
                           struct boot_event *event, struct error *error)
{
    return decode_instance(message, &legacy_shape, decoding, event, error);
}

int decode_versioned_instance(const struct message *message, const struct decoding *decoding,
                              struct boot_event *event, struct error *error)
{
    return decode_instance(message, &versioned_object, decoding, event, error);
}

/* ---- boots that found no host ---- */

static const struct json_member legacy_build_members[] = {
    JSON_FIELD(JSON_UUID, struct instance, id, "instance_id", JSON_REQUIRED),
};
static const struct json_shape legacy_build = SHAPE("payload", legacy_build_members);
static const struct json_member build_members[] = {
    JSON_FIELD(JSON_UUID, struct instance, id, "instance_uuid", JSON_REQUIRED),
};
static const struct json_shape build_shape = SHAPE("data", build_members);
static const struct json_member build_object_members[] = {
    INSIDE("nova_object.data", JSON_REQUIRED, &build_shape),
};
static const struct json_shape build_object = SHAPE("payload", build_object_members);

static int decode_build(const struct message *message, const struct json_shape *shape,
                        struct boot_event *event, struct error *error)
{
    struct instance instance = { 0 };
    struct boot *boot = &event->instance;
    int status = json_read(message->payload, shape, &instance, error);

    if (status < 0)
        return status;
    *boot = (struct boot){ .outcome = BOOT_FAILED, .asked_ms = event->at_ms,
                           .finished_ms = event->at_ms };
    text_copy(boot->instance_id, ID_SIZE, instance.id);
    text_copy(boot->project_id, ID_SIZE, message->project_id);
    text_copy(boot->request_id, REQUEST_ID_SIZE, message->request_id);
    text_copy(event->request_id, REQUEST_ID_SIZE, message->request_id);
    return 1;
}

int decode_legacy_build(const struct message *message, const struct decoding *decoding,
                        struct boot_event *event, struct error *error)
{
    (void)decoding;
    return decode_build(message, &legacy_build, event, error);
}

int decode_versioned_build(const struct message *message, const struct decoding *decoding,
                           struct boot_event *event, struct error *error)
{
    (void)decoding;
    return decode_build(message, &build_object, event, error);
}

/* ---- image caches ---- */

static const struct json_member cache_members[] = {
    JSON_FIELD_RANGE(JSON_INT, struct cache_event, aggregate_id, "id", JSON_REQUIRED, 0,
                     SIZE_MOST),
    JSON_FIELD(JSON_TEXT, struct cache_event, aggregate_name, "name", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct cache_event, host, "host", JSON_NULLABLE),
    JSON_FIELD_RANGE(JSON_INT, struct cache_event, index, "index", JSON_NULLABLE, 0, SIZE_MOST),
    JSON_FIELD_RANGE(JSON_INT, struct cache_event, total, "total", JSON_NULLABLE, 0, SIZE_MOST),
    JSON_FIELD_ARRAY(struct cache_event, cached, cached_count, "images_cached", JSON_NULLABLE,
                     JSON_UUID, NULL),
    JSON_FIELD_ARRAY(struct cache_event, failed, failed_count, "images_failed", JSON_NULLABLE,
                     JSON_UUID, NULL),
};
static const struct json_shape cache_shape = SHAPE("data", cache_members);
static const struct json_member cache_object_members[] = {
    INSIDE("nova_object.data", JSON_REQUIRED, &cache_shape),
};
static const struct json_shape cache_object = SHAPE("payload", cache_object_members);

int decode_cache(const struct message *message, const struct decoding *decoding,
                 struct boot_event *event, struct error *error)
{
    int status;

    (void)decoding;
    event->cache = (struct cache_event){ 0 };
    status = json_read(message->payload, &cache_object, &event->cache, error);
    return status < 0 ? status : 1;
}
