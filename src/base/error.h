/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error is a code for the program and a sentence for a person.
 *
 * Functions return 0 or a negative errno; those whose failure a person will read take a
 * `struct error *` as last parameter (NULL: the caller does not care) and leave it untouched
 * on success.  The sentence says what failed, on what, why, and what to do.
 */
#ifndef LARDER_BASE_ERROR_H
#define LARDER_BASE_ERROR_H

struct error {
    int code;          /* 0: no error; else the negative errno that was returned with it */
    char message[512]; /* one sentence, no newline, truncated with "..." when longer */
};

/* Sets code and message and returns 'code' (negative), so that one can `return error_set(...)`. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<formatted>: " in front of the message that is there; returns the code that is there. */
int error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
