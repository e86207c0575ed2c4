/* SPDX-License-Identifier: Apache-2.0 */
/* Nova's services, hypervisors and servers; see compute.h.  Aggregates are aggregate.c. */
#include "cloud/compute.h"

#include <errno.h>

#include "cloud/list.h"

#define MICROVERSION "compute 2.53" /* ids of services and hypervisors are UUIDs since then */

/* ---- services ---- */

static const struct json_member service_members[] = {
    JSON_FIELD(JSON_UUID, struct compute_service, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct compute_service, host, "host", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct compute_service, zone, "zone", JSON_NULLABLE),
};
static const struct json_shape service_shape = { "service", service_members,
                                                 ARRAY_SIZE(service_members), false };

static int read_service(const struct json *json, void *ret_service, struct error *error)
{
    struct compute_service service = { 0 };
    int status = json_read(json, &service_shape, &service, error);

    service.up = text_equal(json_text(json_at(json, "state")), "up");
    service.enabled = text_equal(json_text(json_at(json, "status")), "enabled");
    if (!status)
        *(struct compute_service *)ret_service = service;
    return status;
}

int compute_services(struct client *client, size_t most, struct compute_service *ret_services,
                     size_t *ret_count, struct error *error)
{
    const struct listing listing = {
        .service = SERVICE_COMPUTE,
        .path = "/os-services",
        .query = "binary=nova-compute&",
        .microversion = MICROVERSION,
        .name = "services",
        .size = sizeof(*ret_services),
        .read = read_service,
    };

    return list_read(client, &listing, NULL, most, ret_services, ret_count, error);
}

/* ---- hypervisors ---- */

static const struct json_member hypervisor_members[] = {
    JSON_FIELD(JSON_UUID, struct hypervisor, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct hypervisor, hostname, "hypervisor_hostname", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct hypervisor, type, "hypervisor_type", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct hypervisor, vcpus, "vcpus", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct hypervisor, memory_mb, "memory_mb", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct hypervisor, disk_gb, "local_gb", JSON_NULLABLE),
};
static const struct json_shape hypervisor_shape = { "hypervisor", hypervisor_members,
                                                    ARRAY_SIZE(hypervisor_members), false };

static int read_hypervisor(const struct json *json, void *ret_hypervisor, struct error *error)
{
    struct hypervisor hypervisor = { 0 };
    int status = json_read(json, &hypervisor_shape, &hypervisor, error);

    text_copy(hypervisor.host, sizeof(hypervisor.host), json_text(json_at(json, "service.host")));
    if (!status)
        *(struct hypervisor *)ret_hypervisor = hypervisor;
    return status;
}

int compute_hypervisors(struct client *client, const char *marker, size_t most,
                        struct hypervisor *ret_hypervisors, size_t *ret_count,
                        struct error *error)
{
    const struct listing listing = {
        .service = SERVICE_COMPUTE,
        .path = "/os-hypervisors/detail",
        .query = "",
        .microversion = MICROVERSION,
        .name = "hypervisors",
        .size = sizeof(*ret_hypervisors),
        .read = read_hypervisor,
    };

    return list_read(client, &listing, marker, most, ret_hypervisors, ret_count, error);
}

/* ---- servers ---- */

static const struct json_member flavor_members[] = {
    JSON_FIELD(JSON_TEXT, struct compute_server, flavor, "original_name", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct compute_server, vcpus, "vcpus", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct compute_server, memory_mb, "ram", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct compute_server, disk_gb, "disk", JSON_NULLABLE),
};
static const struct json_shape flavor_shape = { "flavor", flavor_members,
                                                ARRAY_SIZE(flavor_members), false };

#define MEMBER(type, field, name, flags)                                                           \
    JSON_FIELD(type, struct compute_server, field, name, flags)
static const struct json_member server_members[] = {
    MEMBER(JSON_UUID, id, "id", JSON_REQUIRED),
    MEMBER(JSON_ID, project_id, "tenant_id", JSON_REQUIRED),
    MEMBER(JSON_TEXT, status, "status", JSON_REQUIRED),
    MEMBER(JSON_TEXT, zone, "OS-EXT-AZ:availability_zone", JSON_NULLABLE),
    MEMBER(JSON_TEXT, host, "OS-EXT-SRV-ATTR:host", JSON_NULLABLE),
    MEMBER(JSON_TIME, created_ms, "created", JSON_NULLABLE),
    MEMBER(JSON_TIME, launched_ms, "OS-SRV-USG:launched_at", JSON_NULLABLE),
    MEMBER(JSON_TIME, terminated_ms, "OS-SRV-USG:terminated_at", JSON_NULLABLE),
};
static const struct json_shape server_shape = { "server", server_members,
                                                ARRAY_SIZE(server_members), false };

/* The image of a server that was booted from a volume is "" instead of an object. */
static int read_server(const struct json *json, void *ret_server, struct error *error)
{
    struct compute_server server = { 0 };
    const struct json *flavor = json_at(json, "flavor");
    const char *image = json_text(json_at(json, "image.id"));
    int status = json_read(json, &server_shape, &server, error);

    if (!status && json_is_object(flavor))
        status = json_read(flavor, &flavor_shape, &server, error);
    if (!status && image && text_is_uuid(image))
        text_copy(server.image_id, sizeof(server.image_id), image);
    if (!status)
        *(struct compute_server *)ret_server = server;
    return status;
}

int compute_servers(struct client *client, int64_t since_ms, const char *marker, size_t most,
                    struct compute_server *ret_servers, size_t *ret_count, struct error *error)
{
    auto_strbuf query = STRBUF_INIT(256);
    char since[32];
    struct listing listing = {
        .service = SERVICE_COMPUTE,
        .path = "/servers/detail",
        .microversion = MICROVERSION,
        .name = "servers",
        .size = sizeof(*ret_servers),
        .read = read_server,
    };

    strbuf_add_text(&query, "all_tenants=1&sort_key=created_at&sort_dir=asc&");
    if (since_ms > 0) {
        text_from_time(since_ms, since);
        query_add(&query, "changes-since", since);
    }
    listing.query = strbuf_text(&query);
    return list_read(client, &listing, marker, most, ret_servers, ret_count, error);
}
