/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of all projects; see server_list.h. */
#include "cloud/server_list.h"

#include <errno.h>

#include "cloud/list.h"

struct server {
    struct instance instance;
    char status[32];
};

static const struct json_member server_members[] = {
    JSON_FIELD(JSON_UUID, struct server, instance.id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct server, instance.project_id, "tenant_id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct server, status, "status", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct server, instance.zone, "OS-EXT-AZ:availability_zone",
               JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct server, instance.host, "OS-EXT-SRV-ATTR:host", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct server, instance.batch_id, "OS-EXT-SRV-ATTR:reservation_id",
               JSON_NULLABLE),
    JSON_FIELD(JSON_TIME, struct server, instance.asked_ms, "created", JSON_REQUIRED),
    JSON_FIELD(JSON_TIME, struct server, instance.active_ms, "OS-SRV-USG:launched_at",
               JSON_NULLABLE),
    JSON_FIELD(JSON_TIME, struct server, instance.deleted_ms, "OS-SRV-USG:terminated_at",
               JSON_NULLABLE),
};
static const struct json_shape server_shape = { "server", server_members,
                                                ARRAY_SIZE(server_members), false };

/* A server that boots from a volume has "" for an image. */
static int read_server(const struct json *json, void *ret_instance, struct error *error)
{
    struct server server = { 0 };
    const char *image = json_text(json_at(json, "image.id"));
    int status = json_read(json, &server_shape, &server, error);

    if (status)
        return status;
    if (image && text_is_id(image))
        text_copy(server.instance.image_id, ID_SIZE, image);
    text_copy(server.instance.flavor_id, NAME_SIZE, json_text(json_at(json, "flavor.id")));
    server.instance.failed = !server.instance.active_ms && text_equal(server.status, "ERROR");
    *(struct instance *)ret_instance = server.instance;
    return 0;
}

/* 2.46 is the last microversion that tells the flavor's id and not a copy of the flavor. */
int server_list(struct client *client, int64_t since_ms, const char *marker, size_t most,
                struct instance *ret_instances, size_t *ret_count, struct error *error)
{
    auto_strbuf query = STRBUF_INIT(256);
    struct error why = { 0 };
    char since[32];
    int status;
    struct listing listing = {
        .service = SERVICE_COMPUTE,
        .path = "/servers/detail",
        .microversion = "compute 2.46",
        .name = "servers",
        .size = sizeof(struct instance),
        .read = read_server,
    };

    text_from_time(since_ms, since);
    strbuf_add_text(&query, "all_tenants=1&");
    query_add(&query, "changes-since", since);
    listing.query = strbuf_text(&query);
    status = list_read(client, &listing, marker, most, ret_instances, ret_count, &why);
    if (status == -EINVAL && marker && *marker)
        status = -ESTALE;
    return status ? error_set(error, status, "%s", why.message) : 0;
}
