/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adoptions: one item of a claim is handed out, and what became of it is written down.
 *
 * The common way takes an item that is set aside: the item's row is all that is locked, so twenty
 * servers of one request do not queue.  Only when none is set aside, but a right is left, the
 * claim's row is locked and a ready item of the pool taken.
 */
#include "claim/claim.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "store/demand.h"
#include "store/item_claim.h"
#include "store/sighting.h"

LOG_MODULE("claim");

static DEFINE_COUNTER(adoptions, "larder_adoptions_total",
                      "Hand-overs that were begun, and how they ended.", { "kind", KIND_CHOICES },
                      { "state", ADOPTION_STATE_CHOICES });

struct adopting {
    const struct adoption_request *request;
    const struct seal_key *key;
    char ask_digest[DIGEST_SIZE];
    int64_t now_ms;
    struct claim_right right;
    struct adoption *adoption;
    struct item *item;
    char auth_key[SEALED_SIZE];
    const char *reason; /* why there is none */
};

static int none(struct adopting *adopting, const char *reason)
{
    adopting->reason = reason;
    return -ENOENT;
}

static int find_right(struct store *store, struct adopting *adopting, struct error *error)
{
    const struct adoption_request *request = adopting->request;
    struct claim_right *right = &adopting->right;
    int r = claim_row_find_right(store, request->project_id, request->request_id,
                                 adopting->ask_digest, right, error);

    if (r == -ENOENT)
        return none(adopting, "no-claim");
    if (r < 0)
        return r;
    if (right->state == CLAIM_EXPIRED || right->expires_ms <= adopting->now_ms)
        return none(adopting, "no-claim");
    if (right->state == CLAIM_SETTLED || right->line < 0)
        return none(adopting, "no-right");
    if (!*right->pool_id)
        return none(adopting, "no-item");
    if (right->pool_state == POOL_DRAINING)
        return none(adopting, "draining");
    return 0;
}

/* The pool may have been stocked since the claim was made. */
static int take_unclaimed(struct store *store, struct adopting *adopting,
                          const struct item_taker *taker, struct error *error)
{
    int64_t used = 0;
    int r = claim_row_lock_open(store, taker->claim_id, adopting->now_ms, error);

    if (r == -ENOENT)
        return none(adopting, "no-claim");
    if (r == 0)
        r = claim_row_count_used(store, taker->claim_id, taker->line, &used, error);
    if (r < 0)
        return r;
    if (used >= adopting->right.wanted)
        return none(adopting, "no-right");
    r = item_take_ready(store, taker, adopting->now_ms, adopting->item, error);
    return r == -ENOENT ? none(adopting, "no-item") : r;
}

static int take_item(struct store *store, struct adopting *adopting, struct error *error)
{
    const struct item_taker taker = {
        .claim_id = adopting->right.claim_id,
        .line = adopting->right.line,
        .pool_id = adopting->right.pool_id,
        .project_id = adopting->request->project_id,
        .instance_id = adopting->request->instance_id,
    };
    int r = item_take_set_aside(store, &taker, adopting->now_ms, adopting->item, error);

    return r == -ENOENT ? take_unclaimed(store, adopting, &taker, error) : r;
}

static int open_key(struct adopting *adopting, struct error *error)
{
    const struct item *item = adopting->item;
    int r;

    adopting->auth_key[0] = '\0';
    if (item->kind == KIND_PORT)
        return 0;
    if (item->sealed_length <= SEAL_OVERHEAD || !adopting->key)
        r = -EBADMSG;
    else
        r = unseal(adopting->key, item->id, item->sealed, item->sealed_length,
                   adopting->auth_key);
    return r < 0 ? error_set(error, -EBADMSG, "The transfer key of item %s does not open; was "
                             "[bootstrap] key_file changed?", item->id) : 0;
}

