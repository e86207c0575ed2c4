/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of Neutron; see network.h.  What there is to know of a network is network.c. */
#include <errno.h>

#include "cloud/list.h"
#include "cloud/network.h"

/* ---- reading ---- */

struct reading {
    struct port port;
    const struct json *addresses;
};

static const struct json_member port_members[] = {
    JSON_FIELD(JSON_UUID, struct reading, port.id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct reading, port.project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct reading, port.network_id, "network_id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct reading, port.device_id, "device_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct reading, port.device_owner, "device_owner", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct reading, port.status, "status", JSON_NULLABLE),
    JSON_FIELD_ARRAY(struct reading, port.groups, port.group_count, "security_groups",
                     JSON_NULLABLE, JSON_ID, NULL),
    JSON_FIELD(JSON_VALUE, struct reading, addresses, "fixed_ips", JSON_NULLABLE),
};
static const struct json_shape port_shape = { "port", port_members, ARRAY_SIZE(port_members),
                                              false };

/* Only these are asked for in lists. */
static const char list_fields[] = "fields=id&fields=project_id&fields=network_id&fields=device_id&"
                                  "fields=device_owner&fields=status&fields=security_groups&"
                                  "fields=fixed_ips&";

static int read_port(const struct json *json, void *ret_port, struct error *error)
{
    struct reading reading = { 0 };
    int status = json_read(json, &port_shape, &reading, error);

    reading.port.address_count = json_length(reading.addresses);
    if (!status)
        *(struct port *)ret_port = reading.port;
    return status;
}

/* The answer to 'call' and 'id', which are for the sentence. */
static int read_answer(const struct json *body, const char *call, const char *id,
                       struct port *ret_port, struct error *error)
{
    struct error why = { 0 };

    if (read_port(json_at(body, "port"), ret_port, &why))
        return error_set(error, -EPROTO, "Neutron's answer to %s%s is not understood: %s", call, id,
                         why.message);
    return 0;
}

/* ---- calls ---- */

/* As Nova asks for it, but for whose it is.  Without groups it says so: else Neutron would put it
 * into the default group of our project. */
static void write_port(const struct port_spec *spec, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "port");
    json_put_text(&writer, "network_id", spec->network_id);
    json_put_bool(&writer, "admin_state_up", true);
    json_put_text(&writer, "device_id", spec->device_id);
    json_put_text(&writer, "device_owner", POOL_DEVICE_OWNER);
    json_begin_array(&writer, "security_groups");
    for (size_t i = 0; i < spec->group_count; i++)
        json_put_text(&writer, NULL, spec->groups[i]);
    json_end_array(&writer);
    json_end_object(&writer);
    json_end_object(&writer);
}

int network_port_create(struct client *client, const struct port_spec *spec, struct port *ret_port,
                        struct error *error)
{
    auto_strbuf body = STRBUF_INIT(8192);
    auto_json *answer = NULL;
    struct call call = { .service = SERVICE_NETWORK, .method = "POST", .path = "/ports" };
    int status;

    write_port(spec, &body);
    if (body.status)
        return error_set(error, body.status, "the port on network %s has too many groups",
                         spec->network_id);
    call.body = strbuf_text(&body);
    status = client_call(client, &call, &answer, error);
    return status ? status : read_answer(answer, "POST /ports", "", ret_port, error);
}

int network_port_get(struct client *client, const char *id, struct port *ret_port,
                     struct error *error)
{
    auto_json *body = NULL;
    int status = get_by_id(client, SERVICE_NETWORK, "/ports/", id, "", &body, error);

    return status ? status : read_answer(body, "GET /ports/", id, ret_port, error);
}

int network_port_delete(struct client *client, const char *id, struct error *error)
{
    const struct call call = { .service = SERVICE_NETWORK, .method = "DELETE", .path = "/ports/" };

    return call_by_id(client, &call, id, "", NULL, error);
}

int network_port_list(struct client *client, const char *project_id, const char *device_id,
                      const char *marker, size_t most, struct port *ret_ports, size_t *ret_count,
                      struct error *error)
{
    auto_strbuf query = STRBUF_INIT(2048);
    struct listing listing = {
        .service = SERVICE_NETWORK,
        .path = "/ports",
        .name = "ports",
        .size = sizeof(*ret_ports),
        .read = read_port,
    };

    query_add(&query, "project_id", project_id);
    if (device_id)
        query_add(&query, "device_id", device_id);
    strbuf_add_text(&query, "sort_key=id&sort_dir=asc&");
    strbuf_add_text(&query, list_fields);
    listing.query = strbuf_text(&query);
    return list_read(client, &listing, marker, most, ret_ports, ret_count, error);
}
