/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/port, network, volume, transfer and list: what is read from answers as Neutron and
 * Cinder of 2026.1 gave them, and what is asked for.
 */
#include <errno.h>
#include <string.h>

#include "served_client.h"
#include "unit.h"

#define NETWORK "a46911b2-8eb1-4ea6-804c-6b84d8a6e5c6"
#define SUBNET4 "a8dab294-0091-4049-9c08-25bcc20aab59"
#define SUBNET6 "b8dab294-0091-4049-9c08-25bcc20aab59"
#define PORT "421dd1ce-eef2-49e0-926b-88b7605b3c00"
#define ITEM "5e7c2f14-5bd6-4b7e-9f0e-0d6f60a4b1c3"
#define GROUP "2a905393-8820-45ac-92a1-29f4953a3796"
#define VOLUME "af706140-1477-4cf1-87b1-b9c2c7fb3d96"
#define TYPE "df23d176-3ef8-4802-ae97-aa2fab08fa86"
#define IMAGE "a4579584-5a20-47e7-b506-a1a73a519ea3"
#define TRANSFER "c460ab62-961e-4af3-9335-9d70dd067448"

/* ---- ports ---- */

#define PORT_JSON(id)                                                                              \
    "{\"id\":\"" id "\",\"name\":\"\",\"network_id\":\"" NETWORK "\","                             \
    "\"project_id\":\"" OUR_PROJECT "\",\"mac_address\":\"fa:16:3e:75:e4:f1\","                \
    "\"admin_state_up\":true,\"status\":\"DOWN\","                                               \
    "\"device_id\":\"" ITEM "\",\"device_owner\":\"larder:pool\",\"fixed_ips\":[{\"subnet_id\":\"" \
    SUBNET4 "\",\"ip_address\":\"10.10.1.44\"}],\"allowed_address_pairs\":[],"                     \
    "\"extra_dhcp_opts\":[],\"security_groups\":[\"" GROUP "\"],\"description\":\"\","             \
    "\"binding:vnic_type\":\"normal\",\"binding:profile\":{},\"binding:host_id\":\"\","            \
    "\"port_security_enabled\":true,\"tags\":[],\"revision_number\":1,\"tenant_id\":\""            \
    OUR_PROJECT "\"}"
#define NEXT(name) ",\"" name "_links\":[{\"rel\":\"next\",\"href\":\"http://n/v2.0?marker=x\"}]"

START_TEST(test_port_create)
{
    static const char groups[][ID_SIZE] = { GROUP };
    const struct port_spec spec = { NETWORK, ITEM, 1, groups };
    struct port port;

    START({ 201, NULL, "{\"port\":" PORT_JSON(PORT) "}", FAULT_NONE });
    ck_assert_int_eq(network_port_create(client, &spec, &port, &error), 0);
    ck_assert_str_eq(port.id, PORT);
    ck_assert_str_eq(port.project_id, OUR_PROJECT);
    ck_assert_str_eq(port.network_id, NETWORK);
    ck_assert_str_eq(port.device_id, ITEM);
    ck_assert_str_eq(port.device_owner, POOL_DEVICE_OWNER);
    ck_assert_str_eq(port.status, "DOWN");
    ck_assert_uint_eq(port.group_count, 1);
    ck_assert_str_eq(port.groups[0], GROUP);
    ck_assert_uint_eq(port.address_count, 1);
    ck_assert(asked(1, "POST /s1/v2.0/ports HTTP"));
    ck_assert(asked(1, "{\"port\":{\"network_id\":\"" NETWORK "\",\"admin_state_up\":true,"
                       "\"device_id\":\"" ITEM "\",\"device_owner\":\"larder:pool\","
                       "\"security_groups\":[\"" GROUP "\"]}}"));
    finish();
}
END_TEST

/* Else it would get the default group of the project that holds the pools. */
START_TEST(test_port_without_groups)
{
    const struct port_spec spec = { NETWORK, ITEM, 0, NULL };
    struct port port;

    START({ 201, NULL, "{\"port\":" PORT_JSON(PORT) "}", FAULT_NONE });
    ck_assert_int_eq(network_port_create(client, &spec, &port, &error), 0);
    ck_assert(asked(1, "\"security_groups\":[]"));
    finish();
}
END_TEST

