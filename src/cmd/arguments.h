/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: switches by a table, and the words that are left. */
#ifndef LARDER_CMD_ARGUMENTS_H
#define LARDER_CMD_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* "--name" sets 'given'; with 'value' not NULL it is "--name VALUE" or "--name=VALUE". */
struct argument {
    const char *name;
    bool *given;        /* may be NULL */
    const char **value; /* may be NULL */
};

/* Reads the switches and moves the other words to argv[1] and on; 'ret_words' is their number.
 * -EINVAL for a switch that is not in the table, or lacks its value. */
int arguments_read(const struct argument *table, size_t count, int argc, char **argv,
                   int *ret_words, struct error *error);

#endif
