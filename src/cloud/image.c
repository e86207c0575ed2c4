/* SPDX-License-Identifier: Apache-2.0 */
/* Images of Glance; see image.h. */
#include "cloud/image.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/json_canonical.h"
#include "cloud/http.h"
#include "cloud/list.h"

#define SIZE_MOST (INT64_C(1) << 53) /* bytes that are added up */

static const struct json_member image_members[] = {
    JSON_FIELD(JSON_UUID, struct image, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct image, status, "status", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct image, visibility, "visibility", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct image, owner, "owner", JSON_NULLABLE),
    JSON_FIELD(JSON_BOOL, struct image, hidden, "os_hidden", JSON_NULLABLE),
    JSON_FIELD_RANGE(JSON_INT, struct image, min_disk, "min_disk", JSON_NULLABLE, 0, SIZE_MOST),
    JSON_FIELD_RANGE(JSON_INT, struct image, size, "size", JSON_NULLABLE, 0, SIZE_MOST),
    JSON_FIELD_RANGE(JSON_INT, struct image, virtual_size, "virtual_size", JSON_NULLABLE, 0,
                     SIZE_MOST),
    JSON_FIELD(JSON_TIME, struct image, updated_ms, "updated_at", JSON_NULLABLE),
};
static const struct json_shape image_shape = { "image", image_members, ARRAY_SIZE(image_members),
                                               false };

static bool begins_with(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

/* Everything that a volume made of the image is made from or takes over, all properties included;
 * not when it was changed, who may delete it, where it lies, and what Glance notes for itself. */
static bool shapes_a_volume(const char *name)
{
    static const char *const others[] = { "created_at", "updated_at", "protected", "tags",
                                          "os_hidden",  "self",       "file",      "schema",
                                          "stores",     "locations",  "direct_url" };

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (text_equal(name, others[i]))
            return false;
    return !begins_with(name, "os_glance_");
}

/* The names of what an encrypted image has; they may be followed by more. */
static bool is_about_encryption(const char *name)
{
    return begins_with(name, "cinder_encryption_key") || begins_with(name, "os_encrypt_");
}

static bool is_encrypted(const struct json *image)
{
    auto_strbuf text = STRBUF_INIT(65536);

    json_canonical(image, is_about_encryption, &text);
    return !text_equal(strbuf_text(&text), "{}") ||
           text_equal(json_text(json_at(image, "disk_format")), "luks");
}

static int read_image(const struct json *json, struct image *ret_image, struct error *error)
{
    auto_strbuf text = STRBUF_INIT(HTTP_BODY_MOST);
    struct error why = { 0 };

    *ret_image = (struct image){ 0 };
    if (json_read(json, &image_shape, ret_image, &why))
        return error_set(error, -EPROTO, "Glance's answer about an image is not understood: %s",
                         why.message);
    ret_image->encrypted = is_encrypted(json);
    json_canonical(json, shapes_a_volume, &text);
    if (text.status)
        return error_set(error, text.status, "image %s has too many properties to compare",
                         ret_image->id);
    digest_of(strbuf_text(&text), text.length, ret_image->fingerprint);
    return 0;
}

int image_get(struct client *client, const char *id, struct image *ret_image, struct error *error)
{
    auto_json *body = NULL;
    int status = get_by_id(client, SERVICE_IMAGE, "/images/", id, "", &body, error);

    return status ? status : read_image(body, ret_image, error);
}

static bool is_member(const char *name)
{
    return text_equal(name, "member_id");
}

/* Whether they have accepted does not matter: that only puts the image into their lists. */
int image_audience(struct client *client, const struct image *image,
                   char ret_digest[static DIGEST_SIZE], struct error *error)
{
    auto_strbuf path = STRBUF_INIT(256), text = STRBUF_INIT(HTTP_BODY_MOST);
    auto_json *body = NULL;
    const struct json *members;
    struct call call = { .service = SERVICE_IMAGE, .method = "GET" };
    int status;

    ret_digest[0] = '\0';
    if (!text_equal(image->visibility, "shared"))
        return 0;
    strbuf_add_format(&path, "/images/%s/members", image->id);
    call.path = strbuf_text(&path);
    status = client_call(client, &call, &body, error);
    if (!status)
        status = answer_part(SERVICE_IMAGE, body, "members", true, &members, error);
    if (status)
        return status;
    json_canonical(members, is_member, &text);
    if (text.status)
        return error_set(error, text.status, "image %s has too many members to compare",
                         image->id);
    digest_of(strbuf_text(&text), text.length, ret_digest);
    return 0;
}

int64_t image_cached_size(const struct image *image)
{
    return image->virtual_size > image->size ? image->virtual_size : image->size;
}

int image_warm(struct client *client, const char *id, struct error *error)
{
    const struct call call = { .service = SERVICE_IMAGE, .method = "PUT", .path = "/cache/" };

    return call_by_id(client, &call, id, "", NULL, error);
}
