/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements, for the files of this room only.  Values are bound, never written into the text; a
 * row is read into a struct by a table of columns, one for each selected expression, in order.
 *
 * The text of a statement must live as long as the program (a string constant): it is prepared once
 * a connection and found again by its address.
 */
#ifndef LARDER_STORE_QUERY_H
#define LARDER_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

#define QUERY_VALUES_MOST 40
#define QUERY_COLUMNS_MOST 32

enum value_type { VALUE_INT, VALUE_FLOAT, VALUE_TEXT, VALUE_BYTES };

struct value {
    enum value_type type;
    int64_t number;
    double real;
    const void *bytes;
    size_t length;
};

#define INT(value_) ((struct value){ .type = VALUE_INT, .number = (int64_t)(value_) })
#define FLOAT(value_) ((struct value){ .type = VALUE_FLOAT, .real = (value_) })
#define TEXT(value_) ((struct value){ .type = VALUE_TEXT, .bytes = (value_) }) /* NULL: "" */
#define BYTES(value_, length_)                                                                     \
    ((struct value){ .type = VALUE_BYTES, .bytes = (value_), .length = (length_) })
/* The list of values as two arguments. */
#define VALUES(...)                                                                                \
    (const struct value[]){ __VA_ARGS__ },                                                         \
        sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value)
#define NO_VALUES NULL, 0

enum column_type {
    COLUMN_INT,    /* int64_t */
    COLUMN_FLOAT,  /* double */
    COLUMN_TEXT,   /* char[size] */
    COLUMN_BYTES,  /* unsigned char[size], and a size_t at 'length_offset' */
    COLUMN_CHOICE, /* enum: index of the word among 'choices'; "" reads as -1 */
};

struct column {
    enum column_type type;
    size_t offset;
    size_t size;
    const char *choices;
    size_t length_offset;
};

struct row_type {
    const struct column *columns;
    size_t count;
    size_t size; /* of a row's struct */
};

#define COLUMN(type_, T, field)                                                                    \
    { .type = (type_), .offset = offsetof(T, field), .size = sizeof(((T *)0)->field) }
#define INT_COLUMN(T, field) COLUMN(COLUMN_INT, T, field)
#define FLOAT_COLUMN(T, field) COLUMN(COLUMN_FLOAT, T, field)
#define TEXT_COLUMN(T, field) COLUMN(COLUMN_TEXT, T, field)
#define BYTES_COLUMN(T, field, length_field)                                                       \
    { .type = COLUMN_BYTES, .offset = offsetof(T, field), .size = sizeof(((T *)0)->field),        \
      .length_offset = offsetof(T, length_field) }
#define CHOICE_COLUMN(T, field, choices_)                                                          \
    { .type = COLUMN_CHOICE, .offset = offsetof(T, field), .size = sizeof(((T *)0)->field),       \
      .choices = (choices_) }
#define ROW_TYPE(T, columns_)                                                                      \
    { .columns = (columns_), .count = sizeof(columns_) / sizeof((columns_)[0]), .size = sizeof(T) }

/*
 * Runs a statement; 'ret_affected' (may be NULL) is the number of rows it inserted, or matched for
 * a change.  -EEXIST when a row with that key is there.
 *
 * Outside a transaction both functions are repeated after a deadlock or a lost connection, so what
 * they run there must do no harm when it runs twice.
 */
int query_run(struct store *store, const char *sql, const struct value *values, size_t count,
              int64_t *ret_affected, struct error *error);
/* Runs the statement once for each of 'count' rows of 'rows', in one message to the database: the
 * columns of 'type' are its values, in order.  For many rows this is some twenty times faster than
 * one by one.  Outside a transaction the same as for query_run() holds. */
int query_run_many(struct store *store, const char *sql, const struct row_type *type,
                   const void *rows, size_t count, int64_t *ret_affected, struct error *error);
/* Reads at most 'most' rows into the array 'ret_rows'; fields that no column names become 0. */
int query_read(struct store *store, const char *sql, const struct value *values, size_t count,
               const struct row_type *type, void *ret_rows, size_t most, size_t *ret_count,
               struct error *error);
/* The first row; -ENOENT without a sentence when there is none. */
int query_read_one(struct store *store, const char *sql, const struct value *values, size_t count,
                   const struct row_type *type, void *ret_row, struct error *error);
/* The number in the first column of the only row. */
int query_read_int(struct store *store, const char *sql, const struct value *values, size_t count,
                   int64_t *ret_number, struct error *error);

/* Whether 'store' is inside store_transaction(). */
bool query_in_transaction(const struct store *store);

/* The word at 'index' of "a|b|c"; "" when there is none.  Copied into 'ret_word'. */
const char *choice_name(const char *const *names, size_t count, int index);

/* Copies a sentence so that it fits into a column of 'size' - 1 bytes: cut at a character, and with
 * '?' for what is not UTF-8. */
void words_copy(char *ret_words, size_t size, const char *words);

#endif
