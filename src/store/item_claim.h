/* SPDX-License-Identifier: Apache-2.0 */
/* The moves of items in which a claim takes part; called inside its transactions only. */
#ifndef LARDER_STORE_ITEM_CLAIM_H
#define LARDER_STORE_ITEM_CLAIM_H

#include "store/item.h"

/* Sets up to 'count' ready items of a pool aside, those that were ready first; never waits for
 * items that others have locked. */
int item_set_aside(struct store *store, const char *pool_id, const char *claim_id, size_t line,
                   int64_t count, int64_t now_ms, int64_t *ret_count, struct error *error);
/* What a claim still holds goes back to ready. */
int item_give_back(struct store *store, const char *claim_id, const char *reason, int64_t now_ms,
                   struct error *error);

/* Who takes an item, and by which right. */
struct item_taker {
    const char *claim_id;
    int64_t line;
    const char *pool_id;
    const char *project_id;
    const char *instance_id; /* may be "" */
};
/* Takes an item that is set aside for the claim's line, or a ready one of the pool: it is adopted,
 * for good.  'ret_item' has it as it was before, with the sealed key, which the row forgets.
 * -ENOENT when there is none. */
int item_take_set_aside(struct store *store, const struct item_taker *taker, int64_t now_ms,
                        struct item *ret_item, struct error *error);
int item_take_ready(struct store *store, const struct item_taker *taker, int64_t now_ms,
                    struct item *ret_item, struct error *error);
/* The hand-over did not begin: a port is ready again, a volume, whose key was given out, is
 * released; the claim's right to an item is as before. */
int item_return(struct store *store, const char *id, enum kind kind, const char *reason,
                int64_t now_ms, struct error *error);

#endif
