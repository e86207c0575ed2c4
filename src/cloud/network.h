/* SPDX-License-Identifier: Apache-2.0 */
/* Neutron: ports, and what there is to know of a network before one makes ports on it. */
#ifndef LARDER_CLOUD_NETWORK_H
#define LARDER_CLOUD_NETWORK_H

#include "cloud/client.h"

#define POOL_DEVICE_OWNER "larder:pool"

struct port {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char network_id[ID_SIZE];
    char device_id[256];
    char device_owner[256];
    char status[32];
    size_t group_count;
    char groups[32][ID_SIZE];
    size_t address_count;
};
struct port_spec {
    const char *network_id;
    const char *device_id; /* the item's id: how a lost answer is found again */
    size_t group_count;    /* 0: no group at all (the network's port security is off) */
    const char (*groups)[ID_SIZE];
};
int network_port_create(struct client *client, const struct port_spec *spec, struct port *ret_port,
                        struct error *error);
int network_port_get(struct client *client, const char *id, struct port *ret_port,
                     struct error *error);
int network_port_delete(struct client *client, const char *id, struct error *error);
/* Our ports (project 'project_id'), pages by marker; 'device_id' NULL: all.  Less than 'most' only
 * at the end of the list. */
int network_port_list(struct client *client, const char *project_id, const char *device_id,
                      const char *marker, size_t most, struct port *ret_ports, size_t *ret_count,
                      struct error *error);

/* Fewest free addresses in any of the network's subnets of a port's address families (the sum per
 * IP version, the smaller of the versions); INT64_MAX when there is no subnet. */
int network_free_addresses(struct client *client, const char *network_id, int64_t *ret_free,
                           struct error *error);
/* Digest of what a port made now for the project on this network with these groups would get:
 * network, subnets, port security, QoS, DNS, MTU, the groups' existence.  -ENOENT when network or a
 * group is gone; -EPERM when the network is neither the project's nor shared with it. */
int network_fingerprint(struct client *client, const char *project_id, const char *network_id,
                        size_t group_count, const char (*groups)[ID_SIZE],
                        char ret_digest[static DIGEST_SIZE], struct error *error);

#endif
