/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that Keystone has judged, by their digest, for a short while; bounded, for any number of
 * threads.  Good and bad ones lie apart, so that a flood of bad ones drives no good one out.
 */
#ifndef LARDER_CLOUD_TOKEN_CACHE_H
#define LARDER_CLOUD_TOKEN_CACHE_H

#include "cloud/identity.h"

struct token_cache;

int token_cache_open(int64_t keep_ms, struct token_cache **ret_cache, struct error *error);
void token_cache_close(struct token_cache *cache);

enum token_verdict {
    TOKEN_UNKNOWN,
    TOKEN_GOOD,
    TOKEN_GOOD_ASK_AGAIN, /* good, but soon forgotten: this caller alone is to ask Keystone */
    TOKEN_BAD,
};
enum token_verdict token_cache_find(struct token_cache *cache, const char *digest, int64_t now_ms,
                                    struct token *ret_token);
void token_cache_keep(struct token_cache *cache, const char *digest, int64_t now_ms,
                      const struct token *token); /* NULL: a bad one */

#endif