START_TEST(test_port_nonsense)
{
    struct port port;

    START(OK("{\"port\":{\"id\":\"" PORT "\"}}"), OK("{\"port\":7}"), OK("[]"), OK(""));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(network_port_get(client, PORT, &port, &error), -EPROTO);
    ck_assert_int_eq(network_port_get(client, "../networks", &port, &error), -EINVAL);
    ck_assert_int_eq(network_port_delete(client, "", &error), -EINVAL);
    ck_assert_uint_eq(server.served, 5);
    finish();
}
END_TEST

/* Pages may be shorter than asked for: the list ends where the service says so. */
START_TEST(test_port_list)
{
    struct port ports[10];
    size_t count;

    START(OK("{\"ports\":[" PORT_JSON(PORT) "," PORT_JSON(ITEM) "]" NEXT("ports") "}"),
          OK("{\"ports\":[" PORT_JSON(GROUP) "]}"));
    ck_assert_int_eq(network_port_list(client, OUR_PROJECT, NULL, NULL, 10, ports, &count, &error),
                     0);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(ports[0].id, PORT);
    ck_assert_str_eq(ports[2].id, GROUP);
    ck_assert(asked(1, "GET /s1/v2.0/ports?project_id=" OUR_PROJECT "&sort_key=id&sort_dir=asc"));
    ck_assert(asked(1, "limit=10 HTTP"));
    ck_assert(asked(2, "limit=8&marker=" ITEM));
    finish();
}
END_TEST

START_TEST(test_port_list_is_bounded)
{
    struct port ports[1];
    size_t count;

    START(OK("{\"ports\":[" PORT_JSON(PORT) "," PORT_JSON(ITEM) "]" NEXT("ports") "}"));
    ck_assert_int_eq(network_port_list(client, OUR_PROJECT, ITEM, GROUP, 1, ports, &count, &error),
                     0);
    ck_assert_uint_eq(count, 1);
    ck_assert(asked(1, "&device_id=" ITEM "&"));
    ck_assert(asked(1, "limit=1&marker=" GROUP));
    ck_assert_uint_eq(server.served, 2);
    finish();
}
END_TEST

START_TEST(test_port_list_ends)
{
    struct port ports[2];
    size_t count;

    START(OK("{\"ports\":[]" NEXT("ports") "}"));
    ck_assert_int_eq(network_port_list(client, OUR_PROJECT, NULL, NULL, 2, ports, &count, &error),
                     0);
    ck_assert_uint_eq(count, 0);
    finish();
}
END_TEST

START_TEST(test_port_list_without_its_marker)
{
    struct port ports[2];
    size_t count;

    START({ 404, NULL, "{\"NeutronError\": {\"type\": \"PortNotFound\", \"message\": \"no\"}}",
            FAULT_NONE });
    ck_assert_int_eq(network_port_list(client, OUR_PROJECT, NULL, GROUP, 2, ports, &count, &error),
                     -EAGAIN);
    finish();
}
END_TEST

/* ---- addresses ---- */

#define AVAILABLE(subnets)                                                                         \
    OK("{\"network_ip_availability\": {\"network_id\": \"" NETWORK                                 \
       "\", \"subnet_ip_availability\": [" subnets "], \"used_ips\": 1, \"total_ips\": 9}}")
#define SUBNET(id, version, used, total)                                                           \
    "{\"subnet_id\": \"" id "\", \"ip_version\": " version ", \"cidr\": \"10.10.0.0/16\", "        \
    "\"subnet_name\": \"n\", \"used_ips\": " used ", \"total_ips\": " total "}"
#define MANY_ID(id) "33393964-d3c9-4530-a2d7-47c43ddd43" id

static int64_t count_free(void)
{
    int64_t left = -1;

    ck_assert_int_eq(network_free_addresses(client, NETWORK, &left, &error), 0);
    return left;
}

START_TEST(test_free_addresses)
{
    START(AVAILABLE(SUBNET(SUBNET4, "4", "1", "65533")));
    ck_assert_int_eq(count_free(), 65532);
    ck_assert(asked(1, "GET /s1/v2.0/network-ip-availabilities/" NETWORK " HTTP"));
    ck_assert_uint_eq(server.served, 2);
    finish();
}
END_TEST

