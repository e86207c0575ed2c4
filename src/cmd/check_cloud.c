/* SPDX-License-Identifier: Apache-2.0 */
/* larder-manage check: what OpenStack must be like; see checkup.h. */
#include "cmd/checkup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cloud/list.h"

enum grade check_login(struct checkup *checkup, struct error *error)
{
    int status = cloud_open(&checkup->config.cloud, &checkup->cloud, error);

    if (status >= 0)
        status = client_open(checkup->cloud, &checkup->client, error);
    return graded(status < 0 ? status : client_project_id(checkup->client, checkup->project_id,
                                                          error));
}

static int get(struct checkup *checkup, enum service service, const char *path,
               struct json **ret_json, struct error *error)
{
    const struct call call = { .service = service, .method = "GET", .path = path };
    int status = client_call(checkup->client, &call, ret_json, error);

    if (status == -EACCES)
        error_wrap(error, "give the user the role admin in project %s, and look whether a "
                   "policy.yaml of the service takes it away",
                   checkup->config.cloud.project_name);
    return status;
}

/* ---- services: each is asked for what only the role admin may see ---- */

enum grade check_network(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_NETWORK, "/network-ip-availabilities?limit=1", NULL,
                      error));
}

enum grade check_volume(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_VOLUME, "/os-services", NULL, error));
}

enum grade check_image(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_IMAGE, "/images?limit=1&visibility=all", NULL, error));
}

enum grade check_compute(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_COMPUTE, "/os-aggregates", NULL, error));
}

enum grade check_metric(struct checkup *checkup, struct error *error)
{
    int status = client_has_service(checkup->client, SERVICE_METRIC, error);
    int64_t backlog;

    if (status == 0)
        error_set(error, -ENOENT, "the catalog has none: history and utilisation come from the "
                  "bus and from Nova alone");
    if (status <= 0)
        return status ? FAILURE : WELL;
    return metric_backlog(checkup->client, &backlog, error) < 0 ? WARNING : WELL;
}

enum grade check_cloud_clock(struct checkup *checkup, struct error *error)
{
    int64_t ahead_ms = 0;
    int status = client_clock_ahead(checkup->client, &ahead_ms, error);

    return status < 0 ? FAILURE : grade_clock("Keystone", ahead_ms, error);
}

/* ---- who has which role ---- */

/* One role assignment, as Keystone names it; "" what it has not. */
struct assignment {
    const char *user, *user_id, *group, *role, *project_id;
};

static const char *text_at(const struct json *json, const char *path)
{
    const char *text = json_text(json_at(json, path));

    return text ? text : "";
}

static struct assignment assignment_at(const struct json *list, size_t index)
{
    const struct json *one = json_element(list, index);

    return (struct assignment){
        .user = text_at(one, "user.name"),
        .user_id = text_at(one, "user.id"),
        .group = text_at(one, "group.name"),
        .role = text_at(one, "role.name"),
        .project_id = text_at(one, "scope.project.id"),
    };
}

/* The list of assignments that 'query' finds; belongs to 'ret_json'. */
static int get_assignments(struct checkup *checkup, const char *query, const char *value,
                           struct json **ret_json, const struct json **ret_list,
                           struct error *error)
{
    auto_strbuf path = STRBUF_INIT(1024);
    int status;

    strbuf_add_format(&path, "/role_assignments?include_names=true&%s=%s", query, value);
    status = get(checkup, SERVICE_IDENTITY, strbuf_text(&path), ret_json, error);
    return status < 0 ? status : answer_part(SERVICE_IDENTITY, *ret_json, "role_assignments", true,
                                             ret_list, error);
}

/* Whoever else may act in the project that holds the pools can take what is in it. */
enum grade check_holders(struct checkup *checkup, struct error *error)
{
    const char *ours = checkup->config.cloud.username;
    auto_json *json = NULL;
    const struct json *list;

    if (get_assignments(checkup, "scope.project.id", checkup->project_id, &json, &list, error) < 0)
        return FAILURE;
    for (size_t i = 0; i < json_length(list); i++) {
        struct assignment one = assignment_at(list, i);
        bool reads_only = text_equal(one.role, checkup->config.api.reader_role);

        if (reads_only || text_equal(one.user, ours))
            continue;
        error_set(error, -EPERM, "%s %s has the role %s in project %s, which holds the pools: he "
                  "can take what is in them, and what he makes there is removed; do openstack "
                  "role remove, unless that is larderd's own user", *one.user ? "user" : "group",
                  *one.user ? one.user : one.group, one.role, checkup->config.cloud.project_name);
        return WARNING;
    }
    return WELL;
}

/* The password of a user with the role service lies on each compute host. */
static enum grade check_bearer(struct checkup *checkup, const struct assignment *bearer,
                               struct error *error)
{
    const char *hook_role = checkup->config.api.hook_role;
    auto_json *json = NULL;
    const struct json *list;

    if (!*bearer->user_id) {
        error_set(error, -EPERM, "the group %s has the role %s: whoever is in it can claim and "
                  "adopt; give it to the hooks' user alone", bearer->group, hook_role);
        return WARNING;
    }
    if (get_assignments(checkup, "user.id", bearer->user_id, &json, &list, error) < 0)
        return FAILURE;
    for (size_t i = 0; i < json_length(list); i++) {
        struct assignment other = assignment_at(list, i);

        if (text_equal(other.role, hook_role))
            continue;
        error_set(error, -EPERM, "user %s has the role %s and the role %s too: whoever knows his "
                  "password, as each compute host knows that of Nova's user, can claim and adopt; "
                  "give the hooks a user of their own", bearer->user, hook_role, other.role);
        return WARNING;
    }
    return WELL;
}

static enum grade check_bearers(struct checkup *checkup, const char *role_id, struct error *error)
{
    const char *hook_role = checkup->config.api.hook_role;
    auto_json *json = NULL;
    const struct json *list;
    enum grade worst = WELL;

    if (get_assignments(checkup, "role.id", role_id, &json, &list, error) < 0)
        return FAILURE;
    if (json_length(list) == 0) {
        error_set(error, -ENOENT, "nobody has the role %s, so no hook may claim or adopt: run "
                  "openstack role add --project service --user larder-hook %s", hook_role,
                  hook_role);
        return WARNING;
    }
    for (size_t i = 0; i < json_length(list) && worst == WELL; i++) {
        struct assignment bearer = assignment_at(list, i);

        worst = check_bearer(checkup, &bearer, error);
    }
    return worst;
}

enum grade check_hook_role(struct checkup *checkup, struct error *error)
{
    const char *hook_role = checkup->config.api.hook_role;
    auto_strbuf path = STRBUF_INIT(1024);
    auto_json *json = NULL;
    const struct json *roles;
    const char *id;

    strbuf_add_format(&path, "/roles?name=%s", hook_role);
    if (get(checkup, SERVICE_IDENTITY, strbuf_text(&path), &json, error) < 0 ||
        answer_part(SERVICE_IDENTITY, json, "roles", true, &roles, error) < 0)
        return FAILURE;
    id = json_text(json_at(roles, "0.id"));
    if (id)
        return check_bearers(checkup, id, error);
    error_set(error, -ENOENT, "there is no role %s, so no hook may claim or adopt: run openstack "
              "role create %s and give it to the hooks' user", hook_role, hook_role);
    return WARNING;
}
