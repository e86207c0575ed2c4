/* SPDX-License-Identifier: Apache-2.0 */
/* larder-manage: what an operator does besides running the daemon. */
#ifndef LARDER_CMD_MANAGE_H
#define LARDER_CMD_MANAGE_H

#include "cmd/config.h"

int manage_main(int argc, char **argv);

/* The sub-commands `import` (import.c); each returns the exit code. */
int manage_import_gnocchi(const char *path);
int manage_import_nova(const char *path);
int manage_import_csv(const char *path, const char *file);

/* The sub-command `check` (check.c): prints a line for each thing looked at; returns the exit
 * code, 0: all is well, 1: there are warnings, 2: something must be put right. */
int manage_check(const char *path);

/* The sub-command `remove` (remove.c): tells what is in the pools and what is left to be undone by
 * hand; with 'yes' empties them before.  0: nothing of Larder's is left in the cloud. */
int manage_remove(const char *path, bool yes);

#endif
