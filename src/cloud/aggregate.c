/* SPDX-License-Identifier: Apache-2.0 */
/* Nova's aggregates, and the images that it caches on their hosts; see compute.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/compute.h"

#define AGGREGATES_MOST 10000
#define HOSTS_MOST 100000
#define LISTS_AGGREGATES "compute 2.53"
#define CACHES_IMAGES "compute 2.81"
#define TENANT_KEY "filter_tenant_id" /* and whatever follows, by which a key may be repeated */

void aggregates_free(struct aggregates *aggregates)
{
    free(aggregates->items);
    free(aggregates->hosts);
    *aggregates = (struct aggregates){ 0 };
}

/* ---- reading ---- */

static const struct json_member aggregate_members[] = {
    JSON_FIELD_RANGE(JSON_INT, struct aggregate, id, "id", JSON_REQUIRED, 1, INT32_MAX),
    JSON_FIELD(JSON_TEXT, struct aggregate, name, "name", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct aggregate, zone, "availability_zone", JSON_NULLABLE),
};
static const struct json_shape aggregate_shape = { "aggregate", aggregate_members,
                                                   ARRAY_SIZE(aggregate_members), false };

static void add_project(struct aggregate *aggregate, const char *id, size_t length)
{
    size_t used = strlen(aggregate->projects);

    if (length && used + length + 2 <= sizeof(aggregate->projects)) {
        memcpy(aggregate->projects + used, id, length);
        memcpy(aggregate->projects + used + length, ",", 2);
    }
}

static void add_projects(struct aggregate *aggregate, const char *list)
{
    aggregate->isolated = true;
    for (size_t length; *list; list += length + (list[length] != '\0')) {
        length = strcspn(list, ", ");
        add_project(aggregate, list, length);
    }
}

/* The keys that Nova's AggregateMultiTenancyIsolation and its prefilter look at. */
static void read_isolation(const struct json *metadata, struct aggregate *aggregate)
{
    char key[sizeof(TENANT_KEY) + 8] = TENANT_KEY;
    const char *list = json_text(json_at(metadata, key));

    if (list)
        add_projects(aggregate, list);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), TENANT_KEY "%d", i);
        list = json_text(json_at(metadata, key));
        if (list)
            add_projects(aggregate, list);
    }
}

bool aggregate_admits(const struct aggregate *aggregate, const char *project_id)
{
    size_t length = strlen(project_id);
    const char *at = aggregate->projects;

    if (!aggregate->isolated)
        return true;
    while (length && (at = strstr(at, project_id))) {
        if (at[length] == ',' && (at == aggregate->projects || at[-1] == ','))
            return true;
        at += length;
    }
    return false;
}

static int read_hosts(const struct json *list, struct host_name *hosts, struct error *error)
{
    for (size_t i = 0; i < json_length(list); i++) {
        const char *name = json_text(json_element(list, i));

        if (!name || !*name || text_copy(hosts[i].text, sizeof(hosts[i].text), name))
            return error_set(error, -EINVAL, "aggregate.hosts[%zu] is no host's name", i);
    }
    return 0;
}

static int read_aggregate(const struct json *json, struct aggregates *aggregates,
                          struct error *error)
{
    struct aggregate *aggregate = &aggregates->items[aggregates->count];
    const struct json *hosts = json_at(json, "hosts");
    int status = json_read(json, &aggregate_shape, aggregate, error);

    if (status)
        return status;
    read_isolation(json_at(json, "metadata"), aggregate);
    aggregate->first_host = aggregates->host_count;
    aggregate->host_count = json_length(hosts);
    aggregates->host_count += aggregate->host_count;
    aggregates->count++;
    return read_hosts(hosts, &aggregates->hosts[aggregate->first_host], error);
}

static size_t count_hosts(const struct json *list)
{
    size_t count = 0;

    for (size_t i = 0; i < json_length(list); i++)
        count += json_length(json_at(json_element(list, i), "hosts"));
    return count;
}

static int read_aggregates(const struct json *list, struct aggregates *aggregates,
                           struct error *error)
{
    size_t count = json_length(list), hosts = count_hosts(list);
    int status = 0;

    if (count > AGGREGATES_MOST || hosts > HOSTS_MOST)
        return error_set(error, -EPROTO, "there are %zu aggregates with %zu hosts: more than "
                         "%d with %d are not looked at", count, hosts, AGGREGATES_MOST,
                         HOSTS_MOST);
    aggregates->items = calloc(count + 1, sizeof(*aggregates->items));
    aggregates->hosts = calloc(hosts + 1, sizeof(*aggregates->hosts));
    if (!aggregates->items || !aggregates->hosts)
        return error_set(error, -ENOMEM, "no memory for %zu aggregates", count);
    for (size_t i = 0; i < count && !status; i++)
        status = read_aggregate(json_element(list, i), aggregates, error);
    return status;
}

int compute_aggregates(struct client *client, struct aggregates *ret_aggregates,
                       struct error *error)
{
    const struct call call = { .service = SERVICE_COMPUTE, .method = "GET",
                               .path = "/os-aggregates", .microversion = LISTS_AGGREGATES };
    auto_json *body = NULL;
    auto_aggregates found = { 0 };
    struct error why = { 0 };
    int status = client_call(client, &call, &body, error);

    if (status)
        return status;
    status = read_aggregates(json_at(body, "aggregates"), &found, &why);
    if (status)
        return error_set(error, status == -ENOMEM ? status : -EPROTO,
                         "Nova's answer about its aggregates is not understood: %s", why.message);
    *ret_aggregates = found;
    found = (struct aggregates){ 0 };
    return 0;
}

/* ---- caching ---- */

static void write_cache(const char *image_id, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "cache");
    json_begin_object(&writer, NULL);
    json_put_text(&writer, "id", image_id);
    json_end_object(&writer);
    json_end_array(&writer);
    json_end_object(&writer);
}

int compute_cache_image(struct client *client, int64_t aggregate_id, const char *image_id,
                        struct error *error)
{
    auto_strbuf path = STRBUF_INIT(256), body = STRBUF_INIT(256);
    struct call call = { .service = SERVICE_COMPUTE, .method = "POST",
                         .microversion = CACHES_IMAGES };

    strbuf_add_format(&path, "/os-aggregates/%" PRId64 "/images", aggregate_id);
    write_cache(image_id, &body);
    call.path = strbuf_text(&path);
    call.body = strbuf_text(&body);
    return client_call(client, &call, NULL, error);
}
