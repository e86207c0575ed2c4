/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 digests in hex, and secrets sealed for storage (AES-256-GCM; OpenSSL does the work). */
#ifndef LARDER_BASE_DIGEST_H
#define LARDER_BASE_DIGEST_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

#define SEAL_KEY_BYTES 32
#define SEAL_OVERHEAD 28 /* nonce (12) and tag (16) */

struct seal_key {
    unsigned char bytes[SEAL_KEY_BYTES];
};

void digest_of(const char *text, size_t length, char ret_hex[static DIGEST_SIZE]);

/* Reads a key (64 hex digits) from a file that only its owner may read; refuses any other mode. */
int seal_key_load(const char *path, struct seal_key *ret_key, struct error *error);
/* Makes such a file with a random key, mode 0600; -EEXIST when there is one. */
int seal_key_create(const char *path, struct error *error);

/* Seals 'text' bound to 'context' (e.g. the item's id: a sealed value moved to another row does not
 * open).  'ret_sealed' takes length + SEAL_OVERHEAD bytes. */
int seal(const struct seal_key *key, const char *context, const char *text, size_t length,
         unsigned char *ret_sealed);
/* 'ret_text' takes length - SEAL_OVERHEAD + 1 bytes and is NUL-terminated; -EBADMSG when the value,
 * the key or the context is not the one it was sealed with. */
int unseal(const struct seal_key *key, const char *context, const unsigned char *sealed,
           size_t length, char *ret_text);

#endif
