/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string with a maximum: what would exceed it is refused and the buffer remembers that
 * (-E2BIG), so a caller may append freely and look once at the end.
 */
#ifndef LARDER_BASE_STRBUF_H
#define LARDER_BASE_STRBUF_H

#include <stddef.h>

struct strbuf {
    char *text;    /* NUL-terminated once anything was added; NULL before */
    size_t length; /* bytes without the NUL */
    size_t capacity;
    size_t maximum; /* of length */
    int status;     /* 0, -E2BIG or -ENOMEM: the first failure sticks */
};

#define STRBUF_INIT(maximum_bytes) { .maximum = (maximum_bytes) }

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t count);
void strbuf_add_text(struct strbuf *buffer, const char *text);
void strbuf_add_format(struct strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text so far, "" when there is none; owned by the buffer. */
const char *strbuf_text(const struct strbuf *buffer);

/* Empties it, keeps memory and maximum, forgets a failure. */
void strbuf_reset(struct strbuf *buffer);
/* Frees the memory; the buffer is as after STRBUF_INIT. */
void strbuf_clear(struct strbuf *buffer);

static inline void strbuf_cleanup(struct strbuf *buffer)
{
    strbuf_clear(buffer);
}
#define auto_strbuf __attribute__((cleanup(strbuf_cleanup))) struct strbuf

#endif
