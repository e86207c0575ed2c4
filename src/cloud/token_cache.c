/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judged tokens; see token_cache.h.  Two tables of sets of a few places; the digest says which set,
 * and the place whose entry ends first is taken by the next.
 */
#include "cloud/token_cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SETS 256
#define PLACES 4
#define KEEP_BAD_MS 5000
#define ASKING_MS 5000 /* so long the others leave it to one */

struct entry {
    char digest[DIGEST_SIZE];
    int64_t end_ms; /* 0: empty */
    int64_t ask_again_ms;
    struct token *token; /* cut behind its last role; NULL: a bad one */
};

struct token_cache {
    pthread_mutex_t lock;
    int64_t keep_ms;
    struct entry good[SETS][PLACES], bad[SETS][PLACES];
};

int token_cache_open(int64_t keep_ms, struct token_cache **ret_cache, struct error *error)
{
    struct token_cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return error_set(error, -ENOMEM, "no memory for the cache of tokens");
    pthread_mutex_init(&cache->lock, NULL);
    cache->keep_ms = keep_ms;
    *ret_cache = cache;
    return 0;
}

void token_cache_close(struct token_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < (size_t)SETS * PLACES; i++)
        free(cache->good[i / PLACES][i % PLACES].token);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* ---- with the lock ---- */

static struct entry *set_of(struct entry table[SETS][PLACES], const char *digest)
{
    const char high[] = { digest[0], digest[1], '\0' };

    return table[strtoul(high, NULL, 16) % SETS];
}

static struct entry *find(struct entry *set, const char *digest, int64_t now_ms)
{
    for (size_t i = 0; i < PLACES; i++)
        if (set[i].end_ms > now_ms && text_equal(set[i].digest, digest))
            return &set[i];
    return NULL;
}

static void empty(struct entry *entry)
{
    if (!entry)
        return;
    free(entry->token);
    *entry = (struct entry){ 0 };
}

static struct entry *make_room(struct entry *set, const char *digest, int64_t now_ms)
{
    struct entry *first = find(set, digest, now_ms);

    if (!first) {
        first = &set[0];
        for (size_t i = 1; i < PLACES; i++)
            if (set[i].end_ms < first->end_ms)
                first = &set[i];
    }
    empty(first);
    return first;
}

static size_t size_of(const struct token *token)
{
    return offsetof(struct token, roles) + token->role_count * sizeof(token->roles[0]);
}

static void keep_good(struct token_cache *cache, const char *digest, int64_t now_ms,
                      const struct token *token)
{
    struct entry *entry = make_room(set_of(cache->good, digest), digest, now_ms);
    int64_t end_ms = now_ms + cache->keep_ms;

    if (end_ms > token->expires_ms)
        end_ms = token->expires_ms;
    entry->token = malloc(size_of(token));
    if (!entry->token)
        return;
    memcpy(entry->token, token, size_of(token));
    memcpy(entry->digest, digest, DIGEST_SIZE);
    entry->end_ms = end_ms;
    entry->ask_again_ms = now_ms + cache->keep_ms * 3 / 4;
}

static void keep_bad(struct token_cache *cache, const char *digest, int64_t now_ms)
{
    struct entry *entry = make_room(set_of(cache->bad, digest), digest, now_ms);

    empty(find(set_of(cache->good, digest), digest, now_ms));
    memcpy(entry->digest, digest, DIGEST_SIZE);
    entry->end_ms = now_ms + (cache->keep_ms < KEEP_BAD_MS ? cache->keep_ms : KEEP_BAD_MS);
}

static enum token_verdict look(struct token_cache *cache, const char *digest, int64_t now_ms,
                               struct token *ret_token)
{
    struct entry *entry = find(set_of(cache->good, digest), digest, now_ms);

    if (!entry)
        return find(set_of(cache->bad, digest), digest, now_ms) ? TOKEN_BAD : TOKEN_UNKNOWN;
    memcpy(ret_token, entry->token, size_of(entry->token));
    if (now_ms < entry->ask_again_ms)
        return TOKEN_GOOD;
    entry->ask_again_ms = now_ms + ASKING_MS;
    return TOKEN_GOOD_ASK_AGAIN;
}

/* ---- without it ---- */

enum token_verdict token_cache_find(struct token_cache *cache, const char *digest, int64_t now_ms,
                                    struct token *ret_token)
{
    enum token_verdict verdict;

    pthread_mutex_lock(&cache->lock);
    verdict = look(cache, digest, now_ms, ret_token);
    pthread_mutex_unlock(&cache->lock);
    return verdict;
}

void token_cache_keep(struct token_cache *cache, const char *digest, int64_t now_ms,
                      const struct token *token)
{
    if (cache->keep_ms <= 0)
        return;
    pthread_mutex_lock(&cache->lock);
    if (token)
        keep_good(cache, digest, now_ms, token);
    else
        keep_bad(cache, digest, now_ms);
    pthread_mutex_unlock(&cache->lock);
}
