/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims and adoptions: who may have an item, and the moment one is handed over.
 *
 * A claim is made by LarderFilter while Nova schedules a boot; by then nova-api has checked as the
 * tenant that it may use the image, the networks and the volume type.  It gives the request the
 * right to n items of each key and sets ready items aside.  An adoption takes one item of a claim:
 * the same project, the same request id, the same ask.  No claim, no item.
 */
#ifndef LARDER_CLAIM_CLAIM_H
#define LARDER_CLAIM_CLAIM_H

#include "base/digest.h"
#include "store/adoption_row.h" /* struct adoption */
#include "store/claim_row.h"    /* struct claim */
#include "store/item.h"
#include "store/key.h"
#include "store/pool.h"
#include "store/store.h"

struct claim_options {
    int64_t lifetime_s; /* of a claim; set-aside items then go back to ready */
    int64_t adoption_timeout_s; /* an adoption that was begun and not reported on is looked into */
    bool observe;       /* nothing is set aside or handed out; the reason is "observe" */
};

struct claim_wish { /* n items for one ask */
    struct ask ask;
    int64_t count; /* in all: per server times servers */
};

struct claim_request {
    char request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    char image_id[ID_SIZE];
    char flavor_id[NAME_SIZE];
    char zone[NAME_SIZE];
    int64_t servers;
    size_t wish_count;
    struct claim_wish wishes[CLAIM_LINES_MOST];
};

/* Makes the claim, or finds the one this request already has (then tops up what was short; the
 * wishes of the first call count).  One transaction.  'ret_new' true when it was made now. */
int claim_make(struct store *store, const struct claim_options *options,
               const struct claim_request *request, int64_t now_ms, struct claim *ret_claim,
               bool *ret_new, struct error *error);
int claim_get(struct store *store, const char *id, struct claim *ret_claim, struct error *error);
int claim_list(struct store *store, const char *project_id, int state, const char *marker,
               size_t most, struct claim *ret_claims, size_t *ret_count, struct error *error);
/* Ends claims whose time is over; their items go back to ready.  At most 'most' a call. */
int claim_expire(struct store *store, int64_t now_ms, size_t most, size_t *ret_count,
                 struct error *error);

/* Whether boots are under way: one has made its claim since 'since_ms', or items are set aside for
 * one. */
int claim_under_way(struct store *store, const struct claim_options *options, int64_t since_ms,
                    bool *ret_under_way, struct error *error);

struct adoption_request {
    char request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    char instance_id[ID_SIZE]; /* ports only */
    struct ask ask;
};

/* Hands out one item: moves it to adopted and writes the adoption, in one transaction.  -ENOENT
 * with a reason word in 'ret_reason' (no-claim, no-right, no-item, draining) when there is none to
 * hand out.  The transfer's key is opened with 'key' into 'ret_auth_key' (at least SEALED_SIZE
 * bytes; "" for ports) and its sealed form forgotten. */
int claim_adopt(struct store *store, const struct seal_key *key,
                const struct adoption_request *request, int64_t now_ms,
                struct adoption *ret_adoption, struct item *ret_item, char *ret_auth_key,
                char ret_reason[static 64], struct error *error);

/* The hook's word on an adoption that was begun: done (demand has a hit); failed (the item is
 * released); returned (the hand-over was not begun, nobody saw the item: a port is ready again, a
 * volume is released since its key was given out).  -ESTALE when it is not 'begun' any more and the
 * word differs. */
int adoption_finish(struct store *store, const char *id, enum adoption_state state,
                    const char *reason, int64_t now_ms, struct error *error);
int adoption_get(struct store *store, const char *id, struct adoption *ret_adoption,
                 struct error *error);
/* Pages in id order; 'state' -1: all; 'before_ms' > 0: only those created before. */
int adoption_list(struct store *store, int state, int64_t before_ms, const char *marker,
                  size_t most, struct adoption *ret_adoptions, size_t *ret_count,
                  struct error *error);

#endif