/* The gateway may lie outside of the pools: what counts is what the pools have left. */
START_TEST(test_free_addresses_in_pools)
{
    START(AVAILABLE("{\"subnet_id\": \"" SUBNET4 "\", \"ip_version\": 4, \"used_ips\": 12, "
                    "\"total_ips\": 10, \"ip_availability_details\": {\"total_ips_in_subnet\": "
                    "254, \"total_ips_in_allocation_pool\": 10, \"used_ips_in_subnet\": 12, "
                    "\"used_ips_in_allocation_pool\": 7}}"));
    ck_assert_int_eq(count_free(), 3);
    finish();
}
END_TEST

START_TEST(test_free_addresses_of_two_versions)
{
    static const char subnets[] =
        "{\"subnets\":[{\"id\":\"" MANY_ID("01") "\",\"service_types\":[]},"
        "{\"id\":\"" MANY_ID("02") "\",\"service_types\":[]},"
        "{\"id\":\"" SUBNET6 "\",\"service_types\":[]},"
        "{\"id\":\"" MANY_ID("03") "\",\"service_types\":[\"network:router_gateway\"]}]}";

    START(AVAILABLE(SUBNET(MANY_ID("01"), "4", "10", "12") "," SUBNET(MANY_ID("02"), "4", "3", "8")
                    "," SUBNET(SUBNET6, "6", "9", "18446744073709551614")
                    "," SUBNET(MANY_ID("03"), "4", "0", "100")),
          OK(subnets));
    ck_assert_int_eq(count_free(), 7);
    ck_assert(asked(2, "/v2.0/subnets?network_id=" NETWORK));
    finish();
}
END_TEST

START_TEST(test_free_addresses_at_the_edges)
{
    START(AVAILABLE(""), AVAILABLE(SUBNET(SUBNET4, "4", "9", "4")),
          AVAILABLE(SUBNET(SUBNET6, "6", "1", "1208925819614629174706175")));
    ck_assert_int_eq(count_free(), INT64_MAX);
    ck_assert_int_eq(count_free(), 0);
    ck_assert_int_eq(count_free(), INT64_MAX);
    finish();
}
END_TEST

/* ---- the network's fingerprint ---- */

#define NETWORK_JSON(name, status, updated, revision, mtu, qos, security, dns)                     \
    "{\"network\": {\"id\":\"" NETWORK "\",\"name\":\"" name "\",\"project_id\":\"" OUR_PROJECT    \
    "\",\"admin_state_up\":true,\"mtu\":" mtu ",\"status\":\"" status "\",\"subnets\":[],"         \
    "\"shared\":true,\"port_security_enabled\":" security ",\"tags\":[],\"updated_at\":\"" updated \
    "\",\"revision_number\":" revision ",\"qos_policy_id\":" qos ",\"dns_domain\":\"" dns "\"}}"
#define PLAIN_NETWORK                                                                              \
    NETWORK_JSON("private", "ACTIVE", "2026-11-24T07:29:21Z", "2", "1450", "null", "true", "")
#define SUBNET_JSON(id, pools, updated)                                                            \
    "{\"id\":\"" id "\",\"name\":\"s\",\"network_id\":\"" NETWORK "\",\"ip_version\":4,"           \
    "\"enable_dhcp\":true,\"ipv6_ra_mode\":null,\"ipv6_address_mode\":null,"                       \
    "\"gateway_ip\":\"10.10.0.1\",\"cidr\":\"10.10.0.0/16\",\"allocation_pools\":[" pools "],"     \
    "\"host_routes\":[],\"dns_nameservers\":[],\"service_types\":[],\"updated_at\":\"" updated "\"}"
#define POOL_A "{\"start\":\"10.10.0.2\",\"end\":\"10.10.0.9\"}"
#define POOL_B "{\"start\":\"10.10.1.2\",\"end\":\"10.10.1.9\"}"
#define SUBNETS(list) "{\"subnets\":[" list "]}"
#define PLAIN_SUBNETS                                                                              \
    SUBNETS(SUBNET_JSON(SUBNET4, POOL_A "," POOL_B, "1") "," SUBNET_JSON(SUBNET6, POOL_A, "1"))
#define GROUPS "{\"security_groups\": [{\"id\": \"" GROUP "\"}]}"

