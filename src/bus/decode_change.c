/* SPDX-License-Identifier: Apache-2.0 */
/* What items are made from: Glance's images, Keystone's projects, and whatever else of Neutron and
 * Cinder decides about ports and volumes.  What has changed is asked of the service itself. */
#include <errno.h>
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

/* Services tell of failures and of many at once in other forms, which name no id there. */
int decode_subject(const struct message *message, const struct decoding *decoding,
                   struct boot_event *event, struct error *error)
{
    const char *id = NULL;

    for (size_t i = 0; i < SUBJECT_PATHS && !id; i++)
        if (decoding->paths[i])
            id = json_text(json_at(message->payload, decoding->paths[i]));
    if (!id)
        return 0;
    if (!text_is_id(id))
        return error_set(error, -EINVAL, "what has changed is no id of OpenStack");
    event->subject.subject = decoding->subject;
    text_copy(event->subject.id, ID_SIZE, id);
    return 1;
}
