/* SPDX-License-Identifier: Apache-2.0 */
/* Small facts about strings: copies that are bounded, forms of ids, times as text. */
#ifndef LARDER_BASE_TEXT_H
#define LARDER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SIZE 37         /* a UUID with dashes, or a project id of 32 hex digits, and the NUL */
#define REQUEST_ID_SIZE 41 /* "req-" and a UUID, and the NUL */
#define DIGEST_SIZE 65     /* SHA-256 in hex, and the NUL */
#define NAME_SIZE 256      /* an OpenStack name (255), and the NUL */

/* Copies 'source' (NULL: "") into 'target' of 'size' bytes; -E2BIG if it was cut. */
int text_copy(char *target, size_t size, const char *source);

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_is_uuid(const char *text);           /* 8-4-4-4-12 hex digits */
bool text_is_id(const char *text);             /* a UUID with dashes, or 32 hex digits */
bool text_is_request_id(const char *text);     /* req- and a UUID */
bool text_is_utf8(const char *text, size_t length);
/* Bytes of the UTF-8 character at the front of 'length' bytes; 0 if there is none. */
size_t text_utf8_step(const char *text, size_t length);

/* Writes a random (version 4) UUID into 'ret_id'. */
void text_make_uuid(char ret_id[static ID_SIZE]);
/* Writes req- and a random UUID. */
void text_make_request_id(char ret_id[static REQUEST_ID_SIZE]);

/* Milliseconds since 1970 as "2026-01-31T12:00:00Z"; and back from what OpenStack services write
 * (with or without fraction, "Z" or "+00:00"); -EINVAL when it is none of these. */
void text_from_time(int64_t time_ms, char ret_text[static 32]);
int text_to_time(const char *text, int64_t *ret_time_ms);

/* A whole number in [min, max] and nothing else; -EINVAL or -ERANGE. */
int text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* Percent-decodes 'length' bytes of 'text' (part of a URL); %00, broken sequences and what is
 * longer than 'size' takes are refused: -EINVAL. */
int text_unquote(const char *text, size_t length, char *ret_text, size_t size);

#endif