static const char group_ids[][ID_SIZE] = { GROUP };

/* The fingerprint from these three answers, of a client of its own. */
static void fingerprint(const char *network, const char *subnets, const char *groups,
                        char ret_digest[static DIGEST_SIZE])
{
    const struct reply replies[] = { LOGIN("t"), OK(network), OK(subnets), OK(groups) };

    start(replies, ARRAY_SIZE(replies));
    ck_assert_int_eq(network_fingerprint(client, OUR_PROJECT, NETWORK, 1, group_ids, ret_digest,
                                         &error), 0);
    ck_assert(asked(1, "GET /s1/v2.0/networks/" NETWORK " HTTP"));
    ck_assert(asked(3, "/v2.0/security-groups?fields=id&id=" GROUP));
    finish();
}

START_TEST(test_fingerprint_stays)
{
    char plain[DIGEST_SIZE], other[DIGEST_SIZE];

    fingerprint(PLAIN_NETWORK, PLAIN_SUBNETS, GROUPS, plain);
    fingerprint(NETWORK_JSON("renamed", "DOWN", "2027-01-01T00:00:00Z", "9", "1450", "null", "true",
                             ""),
                PLAIN_SUBNETS, GROUPS, other);
    ck_assert_str_eq(plain, other);
    fingerprint(PLAIN_NETWORK,
                SUBNETS(SUBNET_JSON(SUBNET6, POOL_A, "2") ","
                        SUBNET_JSON(SUBNET4, POOL_B "," POOL_A, "3")),
                GROUPS, other);
    ck_assert_str_eq(plain, other);
}
END_TEST

START_TEST(test_fingerprint_changes)
{
    static const struct {
        const char *network, *subnets;
    } cases[] = {
        { NETWORK_JSON("private", "ACTIVE", "1", "2", "1400", "null", "true", ""), PLAIN_SUBNETS },
        { NETWORK_JSON("private", "ACTIVE", "1", "2", "1450", "\"q\"", "true", ""), PLAIN_SUBNETS },
        { NETWORK_JSON("private", "ACTIVE", "1", "2", "1450", "null", "false", ""), PLAIN_SUBNETS },
        { NETWORK_JSON("private", "ACTIVE", "1", "2", "1450", "null", "true", "a"), PLAIN_SUBNETS },
        { PLAIN_NETWORK, SUBNETS(SUBNET_JSON(SUBNET4, POOL_A "," POOL_B, "1")) },
        { PLAIN_NETWORK,
          SUBNETS(SUBNET_JSON(SUBNET4, POOL_A, "1") "," SUBNET_JSON(SUBNET6, POOL_A, "1")) },
    };
    char plain[DIGEST_SIZE], other[DIGEST_SIZE];

    fingerprint(PLAIN_NETWORK, PLAIN_SUBNETS, GROUPS, plain);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        fingerprint(cases[i].network, cases[i].subnets, GROUPS, other);
        ck_assert_msg(strcmp(plain, other) != 0, "case %zu", i);
    }
}
END_TEST

START_TEST(test_fingerprint_of_what_is_gone)
{
    char digest[DIGEST_SIZE];

    START(OK(PLAIN_NETWORK), OK(PLAIN_SUBNETS), OK("{\"security_groups\": []}"),
          { 404, NULL, "{\"NeutronError\": {\"type\": \"NetworkNotFound\", \"message\": \"no\"}}",
            FAULT_NONE });
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(network_fingerprint(client, OUR_PROJECT, NETWORK, 1, group_ids, digest,
                                             &error), -ENOENT);
    finish();
}
END_TEST

