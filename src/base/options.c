/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options by a table: from what the file says (ini.c) to the fields of a struct.  The sample file
 * and the list of effective values are made of the same table in options_print.c.
 */
#include "base/options.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/options_private.h"
#include "base/strbuf.h"
#include "base/text.h"

#define VALUE_MOST 16384
#define DEEPEST 8 /* values that name values that name values */

DEFINE_CLEANUP(ini, struct ini *, ini_free);
#define auto_ini __attribute__((cleanup(ini_cleanup))) struct ini

struct reader {
    const struct option *table;
    size_t count;
    const struct ini *ini; /* NULL: defaults only */
    struct error *error;
};

/* ---- where a value comes from ---- */

static const struct option *find_option(const struct reader *reader, const char *section,
                                        const char *name)
{
    for (size_t i = 0; i < reader->count; i++)
        if (text_equal(reader->table[i].section, section) &&
            text_equal(reader->table[i].name, name))
            return &reader->table[i];
    return NULL;
}

/* The last entry that sets the option, or NULL. */
static const struct ini_entry *find_entry(const struct reader *reader, const struct option *option)
{
    for (size_t i = reader->ini ? ini_count(reader->ini) : 0; i > 0; i--) {
        const struct ini_entry *entry = ini_entry(reader->ini, i - 1);

        if (text_equal(entry->section, option->section) && text_equal(entry->name, option->name))
            return entry;
    }
    return NULL;
}

/* "file:line: [section] name = value" (or without the value, if secret), for messages. */
static int refuse(const struct reader *reader, const struct option *option,
                  const struct ini_entry *entry, const char *why)
{
    auto_strbuf text = STRBUF_INIT(1024);

    if (entry)
        strbuf_add_format(&text, "%s:%d: ", entry->file, entry->line);
    strbuf_add_format(&text, "[%s] %s", option->section, option->name);
    if (entry && !(option->flags & OPTION_SECRET))
        strbuf_add_format(&text, " = %.200s", entry->value);
    return error_set(reader->error, -EINVAL, "%s: %s", strbuf_text(&text), why);
}

/* ---- $name and ${name} ---- */

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '.';
}

/* The length of the name at 'text' (behind $ or ${), 0 if there is none. */
static size_t name_length(const char *text)
{
    size_t length = 0;

    if ((text[0] >= '0' && text[0] <= '9') || text[0] == '.')
        return 0;
    while (is_name(text[length]))
        length++;
    while (length > 0 && text[length - 1] == '.')
        length--;
    return length;
}

/* The option that a reference in 'section' names: section.name, or one of the same section, or one
 * of DEFAULT. */
static const struct option *find_reference(const struct reader *reader, const char *section,
                                           const char *reference)
{
    char group[NAME_SIZE];
    const char *dot = strrchr(reference, '.');
    const struct option *option;

    if (dot) {
        text_copy(group, sizeof(group), reference);
        if ((size_t)(dot - reference) >= sizeof(group))
            return NULL;
        group[dot - reference] = '\0';
        return find_option(reader, group, dot + 1);
    }
    option = find_option(reader, section, reference);
    return option ? option : find_option(reader, "DEFAULT", reference);
}

static int add_value(const struct reader *reader, const struct option *option, const char *value,
                     int depth, struct strbuf *out);

static int add_reference(const struct reader *reader, const char *section, const char *name,
                         size_t length, int depth, struct strbuf *out)
{
    char reference[NAME_SIZE];
    const struct option *option;
    const struct ini_entry *entry;

    if (length >= sizeof(reference))
        return -ENOENT;
    memcpy(reference, name, length);
    reference[length] = '\0';
    option = find_reference(reader, section, reference);
    if (!option)
        return -ENOENT;
    if (depth == DEEPEST)
        return -ELOOP;
    entry = find_entry(reader, option);
    return add_value(reader, option, entry ? entry->value : option->fallback, depth + 1, out);
}

/* Puts the substituted value onto 'out'.  $$ and \$ stand for a dollar sign. */
static int add_value(const struct reader *reader, const struct option *option, const char *value,
                     int depth, struct strbuf *out)
{
    int status = 0;

    while (value && *value && !status) {
        size_t plain = strcspn(value, "$\\");
        bool braced = value[plain] == '$' && value[plain + 1] == '{';
        const char *name = value + plain + 1 + braced;
        size_t length = value[plain] == '$' ? name_length(name) : 0;

        strbuf_add(out, value, plain);
        value += plain;
        if (length && (!braced || name[length] == '}')) {
            status = add_reference(reader, option->section, name, length, depth, out);
            value = name + length + braced;
        } else if (*value && value[1] == '$') {
            strbuf_add(out, "$", 1);
            value += 2;
        } else if (*value) {
            strbuf_add(out, value++, 1);
        }
    }
    return status ? status : out->status;
}

/* ---- from text to field; NULL, or why not ---- */

static const char *read_int(const struct option *option, const char *text, void *field)
{
    int64_t value;

    if (text_to_int(text, INT64_MIN, INT64_MAX, &value) || (double)value < option->min ||
        (double)value > option->max)
        return "";
    memcpy(field, &value, sizeof(value));
    return NULL;
}

static const char *read_float(const struct option *option, const char *text, void *field)
{
    char *end;
    double value = strtod(text, &end);

    if (!*text || *end || text[strspn(text, "0123456789+-.eE")] || !isfinite(value) ||
        value < option->min || value > option->max)
        return "";
    memcpy(field, &value, sizeof(value));
    return NULL;
}

static const char *read_bool(const struct option *option, const char *text, void *field)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

    (void)option;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        bool value = i % 2;

        if (strcasecmp(text, words[i]) == 0) {
            memcpy(field, &value, sizeof(value));
            return NULL;
        }
    }
    return "";
}

