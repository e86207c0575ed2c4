/* SPDX-License-Identifier: Apache-2.0 */
/* Real messages of tests/data/captures, as they were on the bus. */
#ifndef LARDER_TESTS_CAPTURE_H
#define LARDER_TESTS_CAPTURE_H

#include <stddef.h>

struct capture {
    char name[128]; /* the file's, without .json */
    char exchange[64], routing_key[64];
    char *body;
    size_t length;
};

/* Reads all captures in 'directory', in the order of their names; exits with a word where there is
 * none or one cannot be read.  'ret_count' of them, read once a program and its
 * until it ends. */
struct capture *captures_load(const char *directory, size_t *ret_count);
/* The one of that name; exits when there is none. */
const struct capture *capture_find(const struct capture *captures, size_t count, const char *name);

#endif