/* Nothing is known then; above all not that something is gone, for which pools would be emptied. */
START_TEST(test_fingerprint_of_nonsense)
{
    static const struct {
        const char *network, *subnets, *groups;
    } cases[] = {
        { "[]", PLAIN_SUBNETS, GROUPS },
        { "{}", PLAIN_SUBNETS, GROUPS },
        { "{\"network\": []}", PLAIN_SUBNETS, GROUPS },
        { PLAIN_NETWORK, "{}", GROUPS },
        { PLAIN_NETWORK, "{\"subnets\": {}}", GROUPS },
        { PLAIN_NETWORK, PLAIN_SUBNETS, "{}" },
        { PLAIN_NETWORK, PLAIN_SUBNETS, "{\"security_groups\": null}" },
    };
    char digest[DIGEST_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct reply replies[] = { LOGIN("t"), OK(cases[i].network), OK(cases[i].subnets),
                                         OK(cases[i].groups) };

        start(replies, ARRAY_SIZE(replies));
        ck_assert_int_eq(network_fingerprint(client, OUR_PROJECT, NETWORK, 1, group_ids, digest,
                                             &error), -EPROTO);
        finish();
    }
    START(OK("{\"network\": {}}"), OK("{}"));
    ck_assert_int_eq(network_fingerprint(client, OUR_PROJECT, NETWORK, 0, NULL, digest, &error),
                     -EPROTO);
    finish();
}
END_TEST

#define RULES(list) "{\"rbac_policies\": [" list "]}"

START_TEST(test_fingerprint_of_what_is_shared)
{
    char digest[DIGEST_SIZE], owners[DIGEST_SIZE];

    fingerprint(PLAIN_NETWORK, PLAIN_SUBNETS, GROUPS, owners);
    START(OK(PLAIN_NETWORK), OK(RULES("{\"target_tenant\": \"someone\"}")), OK(PLAIN_NETWORK),
          OK(RULES("{\"target_tenant\": \"someone\"}, {\"target_tenant\": \"other\"}")),
          OK(PLAIN_SUBNETS), OK(GROUPS), OK(PLAIN_NETWORK), OK(RULES("{\"target_tenant\": \"*\"}")),
          OK(PLAIN_SUBNETS), OK(GROUPS));
    ck_assert_int_eq(network_fingerprint(client, "other", NETWORK, 1, group_ids, digest, &error),
                     -EPERM);
    ck_assert(asked(2, "/v2.0/rbac-policies?"));
    ck_assert(asked(2, "object_id=" NETWORK " HTTP"));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(network_fingerprint(client, "other", NETWORK, 1, group_ids, digest,
                                             &error), 0);
        ck_assert_str_eq(digest, owners);
    }
    finish();
}
END_TEST

/* ---- volumes ---- */

#define VOLUME_JSON(id, name, more)                                                                \
    "{\"id\": \"" id "\", \"status\": \"creating\", \"size\": 1, "                                 \
    "\"availability_zone\": \"nova\", \"name\": \"" name "\", \"updated_at\": null, "              \
    "\"created_at\": \"2026-11-24T07:52:45.973350\", "                                             \
    "\"description\": \"\", \"volume_type\": \"nfs\", \"snapshot_id\": null, \"metadata\": {}, "   \
    "\"bootable\": \"false\", \"encrypted\": false, \"attachments\": [], "                         \
    "\"migration_status\": null" more "}"
#define OWNED ", \"os-vol-tenant-attr:tenant_id\": \"" OUR_PROJECT "\""
#define LONG_NAME                                                                                  \
    "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää" \
    "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää"

START_TEST(test_volume_create)
{
    const struct volume_spec spec = { ITEM, IMAGE, 1, TYPE, "nova" };
    const struct volume_spec anywhere = { ITEM, IMAGE, 1, TYPE, "" };
    struct volume volume;

    START({ 202, NULL, "{\"volume\": " VOLUME_JSON(VOLUME, ITEM, "") "}", FAULT_NONE },
          { 202, NULL, "{\"volume\": " VOLUME_JSON(VOLUME, ITEM, "") "}", FAULT_NONE });
    ck_assert_int_eq(volume_create(client, &spec, &volume, &error), 0);
    ck_assert_str_eq(volume.id, VOLUME);
    ck_assert_str_eq(volume.name, ITEM);
    ck_assert_str_eq(volume.project_id, OUR_PROJECT);
    ck_assert_str_eq(volume.status, "creating");
    ck_assert_str_eq(volume.type, "nfs");
    ck_assert_str_eq(volume.zone, "nova");
    ck_assert_int_eq(volume.size, 1);
    ck_assert(!volume.encrypted);
    ck_assert(asked(1, "{\"volume\":{\"name\":\"" ITEM "\",\"description\":\"\",\"size\":1,"
                       "\"imageRef\":\"" IMAGE "\",\"volume_type\":\"" TYPE
                       "\",\"availability_zone\":\"nova\"}}"));
    ck_assert_int_eq(volume_create(client, &anywhere, &volume, &error), 0);
    ck_assert(!asked(2, "availability_zone"));
    finish();
}
END_TEST

