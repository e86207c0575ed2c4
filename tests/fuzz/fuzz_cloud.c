/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the other services answer, each decoder of src/cloud.  The input's first byte says which
 * call is made, as its letter in the table below; the rest are the answers, see answers.h.
 */
#include <stdio.h>

#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

#define ID "a46911b2-8eb1-4ea6-804c-6b84d8a6e5c6"
#define MOST 20

static struct client *client;
static struct error error;

static void must_be_ids(const void *rows, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        fuzz_must(text_is_uuid((const char *)rows + i * size));
}

static int port_get(void)
{
    static struct port port;
    int status = network_port_get(client, ID, &port, &error);

    if (!status)
        fuzz_must(text_is_uuid(port.id) && port.group_count <= ARRAY_SIZE(port.groups));
    return status;
}

static int port_list(void)
{
    static struct port ports[MOST];
    size_t count = 0;
    int status = network_port_list(client, ANSWERS_PROJECT, NULL, NULL, MOST, ports, &count,
                                   &error);

    fuzz_must(count <= MOST);
    must_be_ids(ports, status ? 0 : count, sizeof(ports[0]));
    return status;
}

static int free_addresses(void)
{
    int64_t left = -1;
    int status = network_free_addresses(client, ID, &left, &error);

    fuzz_must(status || left >= 0);
    return status;
}

static int fingerprint(void)
{
    static const char groups[1][ID_SIZE] = { ID };
    char digest[DIGEST_SIZE];

    return network_fingerprint(client, ANSWERS_PROJECT, ID, 1, groups, digest, &error);
}

static int volume(void)
{
    static struct volume volume;
    int status = volume_get(client, ID, &volume, &error);

    fuzz_must(status || text_is_uuid(volume.id));
    return status;
}

static int volumes(void)
{
    static struct volume volumes[MOST];
    size_t count = 0;
    int status = volume_list(client, NULL, NULL, MOST, volumes, &count, &error);

    fuzz_must(count <= MOST);
    must_be_ids(volumes, status ? 0 : count, sizeof(volumes[0]));
    return status;
}

static int transfer_create(void)
{
    struct transfer transfer;
    int status = volume_transfer_create(client, ID, &transfer, &error);

    if (!status)
        fuzz_must_end(transfer.auth_key);
    return status;
}

static int transfers(void)
{
    static struct transfer transfers[MOST];
    size_t count = 0;
    int status = volume_transfer_list(client, MOST, transfers, &count, &error);

    must_be_ids(transfers, status ? 0 : count, sizeof(transfers[0]));
    return status;
}

static int type_fingerprint(void)
{
    char digest[DIGEST_SIZE];

    return volume_type_fingerprint(client, ID, digest, &error);
}

static int image(void)
{
    static struct image image;
    int status = image_get(client, ID, &image, &error);

    fuzz_must(status || (text_is_uuid(image.id) && image_cached_size(&image) >= 0));
    return status;
}

static int aggregates(void)
{
    auto_aggregates found = { 0 };
    int status = compute_aggregates(client, &found, &error);

    for (size_t i = 0; !status && i < found.count; i++) {
        fuzz_must(found.items[i].first_host + found.items[i].host_count <= found.host_count);
        aggregate_admits(&found.items[i], ANSWERS_PROJECT);
    }
    return status;
}

static int services(void)
{
    static struct compute_service services[MOST];
    size_t count = 0;
    int status = compute_services(client, MOST, services, &count, &error);

    must_be_ids(services, status ? 0 : count, sizeof(services[0]));
    return status;
}

static int hypervisors(void)
{
    static struct hypervisor hypervisors[MOST];
    size_t count = 0;
    int status = compute_hypervisors(client, NULL, MOST, hypervisors, &count, &error);

    must_be_ids(hypervisors, status ? 0 : count, sizeof(hypervisors[0]));
    return status;
}

static int servers(void)
{
    static struct compute_server servers[MOST];
    size_t count = 0;
    int status = compute_servers(client, 1764000000000, NULL, MOST, servers, &count, &error);

    must_be_ids(servers, status ? 0 : count, sizeof(servers[0]));
    return status;
}

static int server_history(void)
{
    static struct instance instances[MOST];
    size_t count = 0;
    int status = server_list(client, 0, NULL, MOST, instances, &count, &error);

    must_be_ids(instances, status ? 0 : count, sizeof(instances[0]));
    return status;
}

static int gnocchi_instances(void)
{
    static struct instance instances[MOST];
    const struct metric_page page = { .until_ms = 1 << 30, .most = MOST };
    struct metric_progress progress;
    size_t count = 0;
    int status = metric_instances(client, &page, instances, &count, &progress, &error);

    fuzz_must(count <= MOST);
    return status;
}

static int gnocchi_backlog(void)
{
    int64_t measures;

    return metric_backlog(client, &measures, &error);
}

static int gnocchi_points(void)
{
    static struct metric_point points[MOST];
    const struct metric_question question = {
        .resource_type = "instance", .group_by = "host", .metrics = { "cpu" },
        .granularity_s = 300, .until_ms = 1 << 30,
    };
    size_t count = 0;
    int status = metric_ask(client, &question, points, MOST, &count, &error);

    for (size_t i = 0; !status && i < count; i++)
        fuzz_must_end(points[i].group);
    return status;
}

static int cache_image(void)
{
    return compute_cache_image(client, 1, ID, &error);
}

static int project(void)
{
    return identity_check_project(client, ANSWERS_PROJECT, &error);
}

static int audience(void)
{
    static const struct image shared = { .id = ID, .visibility = "shared" };
    char digest[DIGEST_SIZE];

    return image_audience(client, &shared, digest, &error);
}

static int (*const calls[])(void) = {
    port_get,    /* a */ port_list, free_addresses, fingerprint,
    volume,      /* e */ volumes,   transfer_create, transfers, type_fingerprint,
    image,       /* j */ aggregates, services, hypervisors, servers, server_history,
    gnocchi_instances, /* p */ gnocchi_backlog, gnocchi_points, cache_image,
    project,     /* t */ audience,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cloud *cloud;
    int status;

    if (size == 0)
        return 0;
    cloud = answers_cloud(60);
    fuzz_must(client_open(cloud, &client, NULL) == 0);
    error = (struct error){ 0 };
    answers_set(data + 1, size - 1);
    status = calls[(size_t)(data[0] >= 'a' ? data[0] - 'a' : data[0]) % ARRAY_SIZE(calls)]();
    fuzz_must(status == 0 || error.message[0]);
    client_close(client);
    cloud_close(cloud);
    return 0;
}
