/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing JSON and looking into it; json-c does the work.  A `struct json` is a json-c value under
 * another name, so that no other file depends on it.  Reading by tables is json_read.c, writing is
 * json_write.c.
 */
#include "base/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

#include "base/json_private.h"
#include "base/text.h"

#define DEEPEST 32

DEFINE_CLEANUP(tokener, struct json_tokener *, json_tokener_free);
#define auto_tokener __attribute__((cleanup(tokener_cleanup))) struct json_tokener

struct json_object *json_inside(const struct json *json)
{
    return (struct json_object *)json;
}

/* ---- parsing ---- */

static int refuse(struct error *error, size_t at, const char *why)
{
    return error_set(error, -EINVAL, "not valid JSON at byte %zu: %s", at, why);
}

/* What is wrong with the character at 'at' of a string, or NULL; steps over it. */
static const char *check_in_string(const char *text, size_t length, size_t *at)
{
    if ((unsigned char)text[*at] < ' ')
        return "control character in a string";
    if (text[*at] != '\\')
        return NULL;
    /* json-c ends the names of members there, so that two names would look the same. */
    if (length - *at >= 6 && memcmp(text + *at, "\\u0000", 6) == 0)
        return "NUL character in a string";
    *at += 1;
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the digit at 'at' is where a number begins; an exponent may have leading zeros. */
static bool begins_number(const char *text, size_t at)
{
    if (at > 0 && text[at - 1] == '-')
        return at < 2 || !memchr("eE", text[at - 2], 2);
    return at == 0 || (!is_digit(text[at - 1]) && !memchr(".eE+", text[at - 1], 4));
}

/* What is wrong with the character at 'at' outside strings, or NULL. */
static const char *check_outside(const char *text, size_t length, size_t at)
{
    char next = at + 1 < length ? text[at + 1] : ' ';

    /* NaN, Infinity and 'names', which json-c would take. */
    if ((text[at] >= 'A' && text[at] <= 'Z' && text[at] != 'E') || text[at] == '\'')
        return "unexpected character";
    if (text[at] == '.' && (at == 0 || !is_digit(text[at - 1]) || !is_digit(next)))
        return "a point stands between digits";
    if (text[at] == '0' && is_digit(next) && begins_number(text, at))
        return "number with a leading zero";
    return NULL;
}

/* Most of a text is ASCII in strings; where that ends. */
static size_t skip_plain(const char *text, size_t length, size_t at)
{
    while (at < length && (unsigned char)text[at] >= ' ' && (signed char)text[at] > 0 &&
           text[at] != '"' && text[at] != '\\')
        at++;
    return at;
}

/* Refuses what json-c lets pass, and what it would cut. */
static int check_text(const char *text, size_t length, struct error *error)
{
    bool in_string = false;

    if (length > INT_MAX)
        return error_set(error, -EINVAL, "not valid JSON: longer than 2 GiB");
    for (size_t at = 0, step; at < length; at += step) {
        const char *wrong;

        if (in_string)
            at = skip_plain(text, length, at);
        if (at == length)
            break;
        step = (signed char)text[at] > 0 ? 1 : text_utf8_step(text + at, length - at);
        if (!step)
            return refuse(error, at, "bad UTF-8");
        if (!text[at])
            return refuse(error, at, "NUL character");
        if (text[at] == '"') {
            in_string = !in_string;
            continue;
        }
        wrong = in_string ? check_in_string(text, length, &at) : check_outside(text, length, at);
        if (wrong)
            return refuse(error, at, wrong);
    }
    return 0;
}

int json_parse(const char *text, size_t length, struct json **ret_json, struct error *error)
{
    auto_tokener *tokener = json_tokener_new_ex(DEEPEST);
    struct json_object *value;
    enum json_tokener_error outcome;
    int status = check_text(text, length, error);

    if (!tokener)
        return error_set(error, -ENOMEM, "out of memory");
    if (status)
        return status;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    value = json_tokener_parse_ex(tokener, text, (int)length);
    outcome = json_tokener_get_error(tokener);
    if (outcome == json_tokener_continue) {
        /* A number may go on; the NUL says that it does not. */
        value = json_tokener_parse_ex(tokener, "", 1);
        outcome = json_tokener_get_error(tokener);
        if (outcome != json_tokener_success)
            return refuse(error, length, "it ends too early");
    }
    if (outcome != json_tokener_success)
        return refuse(error, json_tokener_get_parse_end(tokener),
                      json_tokener_error_desc(outcome));
    *ret_json = (struct json *)value;
    return 0;
}

void json_free(struct json *json)
{
    json_object_put(json_inside(json));
}

/* ---- looking ---- */

bool json_is_null(const struct json *json)
{
    return !json;
}

bool json_is_object(const struct json *json)
{
    return json_object_is_type(json_inside(json), json_type_object);
}

bool json_is_array(const struct json *json)
{
    return json_object_is_type(json_inside(json), json_type_array);
}

size_t json_length(const struct json *array)
{
    return json_is_array(array) ? json_object_array_length(json_inside(array)) : 0;
}

const struct json *json_element(const struct json *array, size_t index)
{
    if (index >= json_length(array))
        return NULL;
    return (const struct json *)json_object_array_get_idx(json_inside(array), index);
}

bool json_number(const struct json *json, double *ret_number)
{
    const struct json_object *inside = json_inside(json);

    if (!json_object_is_type(inside, json_type_int) &&
        !json_object_is_type(inside, json_type_double))
        return false;
    *ret_number = json_object_get_double(inside);
    return true;
}

const char *json_text(const struct json *json)
{
    if (!json_object_is_type(json_inside(json), json_type_string))
        return NULL;
    return json_object_get_string(json_inside(json));
}

/* The member or element 'step' of 'json', or NULL. */
static const struct json *step_into(const struct json *json, const char *step)
{
    struct json_object *member = NULL;
    int64_t index;

    if (json_is_array(json))
        return text_to_int(step, 0, INT_MAX, &index) ? NULL : json_element(json, (size_t)index);
    if (!json_is_object(json) || !json_object_object_get_ex(json_inside(json), step, &member))
        return NULL;
    return (const struct json *)member;
}

const struct json *json_at(const struct json *json, const char *path)
{
    char step[NAME_SIZE];

    while (json && *path) {
        size_t length = strcspn(path, ".");

        if (length >= sizeof(step))
            return NULL;
        memcpy(step, path, length);
        step[length] = '\0';
        json = step_into(json, step);
        path += length + (path[length] == '.');
    }
    return json;
}