static int write_adoption(struct store *store, struct adopting *adopting, struct error *error)
{
    const struct adoption_request *request = adopting->request;
    struct adoption *adoption = adopting->adoption;
    const struct item *item = adopting->item;

    *adoption = (struct adoption){ .kind = item->kind, .state = ADOPTION_BEGUN,
                                   .created_ms = adopting->now_ms };
    text_make_uuid(adoption->id);
    text_copy(adoption->item_id, ID_SIZE, item->id);
    text_copy(adoption->claim_id, ID_SIZE, adopting->right.claim_id);
    text_copy(adoption->pool_id, ID_SIZE, item->pool_id);
    text_copy(adoption->project_id, ID_SIZE, request->project_id);
    text_copy(adoption->request_id, REQUEST_ID_SIZE, request->request_id);
    text_copy(adoption->instance_id, ID_SIZE, request->instance_id);
    text_copy(adoption->resource_id, ID_SIZE, item->resource_id);
    return adoption_row_insert(store, adoption, error);
}

static int adopt(struct store *store, void *context, struct error *error)
{
    struct adopting *adopting = context;
    int r = find_right(store, adopting, error);

    if (r == 0)
        r = take_item(store, adopting, error);
    if (r == 0)
        r = open_key(adopting, error);
    return r < 0 ? r : write_adoption(store, adopting, error);
}

/* The item as it is after the move, for the caller. */
static void tell_item(const struct adopting *adopting, struct item *ret_item)
{
    *ret_item = *adopting->item;
    ret_item->state = ITEM_ADOPTED;
    ret_item->sealed_length = 0;
    explicit_bzero(ret_item->sealed, sizeof(ret_item->sealed));
    text_copy(ret_item->claim_id, ID_SIZE, adopting->right.claim_id);
    text_copy(ret_item->project_id, ID_SIZE, adopting->request->project_id);
    text_copy(ret_item->instance_id, ID_SIZE, adopting->request->instance_id);
}

/* After the commit, so that of two last adoptions the later sees both.  A failure is no harm: the
 * claim is then settled when its time is over. */
static void settle(struct store *store, const char *claim_id)
{
    struct error error = { 0 };
    int64_t lines = 0;
    int r = claim_row_count_unsettled(store, claim_id, &lines, &error);

    if (r == 0 && lines == 0)
        r = claim_row_set_state(store, claim_id, CLAIM_OPEN, CLAIM_SETTLED, 0, &error);
    if (r < 0)
        log_warning("claim not settled claim=%s reason=\"%s\"", claim_id, error.message);
}

/* A volume whose key does not open can never be handed out. */
static void discard(struct store *store, const struct item *item, int64_t now_ms)
{
    struct error error = { 0 };

    log_error("item released: its transfer key does not open item=%s", item->id);
    if (item_move(store, item->id, item->state, ITEM_RELEASING, NULL,
                  "its transfer key does not open", now_ms, &error) < 0)
        log_warning("item not released item=%s reason=\"%s\"", item->id, error.message);
}

int claim_adopt(struct store *store, const struct seal_key *key,
                const struct adoption_request *request, int64_t now_ms,
                struct adoption *ret_adoption, struct item *ret_item, char *ret_auth_key,
                char ret_reason[static 64], struct error *error)
{
    struct ask ask = request->ask;
    struct adoption adoption;
    struct item item;
    struct adopting adopting = { .request = request, .key = key, .now_ms = now_ms,
                                 .adoption = &adoption, .item = &item };
    int r;

    text_copy(ask.project_id, sizeof(ask.project_id), request->project_id);
    ask_normalise(&ask);
    ask_digest(&ask, adopting.ask_digest);
    r = store_transaction(store, adopt, &adopting, error);
    if (r == -EBADMSG)
        discard(store, &item, now_ms);
    if (r == -ENOENT)
        text_copy(ret_reason, 64, adopting.reason);
    if (r < 0)
        return r;
    tell_item(&adopting, ret_item);
    *ret_adoption = adoption;
    text_copy(ret_auth_key, SEALED_SIZE, adopting.auth_key);
    explicit_bzero(adopting.auth_key, sizeof(adopting.auth_key));
    metric_count(&adoptions, (int)adoption.kind, ADOPTION_BEGUN);
    settle(store, adopting.right.claim_id);
    return 0;
}

/* ---- the hook's word ---- */

struct finishing {
    const char *id;
    enum adoption_state state;
    const char *reason;
    int64_t now_ms;
    bool ended; /* by this word, and not by one before */
    enum kind kind;
};

