/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines; getopt_long() would do, but its struct option is not ours (base/options.h). */
#include "cmd/arguments.h"

#include <errno.h>
#include <string.h>

/* The row that 'word' names, as "--name" or "--name=..."; or NULL. */
static const struct argument *find(const struct argument *table, size_t count, const char *word)
{
    size_t length = strcspn(word + 2, "=");

    for (size_t i = 0; i < count; i++)
        if (strlen(table[i].name) == length && strncmp(table[i].name, word + 2, length) == 0)
            return &table[i];
    return NULL;
}

/* 'at' is the position of the switch, and of its value when that is a word of its own. */
static int read_switch(const struct argument *argument, int argc, char **argv, int *at,
                       struct error *error)
{
    const char *equals = strchr(argv[*at], '=');

    if (!argument)
        return error_set(error, -EINVAL, "there is no option %s", argv[*at]);
    if (!argument->value && equals)
        return error_set(error, -EINVAL, "--%s takes no value", argument->name);
    if (argument->value && !equals && ++*at >= argc)
        return error_set(error, -EINVAL, "--%s needs a value", argument->name);
    if (argument->value)
        *argument->value = equals ? equals + 1 : argv[*at];
    if (argument->given)
        *argument->given = true;
    return 0;
}

int arguments_read(const struct argument *table, size_t count, int argc, char **argv,
                   int *ret_words, struct error *error)
{
    int words = 0;

    for (int i = 1; i < argc; i++) {
        int status = 0;

        if (strncmp(argv[i], "--", 2) == 0)
            status = read_switch(find(table, count, argv[i]), argc, argv, &i, error);
        else
            argv[++words] = argv[i];
        if (status < 0)
            return status;
    }
    *ret_words = words;
    return 0;
}
