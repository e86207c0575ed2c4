/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and asks: canonical forms and their digests; see key.h.  Pure. */
#include "store/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/json.h"

#define WRITTEN_MOST 8192 /* more than the longest key or ask takes */

static const char *const kind_names[] = { "port", "volume", "image" };

const char *kind_name(enum kind kind)
{
    return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "";
}

int kind_from_name(const char *name, enum kind *ret_kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++) {
        if (text_equal(name, kind_names[i])) {
            *ret_kind = (enum kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void normalise_groups(char (*groups)[ID_SIZE], size_t *count)
{
    size_t kept = 0;

    qsort(groups, *count, sizeof(*groups), compare_ids);
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || strcmp(groups[kept - 1], groups[i]) != 0)
            memmove(groups[kept++], groups[i], sizeof(*groups));
    *count = kept;
}

void key_normalise(struct key *key)
{
    if (key->kind == KIND_PORT)
        normalise_groups(key->port.groups, &key->port.group_count);
}

void ask_normalise(struct ask *ask)
{
    if (ask->kind == KIND_PORT)
        normalise_groups(ask->groups, &ask->group_count);
}

static void write_groups(struct json_writer *writer, const char (*groups)[ID_SIZE], size_t count)
{
    json_begin_array(writer, "security_groups");
    for (size_t i = 0; i < count; i++)
        json_put_text(writer, NULL, groups[i]);
    json_end_array(writer);
}

static void write_port_key(struct json_writer *writer, const struct port_key *key)
{
    json_put_text(writer, "project_id", key->project_id);
    json_put_text(writer, "network_id", key->network_id);
    write_groups(writer, key->groups, key->group_count);
}

static void write_volume_key(struct json_writer *writer, const struct volume_key *key)
{
    json_put_text(writer, "image_id", key->image_id);
    json_put_int(writer, "size", key->size);
    json_put_text(writer, "volume_type_id", key->type_id);
    json_put_text(writer, "availability_zone", key->zone);
}

static void write_image_key(struct json_writer *writer, const struct image_key *key)
{
    json_put_text(writer, "image_id", key->image_id);
    json_put_int(writer, "aggregate_id", key->aggregate_id);
}

void key_write(const struct key *key, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    switch (key->kind) {
    case KIND_PORT:
        write_port_key(&writer, &key->port);
        break;
    case KIND_VOLUME:
        write_volume_key(&writer, &key->volume);
        break;
    case KIND_IMAGE:
        write_image_key(&writer, &key->image);
        break;
    }
    json_end_object(&writer);
}

/* Which project asks matters for volumes too: it may have a default type of its own. */
void ask_write(const struct ask *ask, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_put_text(&writer, "kind", kind_name(ask->kind));
    json_put_text(&writer, "project_id", ask->project_id);
    if (ask->kind == KIND_PORT) {
        json_put_text(&writer, "network_id", ask->network_id);
        write_groups(&writer, ask->groups, ask->group_count);
    } else {
        json_put_text(&writer, "image_id", ask->image_id);
        json_put_int(&writer, "size", ask->size);
        json_put_text(&writer, "volume_type", ask->type);
        json_put_text(&writer, "availability_zone", ask->zone);
    }
    json_end_object(&writer);
}

static const struct json_member port_members[] = {
    JSON_FIELD(JSON_ID, struct port_key, project_id, "project_id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct port_key, network_id, "network_id", JSON_REQUIRED),
    JSON_FIELD_ARRAY(struct port_key, groups, group_count, "security_groups", JSON_REQUIRED,
                     JSON_UUID, NULL),
};

static const struct json_member volume_members[] = {
    JSON_FIELD(JSON_UUID, struct volume_key, image_id, "image_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct volume_key, size, "size", JSON_REQUIRED, 1, 1 << 30),
    JSON_FIELD(JSON_UUID, struct volume_key, type_id, "volume_type_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_TEXT, struct volume_key, zone, "availability_zone", JSON_REQUIRED, 1,
                     NAME_SIZE - 1),
};

static const struct json_member image_members[] = {
    JSON_FIELD(JSON_UUID, struct image_key, image_id, "image_id", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct image_key, aggregate_id, "aggregate_id", JSON_REQUIRED, 1,
                     INT32_MAX),
};

#define SHAPE(members_) { "key", members_, ARRAY_SIZE(members_), true }
static const struct json_shape shapes[KINDS] = {
    [KIND_PORT] = SHAPE(port_members),
    [KIND_VOLUME] = SHAPE(volume_members),
    [KIND_IMAGE] = SHAPE(image_members),
};

/* Where a key of its kind is read into. */
static void *members_of(struct key *key)
{
    void *const members[KINDS] = { &key->port, &key->volume, &key->image };

    return members[key->kind];
}

int key_read(enum kind kind, const char *json, struct key *ret_key, struct error *error)
{
    struct key key = { .kind = kind };
    auto_json *parsed = NULL;
    int r = json_parse(json, strlen(json), &parsed, error);

    if (r < 0)
        return r;
    r = json_read(parsed, &shapes[kind], members_of(&key), error);
    if (r < 0)
        return r;
    key_normalise(&key);
    *ret_key = key;
    return 0;
}

void key_digest(const struct key *key, char ret_digest[static DIGEST_SIZE])
{
    auto_strbuf written = STRBUF_INIT(WRITTEN_MOST);

    key_write(key, &written);
    digest_of(strbuf_text(&written), written.length, ret_digest);
}

void ask_digest(const struct ask *ask, char ret_digest[static DIGEST_SIZE])
{
    auto_strbuf written = STRBUF_INIT(WRITTEN_MOST);

    ask_write(ask, &written);
    digest_of(strbuf_text(&written), written.length, ret_digest);
}

void key_of_port_ask(const struct ask *ask, size_t group_count, const char (*groups)[ID_SIZE],
                     struct key *ret_key)
{
    struct key key = { .kind = KIND_PORT };
    size_t kept = group_count < KEY_GROUPS_MOST ? group_count : KEY_GROUPS_MOST;

    text_copy(key.port.project_id, ID_SIZE, ask->project_id);
    text_copy(key.port.network_id, ID_SIZE, ask->network_id);
    key.port.group_count = kept;
    if (kept)
        memcpy(key.port.groups, groups, kept * sizeof(*groups));
    key_normalise(&key);
    *ret_key = key;
}

void key_of_volume_ask(const struct ask *ask, const char *type_id, const char *zone,
                       struct key *ret_key)
{
    struct key key = { .kind = KIND_VOLUME };

    text_copy(key.volume.image_id, ID_SIZE, ask->image_id);
    key.volume.size = ask->size;
    text_copy(key.volume.type_id, ID_SIZE, type_id);
    text_copy(key.volume.zone, NAME_SIZE, zone);
    *ret_key = key;
}
