/* SPDX-License-Identifier: Apache-2.0 */
/* Glance's images and Keystone's projects: what has changed is asked of the service itself. */
#include <string.h>

#include "base/cleanup.h"
#include "bus/decoder.h"

static const struct json_member image_members[] = {
    JSON_FIELD(JSON_UUID, struct image_event, image_id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct image_event, status, "status", JSON_NULLABLE),
};
static const struct json_shape image_shape = { "payload", image_members,
                                               ARRAY_SIZE(image_members), false };

int decode_image(const struct message *message, const struct decoding *decoding,
                 struct boot_event *event, struct error *error)
{
    int status;

    (void)decoding;
    event->image = (struct image_event){ 0 };
    status = json_read(message->payload, &image_shape, &event->image, error);
    return status < 0 ? status : 1;
}

/* Both of Keystone's formats name the project so: the basic one and CADF. */
static const struct json_member project_members[] = {
    JSON_FIELD(JSON_ID, struct project_event, project_id, "resource_info", JSON_REQUIRED),
};
static const struct json_shape project_shape = { "payload", project_members,
                                                 ARRAY_SIZE(project_members), false };

int decode_project(const struct message *message, const struct decoding *decoding,
                   struct boot_event *event, struct error *error)
{
    static const char disabled[] = "identity.project.disabled";
    int status;

    (void)decoding;
    event->project = (struct project_event){ .disabled = text_equal(message->event_type,
                                                                    disabled) };
    status = json_read(message->payload, &project_shape, &event->project, error);
    return status < 0 ? status : 1;
}