/* The right is as before, so a claim that was settled by this adoption is open again. */
static int return_item(struct store *store, const struct finishing *finishing,
                       const struct adoption *adoption, struct error *error)
{
    int r = claim_row_set_state(store, adoption->claim_id, CLAIM_SETTLED, CLAIM_OPEN,
                                finishing->now_ms, error);

    return r < 0 ? r : item_return(store, adoption->item_id, adoption->kind,
                                   "returned: the hand-over was not begun", finishing->now_ms,
                                   error);
}

/* Only now: of a hand-over that comes to nothing the hook reports the ordinary create, a miss. */
static int write_hit(struct store *store, const struct adoption *adoption, int64_t now_ms,
                     struct error *error)
{
    struct demand hit = { .at_ms = adoption->created_ms, .kind = adoption->kind,
                          .outcome = OUTCOME_HIT,
                          .seconds = (double)(now_ms - adoption->created_ms) / 1000 };

    text_copy(hit.pool_id, ID_SIZE, adoption->pool_id);
    text_copy(hit.project_id, ID_SIZE, adoption->project_id);
    text_copy(hit.request_id, REQUEST_ID_SIZE, adoption->request_id);
    text_copy(hit.instance_id, ID_SIZE, adoption->instance_id);
    return demand_add(store, &hit, error);
}

static int write_sighting(struct store *store, const struct adoption *adoption,
                          struct error *error)
{
    struct series series;
    struct pool pool;
    int r = pool_get(store, adoption->pool_id, &pool, error);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    series_of_key(&pool.key, adoption->created_ms, &series);
    return sighting_note(store, &series, adoption->resource_id, adoption->request_id,
                         SIGHTING_HOOK, error);
}

static int note_done(struct store *store, const struct adoption *adoption, int64_t now_ms,
                     struct error *error)
{
    int r = write_sighting(store, adoption, error);

    return r < 0 ? r : write_hit(store, adoption, now_ms, error);
}

static int finish(struct store *store, void *context, struct error *error)
{
    struct finishing *finishing = context;
    struct adoption adoption;
    int r = adoption_row_finish(store, finishing->id, finishing->state, finishing->reason,
                                finishing->now_ms, error);
    bool ended_before = r == -ESTALE;

    if (r == 0 || ended_before)
        r = adoption_row_read(store, finishing->id, &adoption, error);
    if (r < 0)
        return r;
    if (ended_before && adoption.state != finishing->state)
        return error_set(error, -ESTALE, "Adoption %s is %s already", adoption.id,
                         adoption_state_name(adoption.state));
    finishing->ended = !ended_before;
    finishing->kind = adoption.kind;
    if (ended_before)
        return 0;
    if (finishing->state == ADOPTION_DONE)
        return note_done(store, &adoption, finishing->now_ms, error);
    if (finishing->state == ADOPTION_RETURNED)
        return return_item(store, finishing, &adoption, error);
    return item_move(store, adoption.item_id, ITEM_ADOPTED, ITEM_RELEASING, NULL,
                     "the hand-over failed", finishing->now_ms, error);
}

/* Counted when it is committed: what runs in the transaction may run twice. */
static void count_end(const struct finishing *finishing)
{
    metric_count(&adoptions, (int)finishing->kind, (int)finishing->state);
    if (finishing->state == ADOPTION_DONE)
        demand_count(finishing->kind, OUTCOME_HIT, "");
}

int adoption_finish(struct store *store, const char *id, enum adoption_state state,
                    const char *reason, int64_t now_ms, struct error *error)
{
    struct finishing finishing = { .id = id, .state = state, .reason = reason, .now_ms = now_ms };
    int r;

    if (state != ADOPTION_DONE && state != ADOPTION_FAILED && state != ADOPTION_RETURNED)
        return error_set(error, -EINVAL, "An adoption ends as done, failed or returned");
    r = store_transaction(store, finish, &finishing, error);
    if (r >= 0 && finishing.ended)
        count_end(&finishing);
    return r;
}

int adoption_get(struct store *store, const char *id, struct adoption *ret_adoption,
                 struct error *error)
{
    return adoption_row_read(store, id, ret_adoption, error);
}

int adoption_list(struct store *store, int state, int64_t before_ms, const char *marker,
                  size_t most, struct adoption *ret_adoptions, size_t *ret_count,
                  struct error *error)
{
    return adoption_row_list(store, state, before_ms, marker, most, ret_adoptions, ret_count,
                             error);
}
