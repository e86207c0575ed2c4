/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file line by line, through liblzma when it is compressed by xz. */
#ifndef LARDER_BACKTEST_UNPACK_H
#define LARDER_BACKTEST_UNPACK_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

struct unpack;

int unpack_open(const char *path, struct unpack **ret_unpack, struct error *error);
void unpack_close(struct unpack *unpack); /* NULL is fine */
/* 1: a line, without its end; 0: the end of the file; negative: an error.  The line is valid until
 * the next call. */
int unpack_line(struct unpack *unpack, char **ret_line, struct error *error);

DEFINE_CLEANUP(unpack, struct unpack *, unpack_close);
#define auto_unpack __attribute__((cleanup(unpack_cleanup))) struct unpack

#endif
