/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values in canonical form; see json_canonical.h. */
#include "base/json_canonical.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_private.h"

struct member {
    const char *name;
    const struct json *value;
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(strbuf_text(a), strbuf_text(b));
}

static void put_scalar(const struct json *json, struct strbuf *out)
{
    strbuf_add_text(out, json_object_to_json_string_ext(json_inside(json), JSON_C_TO_STRING_PLAIN));
}

static void put_name(const char *name, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_put_text(&writer, NULL, name);
    strbuf_add_text(out, ":");
}

static size_t pick_members(const struct json *json, json_pick pick, struct member *ret_members)
{
    size_t count = 0;

    json_object_object_foreach(json_inside(json), name, value)
    {
        if (!pick || pick(name))
            ret_members[count++] = (struct member){ name, (const struct json *)value };
    }
    return count;
}

static void put_object(const struct json *json, json_pick pick, struct strbuf *out)
{
    size_t most = (size_t)json_object_object_length(json_inside(json)), count;
    autofree struct member *members = calloc(most + 1, sizeof(*members));

    if (!members) {
        out->status = -ENOMEM;
        return;
    }
    count = pick_members(json, pick, members);
    qsort(members, count, sizeof(*members), compare_members);
    strbuf_add_text(out, "{");
    for (size_t i = 0; i < count; i++) {
        strbuf_add_text(out, i ? "," : "");
        put_name(members[i].name, out);
        json_canonical(members[i].value, NULL, out);
    }
    strbuf_add_text(out, "}");
}

static void put_array(const struct json *json, json_pick pick, struct strbuf *out)
{
    size_t count = json_length(json);
    autofree struct strbuf *elements = calloc(count + 1, sizeof(*elements));

    if (!elements) {
        out->status = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        elements[i] = (struct strbuf)STRBUF_INIT(out->maximum);
        json_canonical(json_element(json, i), pick, &elements[i]);
    }
    qsort(elements, count, sizeof(*elements), compare_texts);
    strbuf_add_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        strbuf_add_text(out, i ? "," : "");
        strbuf_add_text(out, strbuf_text(&elements[i]));
        if (elements[i].status)
            out->status = elements[i].status;
        strbuf_clear(&elements[i]);
    }
    strbuf_add_text(out, "]");
}

void json_canonical(const struct json *json, json_pick pick, struct strbuf *out)
{
    if (json_is_object(json))
        put_object(json, pick, out);
    else if (json_object_is_type(json_inside(json), json_type_array))
        put_array(json, pick, out);
    else
        put_scalar(json, out);
}
