/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a CSV file as instances; see csv.h.  The file itself is csv_import.c. */
#include "role/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/strbuf.h"

/* ---- fields ---- */

enum form { FORM_TEXT, FORM_ID, FORM_TIME };

/* The last one is no member of an instance. */
static const struct field {
    const char *name;
    enum form form;
    size_t offset, size;
} fields[] = {
#define FIELD(name_, form_, member_)                                                               \
    { name_, form_, offsetof(struct instance, member_), sizeof(((struct instance *)0)->member_) }
    FIELD("asked_at", FORM_TIME, asked_ms),
    FIELD("instance_id", FORM_ID, id),
    FIELD("project_id", FORM_ID, project_id),
    FIELD("image_id", FORM_ID, image_id),
    FIELD("flavor_id", FORM_TEXT, flavor_id),
    FIELD("zone", FORM_TEXT, zone),
    FIELD("request_id", FORM_TEXT, batch_id),
    FIELD("active_at", FORM_TIME, active_ms),
    FIELD("deleted_at", FORM_TIME, deleted_ms),
#undef FIELD
    { "count", FORM_TEXT, 0, 0 },
};
#define FIELD_COUNT ((int)ARRAY_SIZE(fields) - 1)

/* Cuts the next cell off 'rest', in place; false at the end.  A cell in quotes has "" for a quote;
 * what follows its end but a comma makes 'ret_cell' NULL. */
static bool next_cell(char **rest, char **ret_cell)
{
    char *from = *rest, *to = *rest;
    bool quoted = from && *from == '"';

    *ret_cell = to;
    if (!from)
        return false;
    if (!quoted) {
        *rest = strchr(from, ',');
        if (*rest)
            *(*rest)++ = '\0';
        return true;
    }
    for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    if (*from != '"' || (from[1] && from[1] != ','))
        *ret_cell = NULL;
    *rest = *from == '"' && from[1] == ',' ? from + 2 : NULL;
    *to = '\0';
    return true;
}

static int find_field(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (text_equal(fields[i].name, name))
            return (int)i;
    return -1;
}

int csv_read_header(char *line, struct csv_header *ret_header, struct error *error)
{
    char *rest = line, *cell;
    bool has_time = false;

    *ret_header = (struct csv_header){ 0 };
    while (next_cell(&rest, &cell)) {
        if (!cell || ret_header->columns == CSV_COLUMNS_MOST)
            return error_set(error, -EINVAL, "the first line must name at most %d columns",
                             CSV_COLUMNS_MOST);
        ret_header->field_of[ret_header->columns++] = find_field(cell);
        has_time = has_time || text_equal(cell, fields[0].name);
    }
    if (!has_time)
        return error_set(error, -EINVAL, "the first line must name the columns, among them %s",
                         fields[0].name);
    return 0;
}

static int read_field(const struct field *field, const char *cell, struct instance *instance,
                      struct error *error)
{
    char *target = (char *)instance + field->offset;
    bool good = text_is_utf8(cell, strlen(cell));

    if (field->form == FORM_TIME)
        good = good && text_to_time(cell, (int64_t *)(void *)target) == 0;
    else
        good = good && (field->form != FORM_ID || text_is_id(cell)) &&
               text_copy(target, field->size, cell) == 0;
    return good ? 0 : error_set(error, -EINVAL, "%s is \"%.64s\"", field->name, cell);
}

int csv_read_line(const struct csv_header *header, char *line, struct instance *ret_instance,
                  int64_t *ret_count, struct error *error)
{
    char *rest = line, *cell;
    int status = 0;

    *ret_instance = (struct instance){ 0 };
    *ret_count = 1;
    for (size_t i = 0; next_cell(&rest, &cell) && !status; i++) {
        int field = i < header->columns ? header->field_of[i] : -1;

        if (!cell || i >= header->columns)
            return error_set(error, -EINVAL, "the line has not the columns that the first names");
        if (field < 0 || !*cell)
            continue;
        status = field == FIELD_COUNT ? text_to_int(cell, 1, CSV_COUNT_MOST, ret_count)
                                      : read_field(&fields[field], cell, ret_instance, error);
        if (status && field == FIELD_COUNT)
            return error_set(error, -EINVAL, "count is \"%.64s\"", cell);
    }
    if (!status && !ret_instance->asked_ms)
        return error_set(error, -EINVAL, "%s is missing", fields[0].name);
    if (!status && ret_instance->id[0] && *ret_count > 1)
        return error_set(error, -EINVAL, "a line with an instance_id is one instance");
    return status;
}

void csv_make_id(const char *line, int64_t n, char ret_id[static ID_SIZE])
{
    auto_strbuf text = STRBUF_INIT(CSV_LINE_MOST + 64);
    char digest[DIGEST_SIZE];

    strbuf_add_format(&text, "%" PRId64 " %s", n, line);
    digest_of(strbuf_text(&text), text.length, digest);
    snprintf(ret_id, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", digest, digest + 8, digest + 12,
             digest + 16, digest + 20);
}
