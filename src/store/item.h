/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items and their life:
 *   wanted -> creating -> ready -> claimed -> adopted, or -> releasing -> gone, or -> failed.
 * All moves go through one function, item_move(), which checks that the move is allowed and writes
 * it with its reason into the item's history.
 */
#ifndef LARDER_STORE_ITEM_H
#define LARDER_STORE_ITEM_H

#include "base/digest.h"
#include "store/key.h"
#include "store/store.h"

enum item_state {
    ITEM_WANTED,    /* a row, nothing in the cloud */
    ITEM_CREATING,  /* the cloud may have it */
    ITEM_READY,     /* may be claimed */
    ITEM_CLAIMED,   /* set aside for a claim; back to ready when that expires */
    ITEM_ADOPTED,   /* handed out, for good */
    ITEM_RELEASING, /* is being deleted from the cloud */
    ITEM_GONE,      /* nothing of it is left */
    ITEM_FAILED,    /* given up before it was ready; nothing of it is left */
};
#define ITEM_STATE_CHOICES "wanted|creating|ready|claimed|adopted|releasing|gone|failed"
#define ITEM_STATES 8
const char *item_state_name(enum item_state state);
bool item_move_allowed(enum item_state from, enum item_state to);

#define SEALED_SIZE 256

struct item {
    char id[ID_SIZE];
    char pool_id[ID_SIZE];
    enum kind kind;
    enum item_state state;
    char reason[256];           /* of the last move */
    char holder_id[ID_SIZE];    /* project it was made in; "" before */
    char resource_id[ID_SIZE];  /* port or volume; "" while it is not known */
    char transfer_id[ID_SIZE];  /* volume */
    size_t sealed_length;       /* volume: the transfer's key, sealed with the item's id */
    unsigned char sealed[SEALED_SIZE];
    char fingerprint[DIGEST_SIZE];
    char claim_id[ID_SIZE];
    char instance_id[ID_SIZE];  /* adopted by; a volume's is not known */
    char project_id[ID_SIZE];   /* adopted by */
    int64_t attempts;
    int64_t created_ms, changed_ms, ready_ms, not_before_ms;
};

/* Takes up to one item that is due (wanted, creating or releasing; not before its time; lease free
 * or run out) and leases it to 'owner'.  -ENOENT when nothing is due. */
int item_lease(struct store *store, const char *owner, int64_t length_ms, int64_t now_ms,
               struct item *ret_item, struct error *error);
/* Ends the lease; the item is due again at 'not_before_ms'.  -ESTALE when it was someone else's. */
int item_unlease(struct store *store, const char *id, const char *owner, int64_t not_before_ms,
                 int64_t attempts, struct error *error);

/* Moves by compare-and-swap: -ESTALE when the item is not in 'from' any more (or the lease is not
 * 'owner's, unless that is NULL), -EINVAL when the move does not exist. */
int item_move(struct store *store, const char *id, enum item_state from, enum item_state to,
              const char *owner, const char *reason, int64_t now_ms, struct error *error);

/* What the cloud gave it; each "" or NULL stays as it is. Only under 'owner's lease. */
struct item_facts {
    const char *holder_id, *resource_id, *transfer_id, *fingerprint;
    const unsigned char *sealed;
    size_t sealed_length;
};
int item_note(struct store *store, const char *id, const char *owner,
              const struct item_facts *facts, struct error *error);

int item_get(struct store *store, const char *id, struct item *ret_item, struct error *error);
/* By the id of its port or volume (the newest row); -ENOENT. */
int item_find_by_resource(struct store *store, const char *resource_id, struct item *ret_item,
                          struct error *error);
/* Pages in id order; 'pool_id' NULL: all pools; 'states' a bit mask (1 << state), 0: all. */
int item_list(struct store *store, const char *pool_id, unsigned states, const char *marker,
              size_t most, struct item *ret_items, size_t *ret_count, struct error *error);

struct item_event {
    int64_t at_ms;
    int from; /* -1: made */
    enum item_state to;
    char reason[256];
    char request_id[REQUEST_ID_SIZE]; /* of the log context; may be "" */
};
int item_history(struct store *store, const char *id, size_t most, struct item_event *ret_events,
                 size_t *ret_count, struct error *error);

#endif
