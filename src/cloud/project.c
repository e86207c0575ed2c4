/* SPDX-License-Identifier: Apache-2.0 */
/* Projects of Keystone; see identity.h. */
#include <errno.h>

#include "cloud/identity.h"
#include "cloud/list.h"

struct project {
    bool enabled;
};
static const struct json_member project_members[] = {
    JSON_FIELD(JSON_BOOL, struct project, enabled, "enabled", JSON_REQUIRED),
};
static const struct json_shape project_shape = { "project", project_members,
                                                 ARRAY_SIZE(project_members), false };

int identity_check_project(struct client *client, const char *project_id, struct error *error)
{
    auto_json *body = NULL;
    struct project project = { 0 };
    struct error why = { 0 };
    int status = get_by_id(client, SERVICE_IDENTITY, "/projects/", project_id, "", &body, error);

    if (status)
        return status;
    if (json_read(json_at(body, "project"), &project_shape, &project, &why))
        return error_set(error, -EPROTO, "Keystone's word on project %s is not understood: %s",
                         project_id, why.message);
    return project.enabled ? 0 : error_set(error, -EPERM, "project %s is disabled", project_id);
}
