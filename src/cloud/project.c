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
    auto_strbuf path = STRBUF_INIT(256);
    auto_json *body = NULL;
    struct call call = { .service = SERVICE_IDENTITY, .method = "GET" };
    struct project project = { 0 };
    struct error why = { 0 };
    int status;

    strbuf_add_text(&path, "/projects/");
    status = path_add_id(&path, project_id, error);
    if (status)
        return status;
    call.path = strbuf_text(&path);
    status = client_call(client, &call, &body, error);
    if (status)
        return status;
    if (json_read(json_at(body, "project"), &project_shape, &project, &why))
        return error_set(error, -EPROTO, "Keystone's word on project %s is not understood: %s",
                         project_id, why.message);
    return project.enabled ? 0 : error_set(error, -EPERM, "project %s is disabled", project_id);
}
