/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to know of a network of Neutron before one makes ports on it; see network.h. */
#include "cloud/network.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_canonical.h"
#include "cloud/list.h"

static int misunderstood(const char *what, const char *id, const struct error *why,
                         struct error *error)
{
    return error_set(error, -EPROTO, "Neutron's answer about %s of network %s is not understood: "
                                     "%s", what, id, why->message);
}

/* ---- free addresses ---- */

#define SUBNETS_MOST 128

/* Numbers of IPv6 addresses exceed whole numbers; nobody counts those one by one. */
struct subnet {
    char id[ID_SIZE];
    int64_t version;
    double total, used;
    struct {
        double total, used; /* of the allocation pools; total < 0: not told */
    } pool;
};
struct availability {
    size_t count;
    struct subnet subnets[SUBNETS_MOST];
};

#define IN_POOL(field, name)                                                                       \
    { name, JSON_FLOAT, 0, offsetof(struct subnet, field) - offsetof(struct subnet, pool),         \
      sizeof(double) }
static const struct json_member pool_members[] = {
    IN_POOL(pool.total, "total_ips_in_allocation_pool"),
    IN_POOL(pool.used, "used_ips_in_allocation_pool"),
};
static const struct json_shape pool_shape = { "details", pool_members, ARRAY_SIZE(pool_members),
                                              false };
static const struct json_member subnet_members[] = {
    JSON_FIELD(JSON_UUID, struct subnet, id, "subnet_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct subnet, version, "ip_version", JSON_REQUIRED, 4, 6),
    JSON_FIELD(JSON_FLOAT, struct subnet, total, "total_ips", JSON_REQUIRED),
    JSON_FIELD(JSON_FLOAT, struct subnet, used, "used_ips", JSON_REQUIRED),
    JSON_FIELD_OBJECT(struct subnet, pool, "ip_availability_details", JSON_NULLABLE, &pool_shape),
};
static const struct json_shape subnet_shape = { "subnet", subnet_members,
                                                ARRAY_SIZE(subnet_members), false };
static const struct json_member availability_members[] = {
    JSON_FIELD_ARRAY(struct availability, subnets, count, "subnet_ip_availability", JSON_REQUIRED,
                     JSON_OBJECT, &subnet_shape),
};
static const struct json_shape availability_shape = {
    "network_ip_availability", availability_members, ARRAY_SIZE(availability_members), false
};

/* Subnets with service types give addresses to certain owners only, and ours is none of them. */
static bool is_for_us(const struct json *subnets, const char *id)
{
    for (size_t i = 0; i < json_length(subnets); i++) {
        const struct json *subnet = json_element(subnets, i);

        if (text_equal(json_text(json_at(subnet, "id")), id))
            return json_length(json_at(subnet, "service_types")) == 0;
    }
    return true;
}

static double free_in(const struct subnet *subnet)
{
    bool detailed = subnet->pool.total >= 0 && subnet->pool.used >= 0;
    double left = detailed ? subnet->pool.total - subnet->pool.used : subnet->total - subnet->used;

    return left > 0 ? left : 0;
}

static int64_t fewest_free(const struct availability *availability, const struct json *subnets)
{
    double left[7] = { 0 };
    bool there[7] = { false };
    double fewest = 0x1p63;

    for (size_t i = 0; i < availability->count; i++) {
        const struct subnet *subnet = &availability->subnets[i];

        if (!is_for_us(subnets, subnet->id))
            continue;
        there[subnet->version] = true;
        left[subnet->version] += free_in(subnet);
    }
    for (size_t version = 0; version < ARRAY_SIZE(left); version++)
        if (there[version] && left[version] < fewest)
            fewest = left[version];
    return fewest < 0x1p63 ? (int64_t)fewest : INT64_MAX;
}

static int read_availability(const struct json *body, const char *network_id,
                             struct availability *ret_availability, struct error *error)
{
    struct error why = { 0 };

    ret_availability->count = 0;
    for (size_t i = 0; i < SUBNETS_MOST; i++)
        ret_availability->subnets[i].pool.total = ret_availability->subnets[i].pool.used = -1;
    if (json_read(json_at(body, "network_ip_availability"), &availability_shape, ret_availability,
                  &why))
        return misunderstood("addresses", network_id, &why, error);
    return 0;
}

int network_free_addresses(struct client *client, const char *network_id, int64_t *ret_free,
                           struct error *error)
{
    auto_json *body = NULL, *subnets = NULL;
    struct availability availability;
    int status = get_by_id(client, SERVICE_NETWORK, "/network-ip-availabilities/", network_id, "",
                           &body, error);

    if (!status)
        status = read_availability(body, network_id, &availability, error);
    /* With one subnet only there is no choice. */
    if (!status && availability.count > 1)
        status = get_by_id(client, SERVICE_NETWORK, "/subnets?network_id=", network_id,
                           "&fields=id&fields=service_types", &subnets, error);
    if (!status)
        *ret_free = fewest_free(&availability, json_at(subnets, "subnets"));
    return status;
}

/* ---- the fingerprint ---- */

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(name, names[i]))
            return true;
    return false;
}

