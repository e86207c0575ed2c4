/* SPDX-License-Identifier: Apache-2.0 */
/* Where each service is; see catalog.h. */
#include "cloud/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *types[4]; /* in the catalog, the official one first */
    const char *version;
    bool per_project; /* the project's id follows the version */
} services[SERVICES] = {
    [SERVICE_IDENTITY] = { "Keystone", { "identity" }, "v3", false },
    [SERVICE_NETWORK] = { "Neutron", { "network" }, "v2.0", false },
    [SERVICE_VOLUME] = { "Cinder", { "block-storage", "volumev3", "volume" }, "v3", true },
    [SERVICE_IMAGE] = { "Glance", { "image" }, "v2", false },
    [SERVICE_COMPUTE] = { "Nova", { "compute" }, "v2.1", false },
    [SERVICE_METRIC] = { "Gnocchi", { "metric" }, "v1", false },
};

const char *service_name(enum service service)
{
    return services[service].name;
}

/* ---- the root of a version ---- */

/* "v3", "v2.0": as the last steps of an endpoint's path are written. */
static bool is_version(const char *step, size_t length)
{
    return length >= 2 && step[0] == 'v' && step[1] >= '0' && step[1] <= '9' &&
           strspn(step + 1, "0123456789.") >= length - 1;
}

/* 'length' of the URL without its last step; the same when there is none. */
static size_t without_step(const char *url, size_t host_end, size_t length)
{
    size_t at = length;

    while (at > host_end && url[at - 1] != '/')
        at--;
    return at > host_end ? at - 1 : length;
}

static size_t without_slashes(const char *url, size_t host_end, size_t length)
{
    while (length > host_end && url[length - 1] == '/')
        length--;
    return length;
}

/* How much of the endpoint stands before its version; all of it when it has none.  What follows a
 * version is a project, or a place for one. */
static size_t before_version(const char *url, size_t host_end)
{
    size_t end = without_slashes(url, host_end, strlen(url));
    size_t step = end;

    for (int depth = 0; depth < 2; depth++) {
        size_t before = without_step(url, host_end, step);

        if (before == step)
            break;
        if (is_version(url + before + 1, step - before - 1))
            return without_slashes(url, host_end, before);
        step = before;
    }
    return end;
}

int catalog_root(const char *endpoint, enum service service, const char *project_id,
                 char ret_root[static URL_SIZE], struct error *error)
{
    bool per_project = services[service].per_project;
    const char *host = strstr(endpoint, "://");
    size_t host_end;
    int length;

    if (!host || (strncmp(endpoint, "http://", 7) && strncmp(endpoint, "https://", 8)))
        return error_set(error, -EINVAL,
                         "%s's endpoint \"%s\" is no URL that begins with http:// or https://",
                         service_name(service), endpoint);
    host_end = (size_t)(host + 3 - endpoint) + strcspn(host + 3, "/");
    length = snprintf(ret_root, URL_SIZE, "%.*s/%s%s%s",
                      (int)before_version(endpoint, host_end), endpoint, services[service].version,
                      per_project ? "/" : "", per_project ? project_id : "");
    if (length < 0 || length >= URL_SIZE)
        return error_set(error, -EINVAL, "%s's endpoint is longer than %d bytes",
                         service_name(service), URL_SIZE);
    return 0;
}

/* ---- the catalog ---- */

static bool has_text(const struct json *json, const char *member, const char *text)
{
    return text_equal(json_text(json_at(json, member)), text);
}

static bool is_in_region(const struct json *endpoint, const char *region)
{
    return !*region || has_text(endpoint, "region_id", region) ||
           has_text(endpoint, "region", region);
}

static const char *find_endpoint(const struct json *endpoints, const char *region,
                                 const char *interface)
{
    for (size_t i = 0; i < json_length(endpoints); i++) {
        const struct json *endpoint = json_element(endpoints, i);
        const char *url = json_text(json_at(endpoint, "url"));

        if (url && has_text(endpoint, "interface", interface) && is_in_region(endpoint, region))
            return url;
    }
    return NULL;
}

const char *catalog_find(const struct json *catalog, enum service service, const char *region,
                         const char *interface)
{
    for (const char *const *type = services[service].types; *type; type++)
        for (size_t i = 0; i < json_length(catalog); i++) {
            const struct json *entry = json_element(catalog, i);
            const char *url = NULL;

            if (has_text(entry, "type", *type))
                url = find_endpoint(json_at(entry, "endpoints"), region, interface);
            if (url)
                return url;
        }
    return NULL;
}
