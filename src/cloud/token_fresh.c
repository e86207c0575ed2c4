/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are kept fresh; see token_fresh.h. */
#include "cloud/token_fresh.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 256
#define USED_MS 3600000
#define TRY_AGAIN_MS 2000 /* when Keystone gave no answer; meanwhile the others have their turn */

struct place {
    char digest[DIGEST_SIZE];
    char *text; /* NULL: empty */
    int64_t used_ms;
    int64_t expires_ms;
    int64_t due_ms;
};

struct token_fresh {
    pthread_mutex_t lock;
    int64_t keep_ms;
    struct place places[PLACES];
};

int token_fresh_open(int64_t keep_ms, struct token_fresh **ret_fresh, struct error *error)
{
    struct token_fresh *fresh = calloc(1, sizeof(*fresh));

    if (!fresh)
        return error_set(error, -ENOMEM, "no memory for the tokens that are kept fresh");
    pthread_mutex_init(&fresh->lock, NULL);
    fresh->keep_ms = keep_ms;
    *ret_fresh = fresh;
    return 0;
}

/* ---- with the lock ---- */

static void empty(struct place *place)
{
    if (place->text)
        explicit_bzero(place->text, strlen(place->text));
    free(place->text);
    *place = (struct place){ 0 };
}

static struct place *find(struct token_fresh *fresh, const char *digest)
{
    for (size_t i = 0; i < PLACES; i++)
        if (fresh->places[i].text && text_equal(fresh->places[i].digest, digest))
            return &fresh->places[i];
    return NULL;
}

/* An empty place has been used at 0, before all others. */
static struct place *make_room(struct token_fresh *fresh)
{
    struct place *oldest = &fresh->places[0];

    for (size_t i = 1; i < PLACES; i++)
        if (fresh->places[i].used_ms < oldest->used_ms)
            oldest = &fresh->places[i];
    empty(oldest);
    return oldest;
}

/* Half of the time that an answer is kept is left for the next one. */
static int64_t due_after(const struct token_fresh *fresh, int64_t asked_ms)
{
    return asked_ms + fresh->keep_ms / 2;
}

static void use(struct token_fresh *fresh, const char *digest, const char *text,
                const struct token *known, int64_t now_ms)
{
    struct place *place = find(fresh, digest);

    if (!place) {
        place = make_room(fresh);
        place->text = strdup(text);
        if (!place->text)
            return;
        text_copy(place->digest, sizeof(place->digest), digest);
        place->expires_ms = known->expires_ms;
        place->due_ms = due_after(fresh, known->asked_ms);
    }
    place->used_ms = now_ms;
}

static struct place *find_due(struct token_fresh *fresh, int64_t now_ms)
{
    struct place *first = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &fresh->places[i];

        if (place->used_ms + USED_MS <= now_ms || place->expires_ms <= now_ms)
            empty(place);
        else if (place->due_ms <= now_ms && (!first || place->due_ms < first->due_ms))
            first = place;
    }
    return first;
}

/* ---- without it ---- */

void token_fresh_close(struct token_fresh *fresh)
{
    if (!fresh)
        return;
    for (size_t i = 0; i < PLACES; i++)
        empty(&fresh->places[i]);
    pthread_mutex_destroy(&fresh->lock);
    free(fresh);
}

void token_fresh_use(struct token_fresh *fresh, const char *digest, const char *text,
                     const struct token *known, int64_t now_ms)
{
    if (fresh->keep_ms <= 0)
        return; /* no answer is ever kept, so none can be fresh */
    pthread_mutex_lock(&fresh->lock);
    use(fresh, digest, text, known, now_ms);
    pthread_mutex_unlock(&fresh->lock);
}

bool token_fresh_has(struct token_fresh *fresh, const char *digest, int64_t now_ms)
{
    const struct place *place;
    bool has;

    pthread_mutex_lock(&fresh->lock);
    place = find(fresh, digest);
    has = place && now_ms < place->used_ms + USED_MS;
    pthread_mutex_unlock(&fresh->lock);
    return has;
}

bool token_fresh_due(struct token_fresh *fresh, int64_t now_ms, char ret_text[static TOKEN_SIZE])
{
    const struct place *place;
    bool due;

    pthread_mutex_lock(&fresh->lock);
    place = find_due(fresh, now_ms);
    due = place && text_copy(ret_text, TOKEN_SIZE, place->text) == 0;
    pthread_mutex_unlock(&fresh->lock);
    return due;
}

void token_fresh_asked(struct token_fresh *fresh, const char *digest, int64_t now_ms, int status)
{
    struct place *place;

    pthread_mutex_lock(&fresh->lock);
    place = find(fresh, digest);
    if (place && status == -EACCES)
        empty(place);
    else if (place)
        place->due_ms = status ? now_ms + TRY_AGAIN_MS : due_after(fresh, now_ms);
    pthread_mutex_unlock(&fresh->lock);
}
