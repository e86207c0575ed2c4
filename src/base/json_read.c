/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON objects into structs by tables.  Where one stands in the document is a chain of
 * places on the stack, from which the path in an error is made ("claim.volumes[2].size").
 */
#include "base/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "base/json_private.h"
#include "base/text.h"

struct place {
    const struct place *up;
    const char *name; /* NULL: an element of an array */
    size_t index;
};

static void add_path(struct strbuf *path, const struct place *place)
{
    if (place->up)
        add_path(path, place->up);
    if (place->name)
        strbuf_add_format(path, "%s%s", place->up ? "." : "", place->name);
    else
        strbuf_add_format(path, "[%zu]", place->index);
}

static int refuse(struct error *error, const struct place *place, const char *why)
{
    auto_strbuf path = STRBUF_INIT(256);

    add_path(&path, place);
    return error_set(error, -EINVAL, "%s %s", strbuf_text(&path), why);
}

/* ---- what a member must be, in words ---- */

static bool is_bounded(const struct json_member *member)
{
    return member->min < member->max || member->min != 0;
}

static void say_range(const struct json_member *member, const char *what, struct strbuf *why)
{
    strbuf_add_format(why, "must be %s", what);
    if (is_bounded(member))
        strbuf_add_format(why, " from %.15g to %.15g", member->min, member->max);
}

/* Bytes that a text may have: by the table, and by its field. */
static size_t longest_text(const struct json_member *member)
{
    size_t room = member->size - 1;

    return is_bounded(member) && member->max < (double)room ? (size_t)member->max : room;
}

static void say_text(const struct json_member *member, struct strbuf *why)
{
    if (member->min > 0)
        strbuf_add_format(why, "must be a text of %.0f to %zu bytes", member->min,
                          longest_text(member));
    else
        strbuf_add_format(why, "must be a text of at most %zu bytes", longest_text(member));
}

static void say_choices(const struct json_member *member, struct strbuf *why)
{
    strbuf_add_text(why, "must be one of: ");
    for (const char *c = member->choices; *c; c++)
        strbuf_add(why, *c == '|' ? ", " : c, *c == '|' ? 2 : 1);
}

static void say_expected(const struct json_member *member, struct strbuf *why)
{
    static const char *const words[] = {
        [JSON_UUID] = "must be a UUID",
        [JSON_ID] = "must be a UUID or 32 hex digits",
        [JSON_REQUEST_ID] = "must be a request id: req- and a UUID",
        [JSON_BOOL] = "must be true or false",
        [JSON_TIME] = "must be a time in UTC, as in 2026-01-31T12:00:00Z",
        [JSON_OBJECT] = "must be an object",
        [JSON_VALUE] = "must not be null",
    };

    if (member->type == JSON_TEXT)
        say_text(member, why);
    else if (member->type == JSON_INT)
        say_range(member, "a whole number", why);
    else if (member->type == JSON_FLOAT)
        say_range(member, "a number", why);
    else if (member->type == JSON_CHOICE)
        say_choices(member, why);
    else if (member->type == JSON_ARRAY)
        strbuf_add_format(why, "must be a list of at most %zu", member->most);
    else
        strbuf_add_text(why, words[member->type]);
}

/* ---- values of each type; -EINVAL where the value is not what the member must be ---- */

static bool in_range(const struct json_member *member, double value)
{
    return !is_bounded(member) || (value >= member->min && value <= member->max);
}

static int read_text(const struct json *json, const struct json_member *member, void *field)
{
    const char *text = json_text(json);
    size_t length = text ? strlen(text) : 0;

    if (!text || length > longest_text(member) || (double)length < member->min)
        return -EINVAL;
    return text_copy(field, member->size, text);
}

/* Ids are compared as text from here on, so they are kept in small letters. */
static int read_id(const struct json *json, const struct json_member *member, void *field)
{
    const char *text = json_text(json);
    char *id = field;

    if (!text || !(member->type == JSON_UUID ? text_is_uuid(text) : text_is_id(text)))
        return -EINVAL;
    if (text_copy(id, member->size, text))
        return -EINVAL;
    for (; *id; id++)
        if (*id >= 'A' && *id <= 'F')
            *id = (char)(*id - 'A' + 'a');
    return 0;
}

static int read_request_id(const struct json *json, const struct json_member *member, void *field)
{
    const char *text = json_text(json);

    if (!text_is_request_id(text))
        return -EINVAL;
    return text_copy(field, member->size, text) ? -EINVAL : 0;
}

/* json-c keeps what exceeds int64_t as uint64_t, and what exceeds either as the nearest of them. */
static int read_int(const struct json *json, const struct json_member *member, void *field)
{
    struct json_object *inside = json_inside(json);
    int64_t value;

    if (!json_object_is_type(inside, json_type_int) ||
        json_object_get_uint64(inside) > (uint64_t)INT64_MAX)
        return -EINVAL;
    value = json_object_get_int64(inside);
    if (value == INT64_MIN || !in_range(member, (double)value))
        return -EINVAL;
    memcpy(field, &value, sizeof(value));
    return 0;
}

static int read_float(const struct json *json, const struct json_member *member, void *field)
{
    struct json_object *inside = json_inside(json);
    double value;

    if (!json_object_is_type(inside, json_type_int) &&
        !json_object_is_type(inside, json_type_double))
        return -EINVAL;
    value = json_object_get_double(inside);
    if (!isfinite(value) || !in_range(member, value))
        return -EINVAL;
    memcpy(field, &value, sizeof(value));
    return 0;
}

