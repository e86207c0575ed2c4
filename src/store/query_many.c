/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One statement for many rows: MariaDB's bulk protocol, in which each place of the statement is
 * bound to an array.  Numbers are copied into it, texts are pointed to where they stand.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/query_private.h"

struct many {
    const char *sql;
    const struct row_type *type;
    const char *rows;
    size_t count;
    int64_t affected;
    MYSQL_BIND binds[QUERY_VALUES_MOST];
    union cell { /* of column c and row r: cells[c * count + r] */
        int64_t number;
        double real;
        const char *text;
    } *cells;
    unsigned long *lengths;
};

/* The word at 'index' of "a|b|c", which need not end with a zero. */
static const char *choice_word(const char *choices, int index, unsigned long *ret_length)
{
    while (index-- > 0 && (choices = strchr(choices, '|')))
        choices++;
    *ret_length = choices ? strcspn(choices, "|") : 0;
    return choices ? choices : "";
}

static void fill_cell(const struct column *column, const char *row, union cell *cell,
                      unsigned long *length)
{
    const char *field = row + column->offset;

    switch (column->type) {
    case COLUMN_INT:
        memcpy(&cell->number, field, sizeof(cell->number));
        break;
    case COLUMN_FLOAT:
        memcpy(&cell->real, field, sizeof(cell->real));
        break;
    case COLUMN_TEXT:
        cell->text = field;
        *length = strlen(field);
        break;
    case COLUMN_BYTES:
        cell->text = field;
        *length = *(const size_t *)(const void *)(row + column->length_offset);
        break;
    case COLUMN_CHOICE:
        cell->text = choice_word(column->choices, *(const int *)(const void *)field, length);
        break;
    }
}

static void bind_column(struct many *many, size_t index)
{
    static const enum enum_field_types types[] = {
        [COLUMN_INT] = MYSQL_TYPE_LONGLONG, [COLUMN_FLOAT] = MYSQL_TYPE_DOUBLE,
        [COLUMN_TEXT] = MYSQL_TYPE_STRING,  [COLUMN_BYTES] = MYSQL_TYPE_BLOB,
        [COLUMN_CHOICE] = MYSQL_TYPE_STRING,
    };
    const struct column *column = &many->type->columns[index];
    union cell *cells = many->cells + index * many->count;
    unsigned long *lengths = many->lengths + index * many->count;

    for (size_t i = 0; i < many->count; i++)
        fill_cell(column, many->rows + i * many->type->size, &cells[i], &lengths[i]);
    many->binds[index] = (MYSQL_BIND){ .buffer_type = types[column->type], .buffer = cells,
                                       .length = lengths };
}

static int try_many(struct store *store, void *context, struct error *error)
{
    struct many *many = context;
    unsigned int count = (unsigned int)many->count;
    MYSQL_STMT *statement;
    int r = query_prepare(store, many->sql, many->type->count, &statement, error);

    if (r < 0)
        return r;
    if (mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &count) ||
        mysql_stmt_bind_param(statement, many->binds) || mysql_stmt_execute(statement))
        return query_failed(store, statement, error);
    many->affected = (int64_t)mysql_stmt_affected_rows(statement);
    return 0;
}

int query_run_many(struct store *store, const char *sql, const struct row_type *type,
                   const void *rows, size_t count, int64_t *ret_affected, struct error *error)
{
    size_t cells = type->count * count;
    autofree union cell *memory = calloc(cells + 1, sizeof(*memory));
    autofree unsigned long *lengths = calloc(cells + 1, sizeof(*lengths));
    struct many many = { .sql = sql, .type = type, .rows = rows, .count = count,
                         .cells = memory, .lengths = lengths };
    int r = 0;

    if (!memory || !lengths || count > UINT32_MAX)
        return error_set(error, -ENOMEM, "no memory for a statement for %zu rows", count);
    for (size_t i = 0; i < type->count; i++)
        bind_column(&many, i);
    if (count)
        r = query_repeat(store, try_many, &many, error);
    if (r == 0 && ret_affected)
        *ret_affected = many.affected;
    return r;
}
