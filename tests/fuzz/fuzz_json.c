/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader: what it takes is read by a shape of all types of members, and written again. */
#include <errno.h>

#include "base/json.h"
#include "base/json_canonical.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"

struct inner {
    char name[16];
    int64_t number;
};
struct outer {
    char text[32], id[ID_SIZE], uuid[ID_SIZE], request_id[REQUEST_ID_SIZE];
    int64_t number, time_ms;
    double real;
    bool yes;
    int choice;
    struct inner inner;
    size_t list_count, id_count;
    struct inner list[4];
    char ids[4][ID_SIZE];
    const struct json *value;
};

static const struct json_member inner_members[] = {
    JSON_FIELD(JSON_TEXT, struct inner, name, "name", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_INT, struct inner, number, "number", 0, 1, 10),
};
static const struct json_shape inner_shape = { "inner", inner_members, ARRAY_SIZE(inner_members),
                                               true };
static const struct json_member outer_members[] = {
    JSON_FIELD(JSON_TEXT, struct outer, text, "text", JSON_NULLABLE),
    JSON_FIELD(JSON_ID, struct outer, id, "id", 0),
    JSON_FIELD(JSON_UUID, struct outer, uuid, "uuid", 0),
    JSON_FIELD(JSON_REQUEST_ID, struct outer, request_id, "request_id", 0),
    JSON_FIELD_RANGE(JSON_INT, struct outer, number, "number", 0, -5, 5),
    JSON_FIELD(JSON_TIME, struct outer, time_ms, "time", 0),
    JSON_FIELD_RANGE(JSON_FLOAT, struct outer, real, "real", 0, 0, 1),
    JSON_FIELD(JSON_BOOL, struct outer, yes, "yes", 0),
    JSON_FIELD_CHOICE(struct outer, choice, "choice", 0, "a|b|c"),
    JSON_FIELD_OBJECT(struct outer, inner, "inner", JSON_NULLABLE, &inner_shape),
    JSON_FIELD_ARRAY(struct outer, list, list_count, "list", 0, JSON_OBJECT, &inner_shape),
    JSON_FIELD_ARRAY(struct outer, ids, id_count, "ids", 0, JSON_ID, NULL),
    JSON_FIELD(JSON_VALUE, struct outer, value, "value", 0),
};
static const struct json_shape strict = { "outer", outer_members, ARRAY_SIZE(outer_members),
                                          true };
static const struct json_shape lenient = { "outer", outer_members, ARRAY_SIZE(outer_members),
                                           false };

static void check_read(const struct outer *outer)
{
    fuzz_must_end(outer->text);
    fuzz_must(!outer->id[0] || text_is_id(outer->id));
    fuzz_must(!outer->uuid[0] || text_is_uuid(outer->uuid));
    fuzz_must(!outer->request_id[0] || text_is_request_id(outer->request_id));
    fuzz_must(outer->number >= -5 && outer->number <= 5);
    fuzz_must(outer->real >= 0 && outer->real <= 1);
    fuzz_must(outer->choice >= 0 && outer->choice <= 2);
    fuzz_must(outer->list_count <= ARRAY_SIZE(outer->list));
    fuzz_must(outer->id_count <= ARRAY_SIZE(outer->ids));
    for (size_t i = 0; i < outer->id_count; i++)
        fuzz_must(text_is_id(outer->ids[i]));
}

static void read_by(const struct json *json, const struct json_shape *shape)
{
    struct outer outer = { 0 };
    struct error error = { 0 };
    int status = json_read(json, shape, &outer, &error);

    fuzz_must(status == 0 || (status == -EINVAL && error.message[0]));
    if (status == 0)
        check_read(&outer);
}

static bool is_any(const char *name)
{
    return name[0] != '_';
}

/* The canonical form is JSON, and its own canonical form. */
static void write_again(const struct json *json)
{
    auto_strbuf once = STRBUF_INIT(1 << 22), twice = STRBUF_INIT(1 << 22);
    auto_json *again = NULL;

    json_canonical(json, is_any, &once);
    if (once.status)
        return;
    fuzz_must(json_parse(strbuf_text(&once), once.length, &again, NULL) == 0);
    json_canonical(again, is_any, &twice);
    fuzz_must(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_json *json = NULL;
    struct error error = { 0 };
    int status = json_parse((const char *)data, size, &json, &error);

    fuzz_must(status == 0 || (status == -EINVAL && error.message[0]));
    if (status)
        return 0;
    read_by(json, &strict);
    read_by(json, &lenient);
    json_text(json_at(json, "list.0.name"));
    if (json_is_object(json))
        write_again(json);
    return 0;
}
