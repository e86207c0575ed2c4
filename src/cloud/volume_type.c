/* SPDX-License-Identifier: Apache-2.0 */
/* Volume types of Cinder, as far as they decide what a volume becomes; see volume.h. */
#include <errno.h>

#include "base/digest.h"
#include "base/json_canonical.h"
#include "cloud/list.h"
#include "cloud/volume.h"

/* What Cinder says of 'path', 'id' and 'rest'; it must be an object. */
static int get_object(struct client *client, const char *path, const char *id, const char *rest,
                      struct json **ret_json, struct error *error)
{
    int status = get_by_id(client, SERVICE_VOLUME, path, id, rest, ret_json, error);

    if (!status && !json_is_object(*ret_json))
        return error_set(error, -EPROTO, "Cinder's answer to %s%s%s is not an object", path, id,
                         rest);
    return status;
}

static int get_part(struct client *client, const char *path, const char *id, const char *rest,
                    const char *name, bool is_list, struct json **ret_body,
                    const struct json **ret_part, struct error *error)
{
    int status = get_by_id(client, SERVICE_VOLUME, path, id, rest, ret_body, error);

    return status ? status
                  : answer_part(SERVICE_VOLUME, *ret_body, name, is_list, ret_part, error);
}

/* An object without members says that there is no encryption. */
static int refuse_encrypted(struct client *client, const char *type_id, struct error *error)
{
    auto_json *body = NULL;
    int status = get_object(client, "/types/", type_id, "/encryption", &body, error);

    if (status)
        return status;
    if (json_text(json_at(body, "encryption_id")) || json_text(json_at(body, "provider")))
        return error_set(error, -EPERM, "volume type %s is encrypted: such volumes are not pooled",
                         type_id);
    return 0;
}

/* Not its name and description: boots that ask by name are resolved anew. */
static bool shapes_a_volume(const char *name)
{
    return text_equal(name, "extra_specs") || text_equal(name, "is_public") ||
           text_equal(name, "os-volume-type-access:is_public") ||
           text_equal(name, "qos_specs_id");
}

static bool is_quality(const char *name)
{
    return text_equal(name, "consumer") || text_equal(name, "specs");
}

static bool is_project(const char *name)
{
    return text_equal(name, "project_id");
}

struct type {
    bool public;
};
static const struct json_member type_members[] = {
    JSON_FIELD(JSON_BOOL, struct type, public, "is_public", JSON_NULLABLE),
};
static const struct json_shape type_shape = { "volume_type", type_members,
                                              ARRAY_SIZE(type_members), false };

/* What is kept elsewhere: its QoS, and who may use one that is not public. */
static int add_parts(struct client *client, const char *type_id, const struct json *json,
                     struct strbuf *out, struct error *error)
{
    auto_json *quality_body = NULL, *access_body = NULL;
    const struct json *quality = NULL, *access = NULL;
    const char *quality_id = json_text(json_at(json, "qos_specs_id"));
    struct type type = { .public = true };
    struct error why = { 0 };
    int status = 0;

    json_canonical(json, shapes_a_volume, out);
    if (json_read(json, &type_shape, &type, &why))
        return error_set(error, -EPROTO, "Cinder's word on volume type %s is not understood: %s",
                         type_id, why.message);
    if (quality_id)
        status = get_part(client, "/qos-specs/", quality_id, "", "qos_specs", false, &quality_body,
                          &quality, error);
    if (!status && quality)
        json_canonical(quality, is_quality, out);
    if (!status && !type.public)
        status = get_part(client, "/types/", type_id, "/os-volume-type-access",
                          "volume_type_access", true, &access_body, &access, error);
    if (!status && access)
        json_canonical(access, is_project, out);
    return status;
}

int volume_type_fingerprint(struct client *client, const char *type_id,
                            char ret_digest[static DIGEST_SIZE], struct error *error)
{
    auto_json *body = NULL;
    auto_strbuf text = STRBUF_INIT(1 << 20);
    const struct json *type;
    int status = refuse_encrypted(client, type_id, error);

    if (!status)
        status = get_part(client, "/types/", type_id, "", "volume_type", false, &body, &type,
                          error);
    if (status)
        return status;
    status = add_parts(client, type_id, type, &text, error);
    if (status)
        return status;
    if (text.status)
        return error_set(error, text.status, "volume type %s has too many specs to compare",
                         type_id);
    digest_of(strbuf_text(&text), text.length, ret_digest);
    return 0;
}