static int read_bool(const struct json *json, const struct json_member *member, void *field)
{
    bool value = json_object_get_boolean(json_inside(json));

    (void)member;
    if (!json_object_is_type(json_inside(json), json_type_boolean))
        return -EINVAL;
    memcpy(field, &value, sizeof(value));
    return 0;
}

static int read_time(const struct json *json, const struct json_member *member, void *field)
{
    int64_t value;

    (void)member;
    if (text_to_time(json_text(json), &value))
        return -EINVAL;
    memcpy(field, &value, sizeof(value));
    return 0;
}

static int read_choice(const struct json *json, const struct json_member *member, void *field)
{
    const char *text = json_text(json);
    const char *choice = member->choices;

    if (!text || strchr(text, '|'))
        return -EINVAL;
    for (int index = 0; choice; index++) {
        size_t length = strcspn(choice, "|");

        if (strlen(text) == length && memcmp(text, choice, length) == 0) {
            memcpy(field, &index, sizeof(index));
            return 0;
        }
        choice = choice[length] ? choice + length + 1 : NULL;
    }
    return -EINVAL;
}

static int read_value(const struct json *json, const struct json_member *member, void *field)
{
    (void)member;
    if (json_is_null(json))
        return -EINVAL;
    memcpy(field, &json, sizeof(json));
    return 0;
}

static int (*const scalars[])(const struct json *, const struct json_member *, void *) = {
    [JSON_TEXT] = read_text,
    [JSON_UUID] = read_id,
    [JSON_ID] = read_id,
    [JSON_REQUEST_ID] = read_request_id,
    [JSON_INT] = read_int,
    [JSON_FLOAT] = read_float,
    [JSON_BOOL] = read_bool,
    [JSON_TIME] = read_time,
    [JSON_CHOICE] = read_choice,
    [JSON_VALUE] = read_value,
};

/* ---- objects and arrays ---- */

static int read_object(const struct json *json, const struct json_shape *shape,
                       const struct place *place, void *target, struct error *error);
static int read_array(const struct json *json, const struct json_member *member,
                      const struct place *place, void *target, struct error *error);

/* Reads one value into 'field'; 'target' is the struct in which it lies. */
static int read_one(const struct json *json, const struct json_member *member,
                    const struct place *place, void *target, void *field, struct error *error)
{
    auto_strbuf why = STRBUF_INIT(512);

    if (member->type == JSON_OBJECT)
        return read_object(json, member->shape, place, field, error);
    if (member->type == JSON_ARRAY && json_object_is_type(json_inside(json), json_type_array) &&
        json_length(json) <= member->most)
        return read_array(json, member, place, target, error);
    if (member->type != JSON_ARRAY && !scalars[member->type](json, member, field))
        return 0;
    say_expected(member, &why);
    return refuse(error, place, strbuf_text(&why));
}

static int read_array(const struct json *json, const struct json_member *member,
                      const struct place *place, void *target, struct error *error)
{
    struct json_member element = *member;
    size_t count = json_length(json);
    char *field = (char *)target + member->offset;

    element.type = member->shape ? JSON_OBJECT : member->element;
    for (size_t i = 0; i < count; i++, field += member->size) {
        const struct place here = { .up = place, .index = i };
        int status = read_one(json_element(json, i), &element, &here, field, field, error);

        if (status)
            return status;
    }
    memcpy((char *)target + member->count_offset, &count, sizeof(count));
    return 0;
}

static int read_member(const struct json *object, const struct json_member *member,
                       const struct place *place, void *target, struct error *error)
{
    const struct place here = { .up = place, .name = member->name };
    struct json_object *inside = NULL;
    bool there = json_object_object_get_ex(json_inside(object), member->name, &inside);

    if (!there && member->flags & JSON_REQUIRED)
        return refuse(error, &here, "is missing");
    if (!there || (!inside && member->flags & JSON_NULLABLE))
        return 0;
    return read_one((const struct json *)inside, member, &here, target,
                    (char *)target + member->offset, error);
}

static bool is_known(const char *name, const struct json_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        if (text_equal(name, shape->members[i].name))
            return true;
    return false;
}

/* A stranger's name in a message: not more of it than one can read. */
static int refuse_unknown(const char *name, const struct json_shape *shape,
                          const struct place *place, struct error *error)
{
    auto_strbuf why = STRBUF_INIT(768);
    size_t shown = 0, step;

    while (shown < 48 && (step = text_utf8_step(name + shown, strlen(name + shown))) > 0)
        shown += step;
    strbuf_add_format(&why, "has an unknown member \"%.*s%s\"; known are:", (int)shown, name,
                      name[shown] ? "..." : "");
    for (size_t i = 0; i < shape->count; i++)
        strbuf_add_format(&why, "%s %s", i ? "," : "", shape->members[i].name);
    return refuse(error, place, strbuf_text(&why));
}

static int refuse_strangers(const struct json *json, const struct json_shape *shape,
                            const struct place *place, struct error *error)
{
    json_object_object_foreach(json_inside(json), name, value)
    {
        (void)value;
        if (!is_known(name, shape))
            return refuse_unknown(name, shape, place, error);
    }
    return 0;
}

static int read_object(const struct json *json, const struct json_shape *shape,
                       const struct place *place, void *target, struct error *error)
{
    int status = 0;

    if (!json_is_object(json))
        return refuse(error, place, "must be an object");
    if (shape->strict)
        status = refuse_strangers(json, shape, place, error);
    for (size_t i = 0; i < shape->count && !status; i++)
        status = read_member(json, &shape->members[i], place, target, error);
    return status;
}

int json_read(const struct json *json, const struct json_shape *shape, void *ret_struct,
              struct error *error)
{
    const struct place root = { .name = shape->name };

    return read_object(json, shape, &root, ret_struct, error);
}
