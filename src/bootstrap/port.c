/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items of kind port.  A port is made in one call and is ready at once; its device_id is the item's
 * id, by which a port whose answer was lost is found again.
 */
#include "bootstrap/kind.h"

#include <errno.h>
#include <inttypes.h>

static int port_fingerprint(struct client *client, const struct key *key,
                            char ret_digest[static DIGEST_SIZE], struct error *error)
{
    const struct port_key *port = &key->port;

    int status = identity_check_project(client, port->project_id, error);

    return status < 0 ? status
                      : network_fingerprint(client, port->project_id, port->network_id,
                                            port->group_count, port->groups, ret_digest, error);
}

/* Pools yield to tenants: the last addresses of a network are not taken.  What was seen a moment
 * ago counts as long as there would be room if every worker had taken as much since as this one. */
static int leave_addresses(struct task *task, const char *network_id, struct error *error)
{
    int64_t least = task->options->free_addresses, free_now;
    int status;

    task->outlook->room -= task->outlook->room > 0 ? task->options->workers : 0;
    if (task->outlook->room > 0)
        return 0;
    status = network_free_addresses(task->client, network_id, &free_now, error);
    if (status < 0)
        return status;
    task->outlook->room = free_now - least;
    if (free_now > least)
        return 0;
    return error_set(error, -ENOSPC,
                     "network %s has %" PRId64 " free addresses and %" PRId64
                     " are left to tenants ([bootstrap] free_addresses)",
                     network_id, free_now, least);
}

static int port_create(struct task *task, char ret_id[static ID_SIZE], struct error *error)
{
    const struct port_key *key = &task->pool.key.port;
    const struct port_spec spec = {
        .network_id = key->network_id,
        .device_id = task->item.id,
        .group_count = key->group_count,
        .groups = key->groups,
    };
    struct port port;
    int status = leave_addresses(task, key->network_id, error);

    if (status < 0)
        return status;
    status = network_port_create(task->client, &spec, &port, error);
    if (status < 0)
        return status;
    text_copy(ret_id, ID_SIZE, port.id);
    return 0;
}

static int port_advance(struct task *task, struct step *ret_step, struct error *error)
{
    (void)task;
    (void)error;
    ret_step->done = true;
    return 0;
}

static int port_remove(struct client *client, const struct resource *resource, struct error *error)
{
    int status = network_port_delete(client, resource->id, error);

    return status >= 0 || status == -ENOENT ? 1 : status;
}

static void describe(const struct port *port, struct resource *ret_resource)
{
    bool ours = text_equal(port->device_owner, POOL_DEVICE_OWNER);

    *ret_resource = (struct resource){ .ours = ours, .offered = ours };
    text_copy(ret_resource->id, ID_SIZE, port->id);
    text_copy(ret_resource->project_id, ID_SIZE, port->project_id);
    text_copy(ret_resource->status, sizeof(ret_resource->status), port->status);
    if (text_is_uuid(port->device_id))
        text_copy(ret_resource->item_id, ID_SIZE, port->device_id);
}

static int port_get(struct client *client, const char *id, struct resource *ret_resource,
                    struct error *error)
{
    struct port port;
    int status = network_port_get(client, id, &port, error);

    if (status < 0)
        return status;
    describe(&port, ret_resource);
    return 0;
}

static int port_list(struct client *client, const char *project_id, const char *item_id,
                     const char *marker, size_t most, struct resource *ret_resources,
                     size_t *ret_count, struct error *error)
{
    autofree struct port *ports = calloc(most, sizeof(*ports));
    int status;

    if (!ports)
        return error_set(error, -ENOMEM, "no memory for a list of %zu ports", most);
    status = network_port_list(client, project_id, item_id, marker, most, ports, ret_count, error);
    if (status < 0)
        return status;
    for (size_t i = 0; i < *ret_count; i++)
        describe(&ports[i], &ret_resources[i]);
    return 0;
}

const struct kind_ops port_ops = {
    .fingerprint = port_fingerprint,
    .create = port_create,
    .advance = port_advance,
    .remove = port_remove,
    .get = port_get,
    .list = port_list,
};
