/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens whose bearers cannot wait for Keystone.  Their text is kept in memory for an hour after
 * the last use, so that Keystone can be asked again before its last answer is forgotten
 * (token_cache.h has the answers).  Bounded, for any number of threads; the time is always an
 * argument.
 */
#ifndef LARDER_CLOUD_TOKEN_FRESH_H
#define LARDER_CLOUD_TOKEN_FRESH_H

#include "cloud/http.h"
#include "cloud/identity.h"

struct token_fresh;

int token_fresh_open(int64_t keep_ms, struct token_fresh **ret_fresh, struct error *error);
void token_fresh_close(struct token_fresh *fresh);

/* The token was used; 'known' is what Keystone said of it.  The least recently used makes room. */
void token_fresh_use(struct token_fresh *fresh, const char *digest, const char *text,
                     const struct token *known, int64_t now_ms);
/* Whether it was used within the last hour. */
bool token_fresh_has(struct token_fresh *fresh, const char *digest, int64_t now_ms);

/* Of those that Keystone is to be asked about now, the one that waits longest; false: none. */
bool token_fresh_due(struct token_fresh *fresh, int64_t now_ms, char ret_text[static TOKEN_SIZE]);
/* Keystone was asked: it called the token good (0) or bad (-EACCES), or gave no answer (else). */
void token_fresh_asked(struct token_fresh *fresh, const char *digest, int64_t now_ms, int status);

#endif
