/* SPDX-License-Identifier: Apache-2.0 */
/* What is written of an option table: the sample file, and the effective values. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/options.h"
#include "base/options_private.h"
#include "base/strbuf.h"
#include "base/text.h"

#define COLUMNS 78

/* ---- what a value is, in words ---- */

static void add_choices(const char *choices, struct strbuf *out)
{
    strbuf_add_text(out, "one of: ");
    for (; *choices; choices++)
        strbuf_add(out, *choices == '|' ? ", " : choices, *choices == '|' ? 2 : 1);
}

static void add_form(const struct option *option, struct strbuf *out)
{
    switch (option->type) {
    case OPTION_TEXT:
        strbuf_add_text(out, "text");
        break;
    case OPTION_INT:
        strbuf_add_format(out, "a whole number from %.0f to %.0f", option->min, option->max);
        break;
    case OPTION_FLOAT:
        strbuf_add_format(out, "a number from %.15g to %.15g", option->min, option->max);
        break;
    case OPTION_BOOL:
        strbuf_add_text(out, "true or false");
        break;
    case OPTION_CHOICE:
        add_choices(option->choices, out);
        break;
    case OPTION_LIST:
        strbuf_add_text(out, "a list, separated by commas");
        break;
    }
    if (option->unit)
        strbuf_add_format(out, " (%s)", option->unit);
}

void option_describe(const struct option *option, struct strbuf *out)
{
    strbuf_add_text(out, "must be ");
    add_form(option, out);
}

/* ---- the sample file ---- */

/* Writes a paragraph as comment lines, broken between words. */
static void print_comment(const char *text, FILE *out)
{
    size_t column = 0;

    while (*text) {
        size_t length = strcspn(text, " \n");

        if (column > 0 && column + 1 + length > COLUMNS) {
            fputc('\n', out);
            column = 0;
        }
        column += (size_t)fprintf(out, "%s%.*s", column ? " " : "# ", (int)length, text);
        text += length;
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

static void print_option(const struct option *option, FILE *out)
{
    auto_strbuf form = STRBUF_INIT(1024);
    const char *fallback = option->fallback ? option->fallback : "";

    add_form(option, &form);
    fputc('\n', out);
    print_comment(option->help, out);
    fprintf(out, "# Form: %s.%s%s%s\n", strbuf_text(&form),
            option->flags & OPTION_REQUIRED ? " Required." : "",
            option->flags & OPTION_SECRET ? " Secret." : "",
            option->flags & OPTION_RELOAD ? " Read again at SIGHUP." : "");
    fprintf(out, *fallback ? "#%s = %s\n" : "#%s =\n", option->name, fallback);
}

/* Whether this row is the first of its section. */
static bool is_first(const struct option *table, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (text_equal(table[i].section, table[index].section))
            return false;
    return true;
}

void options_print_sample(const struct option *table, size_t count, FILE *out)
{
    const char *gap = "";

    for (size_t first = 0; first < count; first++) {
        if (!is_first(table, first))
            continue;
        fprintf(out, "%s[%s]\n", gap, table[first].section);
        gap = "\n\n";
        for (size_t i = first; i < count; i++)
            if (text_equal(table[i].section, table[first].section))
                print_option(&table[i], out);
    }
}

/* ---- the effective values ---- */

/* Of a secret one sees only whether it is set. */
static void print_text(const struct option *option, const char *text, FILE *out)
{
    fputs(option->flags & OPTION_SECRET && *text ? "****" : text, out);
}

static void print_list(const struct option *option, const struct option_list *list, FILE *out)
{
    for (size_t i = 0; i < list->count; i++) {
        fputs(i ? "," : "", out);
        print_text(option, list->items[i], out);
    }
}

static void print_value(const struct option *option, const void *field, FILE *out)
{
    int64_t number;
    double real;

    switch (option->type) {
    case OPTION_INT:
        memcpy(&number, field, sizeof(number));
        fprintf(out, "%" PRId64, number);
        break;
    case OPTION_FLOAT:
        memcpy(&real, field, sizeof(real));
        fprintf(out, "%.15g", real);
        break;
    case OPTION_BOOL:
        fputs(*(const bool *)field ? "true" : "false", out);
        break;
    case OPTION_LIST:
        print_list(option, field, out);
        break;
    case OPTION_TEXT:
    case OPTION_CHOICE:
        print_text(option, field, out);
        break;
    }
}

void options_print_values(const struct option *table, size_t count, const void *target, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s.%s = ", table[i].section, table[i].name);
        print_value(&table[i], (const char *)target + table[i].offset, out);
        fputc('\n', out);
    }
}
