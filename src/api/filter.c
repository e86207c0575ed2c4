/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings, read and written by tables; see filter.h. */
#include "api/filter.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define QUERY_TEXT_MOST 256

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that '%' stands for with the two digits behind it; 0 when it is none a text may hold. */
static char unescape(const char *digits, size_t left)
{
    int high = left < 2 ? -1 : hex_digit(digits[0]);
    int low = left < 2 ? -1 : hex_digit(digits[1]);

    return high < 0 || low < 0 ? '\0' : (char)(high * 16 + low);
}

/* Decodes a name or value into 'ret_text' of QUERY_TEXT_MOST bytes. */
static int decode(const char *text, size_t length, char *ret_text, struct error *error)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            c = unescape(text + i + 1, length - i - 1);
            i += 2;
        }
        if (c == '\0')
            return error_set(error, -EINVAL, "The query has a %% without two hex digits behind it, "
                             "or %%00");
        if (used + 1 == QUERY_TEXT_MOST)
            return error_set(error, -EINVAL, "The query has a name or value longer than %d bytes",
                             QUERY_TEXT_MOST - 1);
        ret_text[used++] = c;
    }
    ret_text[used] = '\0';
    if (!text_is_utf8(ret_text, used))
        return error_set(error, -EINVAL, "The query is not UTF-8");
    return 0;
}

/* The index of 'text' among "a|b|c"; -1: not among them. */
static int choice_index(const char *choices, const char *text)
{
    size_t length = strlen(text);

    for (int index = 0;; index++) {
        size_t word = strcspn(choices, "|");

        if (word == length && strncmp(choices, text, word) == 0)
            return index;
        if (!choices[word])
            return -1;
        choices += word + 1;
    }
}

static void add_choice(struct strbuf *out, const char *choices, int index)
{
    for (; index > 0; index--)
        choices += strcspn(choices, "|") + 1;
    strbuf_add(out, choices, strcspn(choices, "|"));
}

static int refuse(const struct parameter *parameter, const char *must_be, struct error *error)
{
    return error_set(error, -EINVAL, "Query parameter %s must be %s", parameter->name, must_be);
}

static int read_id(const struct parameter *parameter, const char *value, char *ret_id,
                   struct error *error)
{
    bool uuid = parameter->type == PARAMETER_UUID;

    if (uuid ? !text_is_uuid(value) : !text_is_id(value))
        return refuse(parameter, uuid ? "a UUID" : "a UUID or 32 hex digits", error);
    text_copy(ret_id, ID_SIZE, value);
    for (; *ret_id; ret_id++)
        *ret_id = (char)tolower((unsigned char)*ret_id);
    return 0;
}

static int read_choice(const struct parameter *parameter, const char *value, int *ret_index,
                       struct error *error)
{
    int index = choice_index(parameter->choices, value);

    if (index < 0)
        return error_set(error, -EINVAL, "Query parameter %s must be one of: %s", parameter->name,
                         parameter->choices);
    *ret_index = index;
    return 0;
}

static int read_number(const struct parameter *parameter, const char *value, int64_t *ret_number,
                       struct error *error)
{
    if (text_to_int(value, 1, parameter->most, ret_number))
        return error_set(error, -EINVAL, "Query parameter %s must be a whole number from 1 to %"
                         PRId64, parameter->name, parameter->most);
    return 0;
}

static int read_name(const struct parameter *parameter, const char *value, char *ret_name,
                     struct error *error)
{
    if (!*value || text_copy(ret_name, NAME_SIZE, value))
        return refuse(parameter, "a name of 1 to 255 bytes", error);
    return 0;
}

static int read_value(const struct parameter *parameter, const char *value, struct filter *filter,
                      struct error *error)
{
    void *field = (char *)filter + parameter->offset;

    if (parameter->type == PARAMETER_CHOICE)
        return read_choice(parameter, value, field, error);
    if (parameter->type == PARAMETER_NUMBER)
        return read_number(parameter, value, field, error);
    if (parameter->type == PARAMETER_NAME)
        return read_name(parameter, value, field, error);
    return read_id(parameter, value, field, error);
}

static int refuse_unknown(const char *name, const struct parameters *parameters,
                          struct error *error)
{
    auto_strbuf known = STRBUF_INIT(256);

    for (size_t i = 0; i < parameters->count; i++)
        strbuf_add_format(&known, "%s%s", i ? ", " : "; known are: ", parameters->rows[i].name);
    return error_set(error, -EINVAL, "Query parameter '%s' is not known here%s", name,
                     strbuf_text(&known));
}

static int find_parameter(const char *name, const struct parameters *parameters, uint64_t *seen,
                          const struct parameter **ret_parameter, struct error *error)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (strcmp(parameters->rows[i].name, name))
            continue;
        if (*seen & (UINT64_C(1) << i))
            return error_set(error, -EINVAL, "Query parameter %s stands there twice", name);
        *seen |= UINT64_C(1) << i;
        *ret_parameter = &parameters->rows[i];
        return 0;
    }
    return refuse_unknown(name, parameters, error);
}

/* One "name=value" of 'length' bytes. */
static int read_pair(const char *pair, size_t length, const struct parameters *parameters,
                     uint64_t *seen, struct filter *filter, struct error *error)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals ? (size_t)(equals - pair) : length;
    const struct parameter *parameter = NULL;
    char name[QUERY_TEXT_MOST], value[QUERY_TEXT_MOST] = "";
    int status;

    status = decode(pair, name_length, name, error);
    if (!status && equals)
        status = decode(equals + 1, length - name_length - 1, value, error);
    if (!status)
        status = find_parameter(name, parameters, seen, &parameter, error);
    return status ? status : read_value(parameter, value, filter, error);
}

int filter_read(const char *query, const struct parameters *parameters, struct filter *ret_filter,
                struct error *error)
{
    struct filter filter = FILTER_INIT;
    uint64_t seen = 0;

    while (query && *query) {
        size_t length = strcspn(query, "&");
        int status = 0;

        if (length)
            status = read_pair(query, length, parameters, &seen, &filter, error);
        if (status)
            return status;
        query += length + (query[length] == '&');
    }
    *ret_filter = filter;
    return 0;
}

void filter_escape(const char *value, struct strbuf *out)
{
    for (; *value; value++) {
        if (isalnum((unsigned char)*value) || strchr("-._~:", *value))
            strbuf_add(out, value, 1);
        else
            strbuf_add_format(out, "%%%02X", (unsigned char)*value);
    }
}

/* "name=value" unless the value is that of "all" or "from the start". */
static void write_pair(const struct filter *filter, const struct parameter *parameter,
                       struct strbuf *out)
{
    const void *field = (const char *)filter + parameter->offset;
    auto_strbuf value = STRBUF_INIT(3 * QUERY_TEXT_MOST);

    if (parameter->type == PARAMETER_CHOICE) {
        if (*(const int *)field >= 0)
            add_choice(&value, parameter->choices, *(const int *)field);
    } else if (parameter->type == PARAMETER_NUMBER) {
        if (*(const int64_t *)field > 0)
            strbuf_add_format(&value, "%" PRId64, *(const int64_t *)field);
    } else {
        filter_escape(field, &value);
    }
    if (value.length)
        strbuf_add_format(out, "%s%s=%s", out->length ? "&" : "", parameter->name, value.text);
}

void filter_write(const struct filter *filter, const struct parameters *parameters,
                  struct strbuf *out)
{
    for (size_t i = 0; i < parameters->count; i++)
        write_pair(filter, &parameters->rows[i], out);
}
