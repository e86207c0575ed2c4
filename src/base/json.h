/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in and out (json-c does the parsing).  Reading goes by tables: a shape lists the members of
 * an object, their types and bounds, and where they go in a C struct.  Strict shapes (our own API)
 * refuse members nobody asked for; lenient ones (other services) pass over them.  Nothing is
 * coerced: a number in a string is a string.
 *
 * Structs are flat: strings are char arrays of fixed size, arrays have a fixed capacity, so that a
 * read struct needs no destructor.  Members that are absent, or null where that is allowed, leave
 * the field as the caller initialised it.
 */
#ifndef LARDER_BASE_JSON_H
#define LARDER_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"

struct json; /* a parsed value; not to be shared between threads */
struct json_shape;

enum json_member_type {
    JSON_TEXT,       /* char[size]: valid UTF-8 without NUL; length in bytes within [min, max] */
    JSON_UUID,       /* char[ID_SIZE]; in small letters, however it was written */
    JSON_ID,         /* the same: UUID, or 32 hex digits as project ids are */
    JSON_REQUEST_ID, /* char[REQUEST_ID_SIZE] */
    JSON_INT,        /* int64_t within [min, max] */
    JSON_FLOAT,      /* double within [min, max]; a whole number will do */
    JSON_BOOL,       /* bool */
    JSON_TIME,       /* int64_t milliseconds since 1970 from an ISO 8601 string */
    JSON_CHOICE,     /* int: index of the text among 'choices' (separated by |) */
    JSON_OBJECT,     /* struct described by 'shape', in place */
    JSON_ARRAY,      /* array of 'most' elements of 'size' bytes each, in place; the number read
                        goes as size_t to 'count_offset'; elements are of 'shape', or of the type
                        'element' */
    JSON_VALUE,      /* const struct json *: the value itself, owned by its document */
};

enum json_flags {
    JSON_REQUIRED = 1, /* must be there */
    JSON_NULLABLE = 2, /* may be null, which reads as absent */
};

struct json_member {
    const char *name;
    enum json_member_type type;
    unsigned flags;
    size_t offset;
    size_t size; /* of the field; of one element for JSON_ARRAY */
    double min, max; /* both 0: no bounds but the field's size */
    const char *choices;
    const struct json_shape *shape;
    enum json_member_type element;
    size_t most;
    size_t count_offset;
};

struct json_shape {
    const char *name; /* for messages: "claim" */
    const struct json_member *members;
    size_t count;
    bool strict;
};

/* Rows of a table, for a struct type T:  JSON_FIELD_TEXT(struct claim, image, "image_id", flags) */
#define JSON_FIELD(type_, T, field, name_, flags_)                                                 \
    { .name = (name_), .type = (type_), .flags = (flags_), .offset = offsetof(T, field),          \
      .size = sizeof(((T *)0)->field) }
#define JSON_FIELD_RANGE(type_, T, field, name_, flags_, min_, max_)                               \
    { .name = (name_), .type = (type_), .flags = (flags_), .offset = offsetof(T, field),          \
      .size = sizeof(((T *)0)->field), .min = (min_), .max = (max_) }
#define JSON_FIELD_CHOICE(T, field, name_, flags_, choices_)                                       \
    { .name = (name_), .type = JSON_CHOICE, .flags = (flags_), .offset = offsetof(T, field),      \
      .size = sizeof(((T *)0)->field), .choices = (choices_) }
#define JSON_FIELD_OBJECT(T, field, name_, flags_, shape_)                                         \
    { .name = (name_), .type = JSON_OBJECT, .flags = (flags_), .offset = offsetof(T, field),      \
      .size = sizeof(((T *)0)->field), .shape = (shape_) }
#define JSON_FIELD_ARRAY(T, field, count_field, name_, flags_, element_, shape_)                   \
    { .name = (name_), .type = JSON_ARRAY, .flags = (flags_), .offset = offsetof(T, field),       \
      .size = sizeof(((T *)0)->field[0]),                                                          \
      .most = sizeof(((T *)0)->field) / sizeof(((T *)0)->field[0]), .element = (element_),         \
      .shape = (shape_), .count_offset = offsetof(T, count_field) }

/* Parses exactly one value of at most 'length' bytes, nested at most 32 deep, valid UTF-8 without
 * NUL characters (not even escaped ones), nothing behind it; of members of the same name the last
 * wins.  -EINVAL with the position. */
int json_parse(const char *text, size_t length, struct json **ret_json, struct error *error);
void json_free(struct json *json);

/* The member at 'path' ("token.project.id"; array positions as numbers), or NULL. */
const struct json *json_at(const struct json *json, const char *path);
bool json_is_null(const struct json *json); /* NULL or JSON null */
bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
size_t json_length(const struct json *array); /* 0 for anything else */
const struct json *json_element(const struct json *array, size_t index);
const char *json_text(const struct json *json); /* NULL unless a string */
bool json_number(const struct json *json, double *ret_number); /* false unless a number */

/* Reads an object into a struct; -EINVAL names the member, as in
 * "claim.volumes[2].size must be a whole number from 1 to 16384"; the struct is half read then. */
int json_read(const struct json *json, const struct json_shape *shape, void *ret_struct,
              struct error *error);

DEFINE_CLEANUP(json, struct json *, json_free);
#define auto_json __attribute__((cleanup(json_cleanup))) struct json

/* ---- writing: onto a strbuf, which keeps the first failure ---- */

struct json_writer {
    struct strbuf *out;
    bool comma; /* the next value needs one in front */
};

#define JSON_WRITER(buffer) { .out = (buffer) }

/* 'name' is NULL for the outermost value and for elements of arrays. */
void json_begin_object(struct json_writer *writer, const char *name);
void json_end_object(struct json_writer *writer);
void json_begin_array(struct json_writer *writer, const char *name);
void json_end_array(struct json_writer *writer);
void json_put_text(struct json_writer *writer, const char *name, const char *text); /* NULL: null */
/* The same, but "" is written as null: what an empty column means. */
void json_put_text_or_null(struct json_writer *writer, const char *name, const char *text);
void json_put_int(struct json_writer *writer, const char *name, int64_t value);
void json_put_float(struct json_writer *writer, const char *name, double value);
void json_put_bool(struct json_writer *writer, const char *name, bool value);
void json_put_null(struct json_writer *writer, const char *name);
void json_put_time(struct json_writer *writer, const char *name, int64_t time_ms); /* 0: null */
void json_put_raw(struct json_writer *writer, const char *name, const char *json_text);

#endif
