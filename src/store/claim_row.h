/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of claims and their lines.  What they mean and who may change them when is in claim/; here
 * is only how they are written and read.
 *
 * How many items a line has set aside or taken is counted from the items, which name their claim
 * and line: so the numbers are never wrong, and two adoptions of one claim do not wait for each
 * other.
 */
#ifndef LARDER_STORE_CLAIM_ROW_H
#define LARDER_STORE_CLAIM_ROW_H

#include "store/key.h"
#include "store/pool.h"
#include "store/store.h"

#define CLAIM_LINES_MOST 64

enum claim_state { CLAIM_OPEN, CLAIM_SETTLED, CLAIM_EXPIRED };
#define CLAIM_STATE_CHOICES "open|settled|expired"
const char *claim_state_name(enum claim_state state);

struct claim_line {
    enum kind kind;
    char pool_id[ID_SIZE]; /* "" when the ask leads to no pool yet */
    char ask_digest[DIGEST_SIZE];
    int64_t wanted;    /* fixed by the first call */
    int64_t set_aside; /* held now, not yet taken */
    int64_t taken;
    char reason[64]; /* why fewer were set aside: "", no-pool, no-item, paused, draining */
};

struct claim {
    char id[ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    char image_id[ID_SIZE];
    char flavor_id[NAME_SIZE];
    char zone[NAME_SIZE];
    int64_t servers;
    enum claim_state state;
    int64_t created_ms, expires_ms;
    size_t line_count;
    struct claim_line lines[CLAIM_LINES_MOST];
};

/* Inserts the claim without its lines, or finds that its request has one; locks the row either way,
 * which makes the caller the only one who changes the claim.  'ret_new' tells which. */
int claim_row_open(struct store *store, const struct claim *claim, bool *ret_new,
                   struct error *error);
int claim_row_read(struct store *store, const char *id, struct claim *ret_claim,
                   struct error *error);
int claim_row_find(struct store *store, const char *project_id, const char *request_id,
                   struct claim *ret_claim, struct error *error);
int claim_row_list(struct store *store, const char *project_id, int state, const char *marker,
                   size_t most, struct claim *ret_claims, size_t *ret_count, struct error *error);

/* Writes a line: its pool and reason, and all of it when it is new. */
int claim_row_put_line(struct store *store, const char *id, size_t line,
                       const struct claim_line *content, struct error *error);
/* The pool that an ask leads to, as far as a claim needs it; -ENOENT. */
int claim_row_find_pool(struct store *store, const char *ask_digest, char ret_id[static ID_SIZE],
                        enum pool_state *ret_state, struct error *error);

/* Locks the claim whose time has been over longest, unless someone has it locked; -ENOENT. */
int claim_row_lock_overdue(struct store *store, int64_t now_ms, struct claim *ret_claim,
                           struct error *error);
/* Whether items are set aside, or there is a claim that ends (or would have ended) after
 * 'expires_ms': when one was made is not indexed, when it ends is. */
int claim_row_under_way(struct store *store, int64_t expires_ms, bool *ret_under_way,
                        struct error *error);
/* Locks an open claim whose time is not over; -ENOENT. */
int claim_row_lock_open(struct store *store, const char *id, int64_t now_ms, struct error *error);
int claim_row_set_state(struct store *store, const char *id, enum claim_state from,
                        enum claim_state to, int64_t expires_after_ms, struct error *error);
/* How many items a line's right is used up by: set aside or taken. */
int claim_row_count_used(struct store *store, const char *id, int64_t line, int64_t *ret_used,
                         struct error *error);
/* How many lines are not all taken. */
int claim_row_count_unsettled(struct store *store, const char *id, int64_t *ret_lines,
                              struct error *error);

/* The right of one ask of a request, as found without locking anything. */
struct claim_right {
    char claim_id[ID_SIZE];
    enum claim_state state;
    int64_t expires_ms;
    int64_t line; /* -1: the claim does not cover the ask */
    int64_t wanted;
    char pool_id[ID_SIZE]; /* "": none is known */
    int pool_state;        /* enum pool_state, -1 without a pool */
};
int claim_row_find_right(struct store *store, const char *project_id, const char *request_id,
                         const char *ask_digest, struct claim_right *ret_right,
                         struct error *error);

#endif