static const char *read_text(const struct option *option, const char *text, void *field)
{
    if (strchr(text, '\n'))
        return "must be one line (an indented line continues the value above it)";
    if (strlen(text) >= option->size)
        return "is too long";
    text_copy(field, option->size, text);
    return NULL;
}

static const char *read_choice(const struct option *option, const char *text, void *field)
{
    size_t length = strlen(text), step;

    for (const char *choice = option->choices; *choice; choice += step + (choice[step] == '|')) {
        step = strcspn(choice, "|");
        if (step == length && memcmp(choice, text, length) == 0)
            return read_text(option, text, field);
    }
    return "";
}

/* One element of a list, without the space around it; an empty one is passed over. */
static const char *add_item(struct option_list *list, const char *text, size_t length)
{
    while (length > 0 && strchr(" \t\n", *text)) {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\n", text[length - 1]))
        length--;
    if (length == 0)
        return NULL;
    if (list->count == OPTION_LIST_MOST)
        return "has too many elements";
    if (length >= sizeof(list->items[0]))
        return "has an element that is too long";
    memcpy(list->items[list->count], text, length);
    list->items[list->count++][length] = '\0';
    return NULL;
}

static const char *read_list(const struct option *option, const char *text, void *field)
{
    struct option_list *list = field;
    const char *why = NULL;

    (void)option;
    list->count = 0;
    while (!why) {
        size_t length = strcspn(text, ",");

        why = add_item(list, text, length);
        if (!text[length])
            break;
        text += length + 1;
    }
    return why;
}

static const char *(*const readers[])(const struct option *, const char *, void *) = {
    [OPTION_TEXT] = read_text,   [OPTION_INT] = read_int,       [OPTION_BOOL] = read_bool,
    [OPTION_FLOAT] = read_float, [OPTION_CHOICE] = read_choice, [OPTION_LIST] = read_list,
};

/* ---- all of them ---- */

static int refuse_substitution(const struct reader *reader, const struct option *option,
                               const struct ini_entry *entry, int status)
{
    switch (status) {
    case -ENOENT:
        return refuse(reader, option, entry,
                      "names an option that there is not; write $$ where a dollar sign is meant");
    case -ELOOP:
        return refuse(reader, option, entry, "is made of itself");
    default:
        return refuse(reader, option, entry, "is too long");
    }
}

static int apply_option(const struct reader *reader, const struct option *option, void *target)
{
    const struct ini_entry *entry = find_entry(reader, option);
    const char *raw = entry ? entry->value : option->fallback;
    auto_strbuf value = STRBUF_INIT(VALUE_MOST);
    auto_strbuf why = STRBUF_INIT(512);
    const char *wrong;
    int status;

    status = add_value(reader, option, raw, 0, &value);
    if (status)
        return refuse_substitution(reader, option, entry, status);
    if (option->flags & OPTION_REQUIRED && !value.length)
        return refuse(reader, option, entry, "must be set, and not empty");
    if (!raw)
        return 0;
    wrong = readers[option->type](option, strbuf_text(&value), (char *)target + option->offset);
    if (!wrong)
        return 0;
    if (*wrong)
        return refuse(reader, option, entry, wrong);
    option_describe(option, &why);
    return refuse(reader, option, entry, strbuf_text(&why));
}

static bool has_section(const struct reader *reader, const char *section)
{
    for (size_t i = 0; i < reader->count; i++)
        if (text_equal(reader->table[i].section, section))
            return true;
    return false;
}

static int refuse_strangers(const struct reader *reader)
{
    for (size_t i = 0; reader->ini && i < ini_count(reader->ini); i++) {
        const struct ini_entry *entry = ini_entry(reader->ini, i);

        if (find_option(reader, entry->section, entry->name))
            continue;
        return error_set(reader->error, -EINVAL,
                         has_section(reader, entry->section)
                             ? "%s:%d: section [%s] has no option %s"
                             : "%s:%d: there is no section [%s] (with an option %s)",
                         entry->file, entry->line, entry->section, entry->name);
    }
    return 0;
}

int options_apply(const struct option *table, size_t count, const struct ini *ini, void *target,
                  struct error *error)
{
    const struct reader reader = { table, count, ini, error };
    int status = refuse_strangers(&reader);

    for (size_t i = 0; i < count && !status; i++)
        status = apply_option(&reader, &table[i], target);
    return status;
}

/* A file that holds a secret must be closed to strangers. */
static int check_mode(const struct reader *reader, const char *path)
{
    struct stat status;

    if (stat(path, &status))
        return error_set(reader->error, -errno, "configuration file %s: %s", path,
                         strerrordesc_np(errno));
    if (!(status.st_mode & S_IRWXO))
        return 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct option *option = &reader->table[i];

        if (option->flags & OPTION_SECRET && find_entry(reader, option))
            return error_set(reader->error, -EACCES,
                             "configuration file %s holds a secret ([%s] %s), but its mode is "
                             "%04o; run: chmod o-rwx %s",
                             path, option->section, option->name, status.st_mode & 07777u, path);
    }
    return 0;
}

int options_load(const struct option *table, size_t count, const char *path, void *target,
                 struct error *error)
{
    auto_ini *ini = NULL;
    struct reader reader = { table, count, NULL, error };
    int status;

    if (!path)
        return options_apply(table, count, NULL, target, error);
    status = ini_load(path, &ini, error);
    if (status)
        return status;
    reader.ini = ini;
    status = check_mode(&reader, path);
    return status ? status : options_apply(table, count, ini, target, error);
}