/* What a port takes over from its network when it is made; not its status, name, or revision. */
static bool shapes_a_port(const char *name)
{
    static const char *const names[] = { "id", "project_id", "mtu", "port_security_enabled",
                                         "qos_policy_id", "dns_domain", "vlan_transparent",
                                         "l2_adjacency" };

    return is_among(name, names, ARRAY_SIZE(names));
}

/* What decides which addresses it gets; what DHCP tells later (routes, name servers) is not its. */
static bool shapes_an_address(const char *name)
{
    static const char *const names[] = { "id", "cidr", "ip_version", "enable_dhcp",
                                         "ipv6_address_mode", "ipv6_ra_mode", "allocation_pools",
                                         "service_types", "segment_id", "dns_publish_fixed_ip" };

    return is_among(name, names, ARRAY_SIZE(names));
}

static bool is_id(const char *name)
{
    return text_equal(name, "id");
}

/* Of the groups only that they are there: their rules hold for a port whenever it was made. */
static int add_groups(struct client *client, size_t count, const char (*groups)[ID_SIZE],
                      struct strbuf *out, struct error *error)
{
    auto_strbuf path = STRBUF_INIT(4096);
    auto_json *body = NULL;
    struct call call = { .service = SERVICE_NETWORK, .method = "GET" };
    const struct json *found;
    int status;

    if (!count)
        return 0;
    strbuf_add_text(&path, "/security-groups?fields=id&");
    for (size_t i = 0; i < count; i++)
        query_add(&path, "id", groups[i]);
    call.path = strbuf_text(&path);
    status = client_call(client, &call, &body, error);
    if (status)
        return status;
    status = answer_part(SERVICE_NETWORK, body, "security_groups", true, &found, error);
    if (status)
        return status;
    if (json_length(found) < count)
        return error_set(error, -ENOENT, "%zu of %zu security groups are gone",
                         count - json_length(found), count);
    json_canonical(found, is_id, out);
    return 0;
}

static bool is_meant(const struct json *policies, const char *project_id)
{
    for (size_t i = 0; i < json_length(policies); i++) {
        const char *target = json_text(json_at(json_element(policies, i), "target_tenant"));

        if (text_equal(target, "*") || text_equal(target, project_id))
            return true;
    }
    return false;
}

/* A project makes ports on its own networks and on those that are shared with it, with all or by a
 * rule.  What Neutron calls shared is so for who asks, which is us; or for everybody. */
static int check_shared(struct client *client, const struct json *network, const char *network_id,
                        const char *project_id, struct error *error)
{
    auto_json *body = NULL;
    const struct json *policies;
    int status;

    if (text_equal(json_text(json_at(network, "project_id")), project_id))
        return 0;
    status = get_by_id(client, SERVICE_NETWORK,
                       "/rbac-policies?object_type=network&action=access_as_shared"
                       "&fields=target_tenant&object_id=", network_id, "", &body, error);
    if (!status)
        status = answer_part(SERVICE_NETWORK, body, "rbac_policies", true, &policies, error);
    if (status || is_meant(policies, project_id))
        return status;
    return error_set(error, -EPERM, "network %s is not shared with project %s (any more)",
                     network_id, project_id);
}

/* Network and subnets, as far as they shape a port, if the project may use them. */
static int add_network(struct client *client, const char *project_id, const char *network_id,
                       struct strbuf *out, struct error *error)
{
    auto_json *network_body = NULL, *subnets_body = NULL;
    const struct json *network, *subnets;
    int status = get_by_id(client, SERVICE_NETWORK, "/networks/", network_id, "", &network_body,
                           error);

    if (!status)
        status = answer_part(SERVICE_NETWORK, network_body, "network", false, &network, error);
    if (!status)
        status = check_shared(client, network, network_id, project_id, error);
    if (!status)
        status = get_by_id(client, SERVICE_NETWORK, "/subnets?network_id=", network_id, "",
                           &subnets_body, error);
    if (!status)
        status = answer_part(SERVICE_NETWORK, subnets_body, "subnets", true, &subnets, error);
    if (status)
        return status;
    json_canonical(network, shapes_a_port, out);
    json_canonical(subnets, shapes_an_address, out);
    return 0;
}

int network_fingerprint(struct client *client, const char *project_id, const char *network_id,
                        size_t group_count, const char (*groups)[ID_SIZE],
                        char ret_digest[static DIGEST_SIZE], struct error *error)
{
    auto_strbuf text = STRBUF_INIT(1 << 20);
    int status = add_network(client, project_id, network_id, &text, error);

    if (!status)
        status = add_groups(client, group_count, groups, &text, error);
    if (status)
        return status;
    if (text.status)
        return error_set(error, text.status, "network %s has too many subnets to compare",
                         network_id);
    digest_of(strbuf_text(&text), text.length, ret_digest);
    return 0;
}
