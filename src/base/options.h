/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table: one row an option.  From it come parsing, checking, defaults, the sample file,
 * the documentation and the log of effective values.  A program's options are a struct; a row says
 * at which offset its value lies.
 */
#ifndef LARDER_BASE_OPTIONS_H
#define LARDER_BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/ini.h"

enum option_type {
    OPTION_TEXT,   /* char[size] */
    OPTION_INT,    /* int64_t in [min, max] */
    OPTION_BOOL,   /* bool: true/false, yes/no, on/off, 1/0 */
    OPTION_FLOAT,  /* double in [min, max] */
    OPTION_CHOICE, /* char[size], one of 'choices' (separated by |) */
    OPTION_LIST,   /* struct option_list: comma-separated */
};

enum option_flags {
    OPTION_REQUIRED = 1, /* must be given and not empty */
    OPTION_SECRET = 2,   /* TEXT, LIST: never logged; a file with one must be closed to others */
    OPTION_RELOAD = 4,   /* changes with SIGHUP; the others need a restart */
};

#define OPTION_LIST_MOST 64
struct option_list {
    size_t count;
    char items[OPTION_LIST_MOST][256];
};

struct option {
    const char *section;
    const char *name;
    enum option_type type;
    unsigned flags;
    size_t offset;
    size_t size; /* of the field, for TEXT and CHOICE */
    const char *fallback; /* the default, as it would stand in the file; NULL: none */
    double min, max;      /* INT and FLOAT */
    const char *choices;
    const char *unit; /* "seconds", "GiB", ...; may be NULL */
    const char *help; /* one or two sentences */
};

/* Fills 'target' with the defaults and then what 'ini' says.  Unknown sections or options, values
 * out of range or of the wrong form and missing ones are refused with file, line, option, the value
 * (unless secret) and the allowed range. */
int options_apply(const struct option *table, size_t count, const struct ini *ini, void *target,
                  struct error *error);
/* The same from a file; 'path' NULL: defaults only. */
int options_load(const struct option *table, size_t count, const char *path, void *target,
                 struct error *error);

/* Writes the sample configuration file. */
void options_print_sample(const struct option *table, size_t count, FILE *out);
/* Writes every effective value as "section.name = value" lines, secrets as ****. */
void options_print_values(const struct option *table, size_t count, const void *target, FILE *out);

#endif
