/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader for oslo-style INI files (the rules of oslo.config's iniparser):
 * comments only at the start of a line (# or ;), the first of = and : splits, matching outer quotes
 * are removed, an indented line continues the value, an empty line ends it, a repeated key makes a
 * list, options before the first [section] are an error.  $name and ${name} are substituted by
 * options.c, which knows all of them.
 */
#ifndef LARDER_BASE_INI_H
#define LARDER_BASE_INI_H

#include <stddef.h>

#include "base/error.h"

struct ini; /* owns its entries */

struct ini_entry {
    const char *section;
    const char *name;
    const char *value; /* continued lines are joined by newline */
    const char *file;
    int line;
};

/* Reads text that was read from 'file' (the name is for messages only) of 'length' bytes. */
int ini_parse(const char *text, size_t length, const char *file, struct ini **ret_ini,
              struct error *error);
int ini_load(const char *path, struct ini **ret_ini, struct error *error); /* at most 1 MiB */
void ini_free(struct ini *ini);

size_t ini_count(const struct ini *ini);
const struct ini_entry *ini_entry(const struct ini *ini, size_t index); /* in file order */

#endif
