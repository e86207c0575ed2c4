/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of Cinder; see volume.h.  Types are volume_type.c, transfers transfer.c. */
#include "cloud/volume.h"

#include <errno.h>

#include "cloud/list.h"

/* ---- reading ---- */

/* Cinder's names are counted in characters and may be longer than our fields in bytes: they are cut
 * by read_volume() instead of refused. */
static const struct json_member volume_members[] = {
    JSON_FIELD(JSON_UUID, struct volume, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct volume, project_id, "os-vol-tenant-attr:tenant_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct volume, status, "status", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct volume, zone, "availability_zone", JSON_NULLABLE),
    JSON_FIELD(JSON_INT, struct volume, size, "size", JSON_REQUIRED),
    JSON_FIELD(JSON_BOOL, struct volume, encrypted, "encrypted", JSON_NULLABLE),
};
static const struct json_shape volume_shape = { "volume", volume_members,
                                                ARRAY_SIZE(volume_members), false };

static int read_volume(const struct json *json, void *ret_volume, struct error *error)
{
    struct volume volume = { 0 };
    int status = json_read(json, &volume_shape, &volume, error);

    text_copy(volume.name, sizeof(volume.name), json_text(json_at(json, "name")));
    text_copy(volume.type, sizeof(volume.type), json_text(json_at(json, "volume_type")));
    if (!status)
        *(struct volume *)ret_volume = volume;
    return status;
}

/* The answer to 'call' and 'id', which are for the sentence. */
static int read_answer(const struct json *body, const char *call, const char *id,
                       struct volume *ret_volume, struct error *error)
{
    struct error why = { 0 };

    if (read_volume(json_at(body, "volume"), ret_volume, &why))
        return error_set(error, -EPROTO, "Cinder's answer to %s%s is not understood: %s", call, id,
                         why.message);
    return 0;
}

/* ---- calls ---- */

/* As Nova asks for it: with a description that is empty, not absent. */
static void write_volume(const struct volume_spec *spec, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "volume");
    json_put_text(&writer, "name", spec->name);
    json_put_text(&writer, "description", "");
    json_put_int(&writer, "size", spec->size);
    json_put_text(&writer, "imageRef", spec->image_id);
    json_put_text(&writer, "volume_type", spec->type_id);
    if (spec->zone && *spec->zone)
        json_put_text(&writer, "availability_zone", spec->zone);
    json_end_object(&writer);
    json_end_object(&writer);
}

int volume_create(struct client *client, const struct volume_spec *spec, struct volume *ret_volume,
                  struct error *error)
{
    auto_strbuf body = STRBUF_INIT(8192);
    auto_json *answer = NULL;
    struct call call = { .service = SERVICE_VOLUME, .method = "POST", .path = "/volumes" };
    int status;

    write_volume(spec, &body);
    if (body.status)
        return error_set(error, body.status, "no memory to ask for a volume");
    call.body = strbuf_text(&body);
    status = client_call(client, &call, &answer, error);
    if (!status)
        status = read_answer(answer, "POST /volumes", "", ret_volume, error);
    /* Only later answers say whose it is. */
    if (!status && !ret_volume->project_id[0])
        status = client_project_id(client, ret_volume->project_id, error);
    return status;
}

int volume_get(struct client *client, const char *id, struct volume *ret_volume,
               struct error *error)
{
    auto_json *body = NULL;
    int status = get_by_id(client, SERVICE_VOLUME, "/volumes/", id, "", &body, error);

    return status ? status : read_answer(body, "GET /volumes/", id, ret_volume, error);
}

int volume_rename(struct client *client, const char *id, const char *name, struct error *error)
{
    auto_strbuf body = STRBUF_INIT(4096);
    struct json_writer writer = JSON_WRITER(&body);
    struct call call = { .service = SERVICE_VOLUME, .method = "PUT", .path = "/volumes/" };

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "volume");
    json_put_text(&writer, "name", name);
    json_end_object(&writer);
    json_end_object(&writer);
    if (body.status)
        return error_set(error, body.status, "the name of volume %s is too long", id);
    call.body = strbuf_text(&body);
    return call_by_id(client, &call, id, "", NULL, error);
}

int volume_delete(struct client *client, const char *id, struct error *error)
{
    const struct call call = { .service = SERVICE_VOLUME, .method = "DELETE", .path = "/volumes/" };

    return call_by_id(client, &call, id, "", NULL, error);
}

int volume_list(struct client *client, const char *name, const char *marker, size_t most,
                struct volume *ret_volumes, size_t *ret_count, struct error *error)
{
    auto_strbuf query = STRBUF_INIT(2048);
    struct listing listing = {
        .service = SERVICE_VOLUME,
        .path = "/volumes/detail",
        .name = "volumes",
        .size = sizeof(*ret_volumes),
        .read = read_volume,
    };

    if (name)
        query_add(&query, "name", name);
    listing.query = strbuf_text(&query);
    return list_read(client, &listing, marker, most, ret_volumes, ret_count, error);
}
