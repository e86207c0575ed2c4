/* SPDX-License-Identifier: Apache-2.0 */
/* Neutron's ports and Cinder's volumes, with the key of the pool that they could have come from. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "bus/decoder.h"

/* ---- ports ---- */

struct port {
    char id[ID_SIZE], deleted_id[ID_SIZE];
    char network_id[ID_SIZE];
    char project_id[ID_SIZE];
    char device_id[NAME_SIZE], device_owner[NAME_SIZE];
    size_t group_count;
    char groups[KEY_GROUPS_MOST][ID_SIZE];
};

static const struct json_member port_members[] = {
    JSON_FIELD(JSON_UUID, struct port, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct port, network_id, "network_id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct port, project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct port, device_id, "device_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct port, device_owner, "device_owner", JSON_NULLABLE),
    JSON_FIELD_ARRAY(struct port, groups, group_count, "security_groups", JSON_NULLABLE, JSON_UUID,
                     NULL),
};
static const struct json_shape port_shape = { "port", port_members, ARRAY_SIZE(port_members),
                                              false };
/* A delete names the port beside its last state, older Neutrons without it; a create of many at
 * once, which Nova does not make, has another member and is left alone. */
static const struct json_member port_payload_members[] = {
    { .name = "port", .type = JSON_OBJECT, .flags = JSON_NULLABLE, .shape = &port_shape },
    JSON_FIELD(JSON_UUID, struct port, deleted_id, "port_id", JSON_NULLABLE),
};
static const struct json_shape port_payload = { "payload", port_payload_members,
                                                ARRAY_SIZE(port_payload_members), false };

static void set_port_key(const struct port *port, struct key *key)
{
    struct ask ask = { .kind = KIND_PORT };

    text_copy(ask.project_id, ID_SIZE, port->project_id);
    text_copy(ask.network_id, ID_SIZE, port->network_id);
    key_of_port_ask(&ask, port->group_count, port->groups, key);
}

/* Nova makes a port with the server as its device and names itself the owner afterwards. */
static bool is_of_a_boot(const struct port *port)
{
    return text_is_uuid(port->device_id) &&
           (!port->device_owner[0] || strncmp(port->device_owner, "compute:", 8) == 0);
}

int decode_port(const struct message *message, const struct decoding *decoding,
                struct boot_event *event, struct error *error)
{
    struct port port = { 0 };
    bool made = decoding->change == CHANGE_MADE;
    int status = json_read(message->payload, &port_payload, &port, error);

    if (status < 0)
        return status;
    if (made ? !port.id[0] || !is_of_a_boot(&port) : !port.id[0] && !port.deleted_id[0])
        return 0;
    event->port.port_id[0] = event->port.device_id[0] = '\0';
    text_copy(event->port.port_id, ID_SIZE, port.id[0] ? port.id : port.deleted_id);
    text_copy(event->port.device_owner, NAME_SIZE, port.device_owner);
    if (text_is_uuid(port.device_id))
        text_copy(event->port.device_id, ID_SIZE, port.device_id);
    if (made)
        set_port_key(&port, &event->port.key);
    /* Neutron's own request is none of Nova's. */
    text_copy(event->request_id, REQUEST_ID_SIZE, message->global_request_id);
    return 1;
}

/* ---- volumes ---- */

#define METADATA_MOST 512

struct volume {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    int64_t size;
    char type_id[NAME_SIZE], zone[NAME_SIZE];
    const struct json *image;
};

static const struct json_member volume_members[] = {
    JSON_FIELD(JSON_UUID, struct volume, id, "volume_id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct volume, project_id, "tenant_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct volume, size, "size", JSON_REQUIRED, 0, 1 << 30),
    JSON_FIELD(JSON_TEXT, struct volume, type_id, "volume_type", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct volume, zone, "availability_zone", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct volume, image, "glance_metadata", JSON_NULLABLE),
};
static const struct json_shape volume_shape = { "payload", volume_members,
                                                ARRAY_SIZE(volume_members), false };

/* The image's properties are a list of rows with key and value; one of them is its id. */
static const char *find_image(const struct json *rows)
{
    size_t count = json_length(rows);

    for (size_t i = 0; i < count && i < METADATA_MOST; i++) {
        const struct json *row = json_element(rows, i);

        if (text_equal(json_text(json_at(row, "key")), "image_id"))
            return json_text(json_at(row, "value"));
    }
    return NULL;
}

static bool set_volume_key(const struct volume *volume, struct key *key)
{
    struct ask ask = { .kind = KIND_VOLUME, .size = volume->size };
    const char *image = find_image(volume->image);

    if (!text_is_uuid(image) || !text_is_uuid(volume->type_id) || !volume->zone[0] ||
        volume->size < 1)
        return false;
    text_copy(ask.image_id, ID_SIZE, image);
    key_of_volume_ask(&ask, volume->type_id, volume->zone, key);
    return true;
}

int decode_volume(const struct message *message, const struct decoding *decoding,
                  struct boot_event *event, struct error *error)
{
    struct volume volume = { 0 };
    int status = json_read(message->payload, &volume_shape, &volume, error);

    if (status < 0)
        return status;
    text_copy(event->volume.volume_id, ID_SIZE, volume.id);
    text_copy(event->volume.project_id, ID_SIZE, volume.project_id);
    event->volume.has_key = decoding->change == CHANGE_MADE &&
                            set_volume_key(&volume, &event->volume.key);
    text_copy(event->request_id, REQUEST_ID_SIZE, message->global_request_id);
    return 1;
}
