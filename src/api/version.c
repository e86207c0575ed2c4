/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version discovery, and the microversion a request asks for.  There is one microversion so far, so
 * nobody keeps the negotiated one; a handler that comes to differ by it will.
 */
#include "api/version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/reply.h"
#include "api/resources.h"

#define MAJOR 1
#define MINOR_MIN 0
#define MINOR_MAX 1

/* ---- negotiation ---- */

static int malformed(struct error *error)
{
    return error_set(error, -EINVAL, "The header OpenStack-API-Version must be like '%s %s' or "
                     "'%s latest'", SERVICE_TYPE, VERSION_MAX, SERVICE_TYPE);
}

/* A part of a version: digits, no sign, no leading zero, at most four. */
static int read_part(const char **text)
{
    int value = 0, digits = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++, digits++)
        value = digits < 5 ? value * 10 + (**text - '0') : value;
    return digits == 0 || digits > 4 ? -1 : value;
}

static int read_version(const char *text, int *ret_minor, struct error *error)
{
    int major, minor;

    if (strcmp(text, "latest") == 0) {
        *ret_minor = MINOR_MAX;
        return 0;
    }
    major = read_part(&text);
    if (major < 0 || *text++ != '.')
        return malformed(error);
    minor = read_part(&text);
    if (minor < 0 || *text)
        return malformed(error);
    if (major != MAJOR || minor < MINOR_MIN || minor > MINOR_MAX)
        return error_set(error, -ERANGE, "There is no version %d.%d of this API; it has %s to %s",
                         major, minor, VERSION_MIN, VERSION_MAX);
    *ret_minor = minor;
    return 0;
}

/* One "service version" of the header; the other services' are none of our business. */
static int read_entry(const char *entry, size_t length, bool *found, int *ret_minor,
                      struct error *error)
{
    char service[64], version[64], rest[2];
    char text[128];
    int minor = 0, status;

    if (length >= sizeof(text))
        return malformed(error);
    memcpy(text, entry, length);
    text[length] = '\0';
    if (sscanf(text, " %63s %63s %1s", service, version, rest) != 2)
        return malformed(error);
    if (strcmp(service, SERVICE_TYPE))
        return 0;
    status = read_version(version, &minor, error);
    if (status)
        return status;
    if (*found && minor != *ret_minor)
        return error_set(error, -EINVAL, "The header OpenStack-API-Version asks for two versions");
    *found = true;
    *ret_minor = minor;
    return 0;
}

int version_negotiate(const char *header, int *ret_minor, struct error *error)
{
    int minor = MINOR_MIN;
    bool found = false;

    while (*header) {
        size_t length = strcspn(header, ",");
        bool empty = strspn(header, " \t") >= length;
        int status = empty ? 0 : read_entry(header, length, &found, &minor, error);

        if (status)
            return status;
        header += length + (header[length] == ',');
    }
    *ret_minor = minor;
    return 0;
}

/* ---- discovery ---- */

static void put_link(struct json_writer *writer, const struct request *request, const char *rel,
                     const char *path)
{
    auto_strbuf href = STRBUF_INIT(1024);

    request_base(request, &href);
    strbuf_add_text(&href, path);
    json_begin_object(writer, NULL);
    json_put_text(writer, "rel", rel);
    json_put_text(writer, "href", strbuf_text(&href));
    json_end_object(writer);
}

static void put_version(struct json_writer *writer, const char *name,
                        const struct request *request)
{
    json_begin_object(writer, name);
    json_put_text(writer, "id", "v" VERSION_MAX);
    json_put_text(writer, "status", "CURRENT");
    json_put_text(writer, "min_version", VERSION_MIN);
    json_put_text(writer, "max_version", VERSION_MAX);
    json_begin_array(writer, "links");
    put_link(writer, request, "self", "/v1");
    put_link(writer, request, "collection", "/");
    json_end_array(writer);
    json_end_object(writer);
}

int versions_list(struct request *request, struct reply *reply,
                  struct error *error __attribute__((unused)))
{
    struct json_writer writer = reply_json(reply, 200);

    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "versions");
    put_version(&writer, NULL, request);
    json_end_array(&writer);
    json_end_object(&writer);
    return 0;
}

int versions_show(struct request *request, struct reply *reply,
                  struct error *error __attribute__((unused)))
{
    struct json_writer writer = reply_json(reply, 200);

    json_begin_object(&writer, NULL);
    put_version(&writer, "version", request);
    json_end_object(&writer);
    return 0;
}
