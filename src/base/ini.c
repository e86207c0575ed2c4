/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The INI reader; see ini.h for the rules.  It works in one copy of the text: names and values are
 * cut out in place, which always fits, since every rule only makes the text shorter.
 */
#include "base/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define FILE_MOST ((size_t)1024 * 1024)

struct ini {
    char *file;
    char *text;
    struct ini_entry *entries;
    size_t count, capacity;
};

DEFINE_CLEANUP(ini, struct ini *, ini_free);
#define auto_ini __attribute__((cleanup(ini_cleanup))) struct ini

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    free(ini->file);
    free(ini->text);
    free(ini->entries);
    free(ini);
}

size_t ini_count(const struct ini *ini)
{
    return ini->count;
}

const struct ini_entry *ini_entry(const struct ini *ini, size_t index)
{
    return index < ini->count ? &ini->entries[index] : NULL;
}

/* ---- parsing ---- */

struct parser {
    struct ini *ini;
    const char *section; /* NULL before the first */
    char *value_end;     /* of the last entry, while it may be continued; else NULL */
    int line;
    struct error *error;
};

static int refuse(const struct parser *parser, int code, const char *why)
{
    return error_set(parser->error, code, "%s:%d: %s", parser->ini->file, parser->line, why);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts white space off the end of [text, end) and puts the NUL there. */
static char *trim_end(char *text, char *end)
{
    while (end > text && is_space(end[-1]))
        end--;
    *end = '\0';
    return end;
}

static char *skip_space(char *text)
{
    while (is_space(*text))
        text++;
    return text;
}

static int add_entry(struct parser *parser, const char *name, const char *value)
{
    struct ini *ini = parser->ini;
    struct ini_entry *entries = ini->entries;

    if (ini->count == ini->capacity) {
        ini->capacity = ini->capacity ? ini->capacity * 2 : 32;
        entries = reallocarray(entries, ini->capacity, sizeof(*entries));
        if (!entries)
            return refuse(parser, -ENOMEM, "out of memory");
        ini->entries = entries;
    }
    entries[ini->count++] = (struct ini_entry){
        .section = parser->section,
        .name = name,
        .value = value,
        .file = ini->file,
        .line = parser->line,
    };
    return 0;
}

static int continue_value(struct parser *parser, char *text)
{
    size_t length = strlen(text);

    if (!parser->value_end)
        return refuse(parser, -EINVAL,
                      "an indented line continues the value above it, but there is none; "
                      "take the spaces away");
    *parser->value_end = '\n';
    memmove(parser->value_end + 1, text, length + 1);
    parser->value_end += length + 1;
    return 0;
}

static int start_section(struct parser *parser, char *line, char *end)
{
    if (end[-1] != ']')
        return refuse(parser, -EINVAL, "a section ends with ]");
    if (end - line <= 2)
        return refuse(parser, -EINVAL, "a section has a name");
    end[-1] = '\0';
    parser->section = line + 1;
    return 0;
}

static int assign(struct parser *parser, char *line, char *end)
{
    char *split = line + strcspn(line, "=:");
    char *value;
    bool quoted;

    if (!*split)
        return refuse(parser, -EINVAL, "expected name = value");
    value = skip_space(split + 1);
    trim_end(line, split);
    if (!*line)
        return refuse(parser, -EINVAL, "a name must stand in front of the = or :");
    if (!parser->section)
        return refuse(parser, -EINVAL, "options stand in a section; begin with [DEFAULT]");
    quoted = end > value && (*value == '"' || *value == '\'') && end[-1] == *value;
    if (quoted && end - value == 1) {
        *value = '\0';
        end = value;
    } else if (quoted) {
        value++;
        *--end = '\0';
    }
    parser->value_end = end;
    return add_entry(parser, line, value);
}

/* One line, of which 'end' is where its newline or the end of the text is. */
static int parse_line(struct parser *parser, char *line, char *end)
{
    bool indented = *line == ' ' || *line == '\t';

    if (memchr(line, '\0', (size_t)(end - line)) || !text_is_utf8(line, (size_t)(end - line)))
        return refuse(parser, -EINVAL, "not text in UTF-8");
    end = trim_end(line, end);
    if (end > line && indented)
        return continue_value(parser, skip_space(line));
    parser->value_end = NULL;
    if (end == line || *line == '#' || *line == ';')
        return 0;
    if (*line == '[')
        return start_section(parser, line, end);
    return assign(parser, line, end);
}

static int parse_all(struct ini *ini, size_t length, struct error *error)
{
    struct parser parser = { .ini = ini, .error = error };
    char *line = ini->text, *end = ini->text + length;

    while (line < end) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        int status;

        if (!newline)
            newline = end;
        parser.line++;
        status = parse_line(&parser, line, newline);
        if (status)
            return status;
        line = newline + 1;
    }
    return 0;
}

int ini_parse(const char *text, size_t length, const char *file, struct ini **ret_ini,
              struct error *error)
{
    auto_ini *ini = calloc(1, sizeof(*ini));
    int status;

    if (ini) {
        ini->file = strdup(file);
        ini->text = calloc(1, length + 1);
    }
    if (!ini || !ini->file || !ini->text)
        return error_set(error, -ENOMEM, "%s: out of memory", file);
    memcpy(ini->text, text, length);
    status = parse_all(ini, length, error);
    if (status)
        return status;
    *ret_ini = steal(&ini);
    return 0;
}

/* Reads until the end or 'size' bytes, whichever is first. */
static ssize_t read_file(const char *path, char *ret_text, size_t size)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 1;

    if (fd < 0)
        return -errno;
    while (got > 0 && length < size) {
        got = read(fd, ret_text + length, size - length);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0)
            return -errno;
        else
            length += (size_t)got;
    }
    return (ssize_t)length;
}

int ini_load(const char *path, struct ini **ret_ini, struct error *error)
{
    autofree char *text = malloc(FILE_MOST + 1);
    ssize_t length;

    if (!text)
        return error_set(error, -ENOMEM, "%s: out of memory", path);
    length = read_file(path, text, FILE_MOST + 1);
    if (length < 0)
        return error_set(error, (int)length, "configuration file %s: %s", path,
                         strerrordesc_np((int)-length));
    if ((size_t)length > FILE_MOST)
        return error_set(error, -EFBIG, "configuration file %s is longer than %zu bytes", path,
                         FILE_MOST);
    return ini_parse(text, (size_t)length, path, ret_ini, error);
}