START_TEST(test_volume_calls)
{
    struct volume volumes[4];
    size_t count;

    START(OK("{\"volume\": " VOLUME_JSON(VOLUME, "", OWNED) "}"),
          OK("{\"volume\": " VOLUME_JSON(VOLUME, "", OWNED) "}"), { 202, NULL, "", FAULT_NONE },
          OK("{\"volumes\": [" VOLUME_JSON(VOLUME, LONG_NAME, OWNED) "]" NEXT("volumes") "}"),
          OK("{\"volumes\": [" VOLUME_JSON(ITEM, "x", OWNED) "]}"));
    ck_assert_int_eq(volume_get(client, VOLUME, &volumes[0], &error), 0);
    ck_assert_str_eq(volumes[0].project_id, OUR_PROJECT);
    ck_assert_int_eq(volume_rename(client, VOLUME, "", &error), 0);
    ck_assert(asked(2, "PUT /s2/v3/" OUR_PROJECT "/volumes/" VOLUME " HTTP"));
    ck_assert(asked(2, "{\"volume\":{\"name\":\"\"}}"));
    ck_assert_int_eq(volume_delete(client, VOLUME, &error), 0);
    ck_assert(asked(3, "DELETE /s2/v3/" OUR_PROJECT "/volumes/" VOLUME " HTTP"));
    ck_assert_int_eq(volume_list(client, "a b&c", NULL, 4, volumes, &count, &error), 0);
    ck_assert_uint_eq(count, 2);
    ck_assert(asked(4, "/volumes/detail?name=a%20b%26c&limit=4 HTTP"));
    ck_assert_str_eq(volumes[1].id, ITEM);
    finish();
}
END_TEST

#define TRANSFER_JSON(key)                                                                         \
    "{\"id\": \"" TRANSFER "\", \"created_at\": \"2026-11-24T07:54:00.1\", \"name\": null, "       \
    "\"volume_id\": \"" VOLUME "\", " key "\"links\": []}"

START_TEST(test_transfers)
{
    struct transfer transfer, transfers[2];
    size_t count;

    START({ 202, NULL, "{\"transfer\": " TRANSFER_JSON("\"auth_key\": \"9266c59563c84664\", ") "}",
            FAULT_NONE },
          OK("{\"transfers\": [" TRANSFER_JSON("") "]}"), { 202, NULL, "", FAULT_NONE });
    ck_assert_int_eq(volume_transfer_create(client, VOLUME, &transfer, &error), 0);
    ck_assert_str_eq(transfer.id, TRANSFER);
    ck_assert_str_eq(transfer.volume_id, VOLUME);
    ck_assert_str_eq(transfer.auth_key, "9266c59563c84664");
    ck_assert(asked(1, "OpenStack-API-Version: volume 3.55\r\n"));
    ck_assert(asked(1, "{\"transfer\":{\"volume_id\":\"" VOLUME "\",\"no_snapshots\":true}}"));
    ck_assert_int_eq(volume_transfer_list(client, 2, transfers, &count, &error), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(transfers[0].volume_id, VOLUME);
    ck_assert_str_eq(transfers[0].auth_key, "");
    ck_assert_int_eq(volume_transfer_delete(client, TRANSFER, &error), 0);
    ck_assert(asked(3, "DELETE /s2/v3/" OUR_PROJECT "/volume-transfers/" TRANSFER " HTTP"));
    finish();
}
END_TEST

UNIT_MAIN("cloud/shapes", test_port_create, test_port_without_groups, test_port_nonsense,
          test_port_list, test_port_list_is_bounded, test_port_list_ends,
          test_port_list_without_its_marker, test_free_addresses, test_free_addresses_in_pools,
          test_free_addresses_of_two_versions, test_free_addresses_at_the_edges,
          test_fingerprint_stays, test_fingerprint_changes, test_fingerprint_of_what_is_gone,
          test_fingerprint_of_nonsense,
          test_fingerprint_of_what_is_shared, test_volume_create, test_volume_calls,
          test_transfers)
