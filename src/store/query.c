/* SPDX-License-Identifier: Apache-2.0 */
/* Runs prepared statements: binds values, reads rows into structs by their table of columns. */
#include "store/query.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/query_private.h"

#define WORD_SIZE 32

/* Where the columns of one row go; words of choices wait here to be looked up. */
struct row_binding {
    MYSQL_BIND binds[QUERY_COLUMNS_MOST];
    unsigned long lengths[QUERY_COLUMNS_MOST];
    char words[QUERY_COLUMNS_MOST][WORD_SIZE];
};

static void bind_value(const struct value *value, MYSQL_BIND *bind)
{
    const char *text = value->bytes ? value->bytes : "";

    *bind = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING, .buffer = (void *)text };
    switch (value->type) {
    case VALUE_INT:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = (void *)&value->number;
        break;
    case VALUE_FLOAT:
        bind->buffer_type = MYSQL_TYPE_DOUBLE;
        bind->buffer = (void *)&value->real;
        break;
    case VALUE_TEXT:
        bind->buffer_length = strlen(text);
        break;
    case VALUE_BYTES:
        bind->buffer_type = MYSQL_TYPE_BLOB;
        bind->buffer_length = value->length;
        break;
    }
}

int query_failed(struct store *store, MYSQL_STMT *statement, struct error *error)
{
    return connection_failed(store, mysql_stmt_errno(statement), mysql_stmt_error(statement),
                             "A database statement failed", error);
}

int query_prepare(struct store *store, const char *sql, size_t count, MYSQL_STMT **ret_statement,
                  struct error *error)
{
    int r;

    store->fault = FAULT_NONE;
    r = connection_open(store, error);
    if (r == 0)
        r = connection_prepare(store, sql, ret_statement, error);
    if (r < 0)
        return r;
    if (count > QUERY_VALUES_MOST || count != mysql_stmt_param_count(*ret_statement))
        return error_set(error, -EINVAL, "%zu values for the %lu places of: %.200s", count,
                         mysql_stmt_param_count(*ret_statement), sql);
    return 0;
}

static int execute(struct store *store, const char *sql, const struct value *values, size_t count,
                   MYSQL_STMT **ret_statement, struct error *error)
{
    MYSQL_BIND binds[QUERY_VALUES_MOST];
    MYSQL_STMT *statement;
    int r = query_prepare(store, sql, count, &statement, error);

    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++)
        bind_value(&values[i], &binds[i]);
    if ((count && mysql_stmt_bind_param(statement, binds)) || mysql_stmt_execute(statement))
        return query_failed(store, statement, error);
    *ret_statement = statement;
    return 0;
}

static void bind_column(const struct column *column, char *row, size_t index,
                        struct row_binding *binding)
{
    MYSQL_BIND *bind = &binding->binds[index];

    *bind = (MYSQL_BIND){ .buffer = row + column->offset, .buffer_length = column->size,
                          .length = &binding->lengths[index] };
    switch (column->type) {
    case COLUMN_INT:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        break;
    case COLUMN_FLOAT:
        bind->buffer_type = MYSQL_TYPE_DOUBLE;
        break;
    case COLUMN_TEXT:
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer_length--;
        break;
    case COLUMN_BYTES:
        bind->buffer_type = MYSQL_TYPE_BLOB;
        break;
    case COLUMN_CHOICE:
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer = binding->words[index];
        bind->buffer_length = WORD_SIZE - 1;
        break;
    }
}

/* The place of 'word' in "a|b|c"; -1 for "", -2 when it is not there. */
static int choice_index(const char *choices, const char *word, size_t length)
{
    int index = 0;

    if (length == 0)
        return -1;
    for (const char *at = choices; *at; index++) {
        size_t choice_length = strcspn(at, "|");

        if (choice_length == length && memcmp(at, word, length) == 0)
            return index;
        at += choice_length;
        at += *at == '|';
    }
    return -2;
}

/* What MariaDB's library does not do itself: ends of texts, lengths of bytes, words to numbers. */
static int finish_column(const struct column *column, char *row, size_t index,
                         const struct row_binding *binding, struct error *error)
{
    unsigned long length = binding->lengths[index];
    int choice;

    if (column->type == COLUMN_TEXT)
        row[column->offset + length] = '\0';
    if (column->type == COLUMN_BYTES)
        memcpy(row + column->length_offset, &(size_t){ length }, sizeof(size_t));
    if (column->type != COLUMN_CHOICE)
        return 0;
    choice = choice_index(column->choices, binding->words[index], length);
    if (choice < -1)
        return error_set(error, -EIO, "The database holds \"%.*s\" where one of %s should stand; "
                         "is a newer version in use?", (int)length, binding->words[index],
                         column->choices);
    memcpy(row + column->offset, &choice, sizeof(choice));
    return 0;
}

/* 1: a row was read; 0: there is none any more. */
static int fetch_row(struct store *store, MYSQL_STMT *statement, const struct row_type *type,
                     char *row, struct row_binding *binding, struct error *error)
{
    memset(row, 0, type->size);
    memset(binding->lengths, 0, sizeof(binding->lengths));
    for (size_t i = 0; i < type->count; i++)
        bind_column(&type->columns[i], row, i, binding);
    if (mysql_stmt_bind_result(statement, binding->binds))
        return query_failed(store, statement, error);
    switch (mysql_stmt_fetch(statement)) {
    case 0:
        break;
    case MYSQL_NO_DATA:
        return 0;
    case MYSQL_DATA_TRUNCATED:
        return error_set(error, -EOVERFLOW, "The database holds a value that is too long for us");
    default:
        return query_failed(store, statement, error);
    }
    for (size_t i = 0; i < type->count; i++) {
        int r = finish_column(&type->columns[i], row, i, binding, error);

        if (r < 0)
            return r;
    }
    return 1;
}

static int fetch_rows(struct store *store, MYSQL_STMT *statement, const struct row_type *type,
                      char *rows, size_t most, size_t *ret_count, struct error *error)
{
    struct row_binding binding;
    size_t count = 0;
    int r = 1;

    if (type->count > QUERY_COLUMNS_MOST || type->count != mysql_stmt_field_count(statement))
        return error_set(error, -EINVAL, "%zu columns are read where %u were selected", type->count,
                         mysql_stmt_field_count(statement));
    if (mysql_stmt_store_result(statement))
        return query_failed(store, statement, error);
    while (count < most && r == 1) {
        r = fetch_row(store, statement, type, rows + count * type->size, &binding, error);
        count += r == 1;
    }
    mysql_stmt_free_result(statement);
    if (r < 0)
        return r;
    *ret_count = count;
    return 0;
}

/* One try; 'type' NULL: no rows are expected. */
static int run_once(struct store *store, const char *sql, const struct value *values, size_t count,
                    const struct row_type *type, void *rows, size_t most, int64_t *ret_number,
                    struct error *error)
{
    MYSQL_STMT *statement = NULL;
    size_t read = 0;
    int r = execute(store, sql, values, count, &statement, error);

    if (r < 0)
        return r;
    if (!type) {
        *ret_number = (int64_t)mysql_stmt_affected_rows(statement);
        return 0;
    }
    r = fetch_rows(store, statement, type, rows, most, &read, error);
    *ret_number = (int64_t)read;
    return r;
}

int query_repeat(struct store *store, query_try try, void *context, struct error *error)
{
    int64_t deadline_ms = clock_monotonic_ms() + store->options->query_timeout_s * 1000;
    struct error failure;
    int tries = 0, r;

    do {
        failure = (struct error){ 0 };
        r = try(store, context, &failure);
        pulse_beat();
    } while (r < 0 && !store->in_transaction && connection_retry(store, &tries, deadline_ms));
    if (r < 0 && error)
        *error = failure;
    return r;
}

struct query {
    const char *sql;
    const struct value *values;
    size_t count;
    const struct row_type *type; /* NULL: no rows are expected */
    void *rows;
    size_t most;
    int64_t number;
};

static int try_query(struct store *store, void *context, struct error *error)
{
    struct query *query = context;

    return run_once(store, query->sql, query->values, query->count, query->type, query->rows,
                    query->most, &query->number, error);
}

int query_run(struct store *store, const char *sql, const struct value *values, size_t count,
              int64_t *ret_affected, struct error *error)
{
    struct query query = { .sql = sql, .values = values, .count = count };
    int r = query_repeat(store, try_query, &query, error);

    if (r == 0 && ret_affected)
        *ret_affected = query.number;
    return r;
}

int query_read(struct store *store, const char *sql, const struct value *values, size_t count,
               const struct row_type *type, void *ret_rows, size_t most, size_t *ret_count,
               struct error *error)
{
    struct query query = { sql, values, count, type, ret_rows, most, 0 };
    int r = query_repeat(store, try_query, &query, error);

    if (r == 0)
        *ret_count = (size_t)query.number;
    return r;
}

int query_read_one(struct store *store, const char *sql, const struct value *values, size_t count,
                   const struct row_type *type, void *ret_row, struct error *error)
{
    size_t found = 0;
    int r = query_read(store, sql, values, count, type, ret_row, 1, &found, error);

    return r < 0 ? r : found ? 0 : -ENOENT;
}

int query_read_int(struct store *store, const char *sql, const struct value *values, size_t count,
                   int64_t *ret_number, struct error *error)
{
    static const struct column column = { .type = COLUMN_INT, .size = sizeof(int64_t) };
    static const struct row_type type = { .columns = &column, .count = 1,
                                          .size = sizeof(int64_t) };

    return query_read_one(store, sql, values, count, &type, ret_number, error);
}

bool query_in_transaction(const struct store *store)
{
    return store->in_transaction;
}

const char *choice_name(const char *const *names, size_t count, int index)
{
    return index >= 0 && (size_t)index < count ? names[index] : "";
}

/* The length of the UTF-8 character at 'text', 0 when there is none. */
static size_t character_length(const char *text)
{
    size_t most = strnlen(text, 4);

    for (size_t length = 1; length <= most; length++)
        if (text_is_utf8(text, length))
            return length;
    return 0;
}

void words_copy(char *ret_words, size_t size, const char *words)
{
    size_t out = 0;

    for (const char *at = words ? words : ""; *at;) {
        size_t length = character_length(at);
        size_t add = length ? length : 1;

        if (out + add >= size)
            break;
        if (length)
            memcpy(ret_words + out, at, length);
        else
            ret_words[out] = '?';
        out += add;
        at += add;
    }
    ret_words[out] = '\0';
}
