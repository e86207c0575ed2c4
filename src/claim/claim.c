/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: made, topped up, ended.  Whoever changes a claim first locks its row, then its lines,
 * then items.  Items are picked without waiting, so claims hinder each other nowhere else.
 */
#include "claim/claim.h"

#include <errno.h>

#include "base/log.h"
#include "base/metric.h"
#include "store/item_claim.h"

LOG_MODULE("claim");

struct making {
    const struct claim *wished; /* as it is when it is made now */
    bool observe;
    int64_t now_ms;
    struct claim *claim;
    bool is_new;
};

/* ---- what was asked for ---- */

/* Wishes for the same thing become one line. */
static int add_wish(struct claim *claim, const struct claim_wish *wish, struct error *error)
{
    struct claim_line line = { .kind = wish->ask.kind, .wanted = wish->count };
    struct ask ask = wish->ask;

    if (wish->count < 1)
        return error_set(error, -EINVAL, "A claim to %lld items makes no sense",
                         (long long)wish->count);
    text_copy(ask.project_id, sizeof(ask.project_id), claim->project_id);
    ask_normalise(&ask);
    ask_digest(&ask, line.ask_digest);
    for (size_t i = 0; i < claim->line_count; i++) {
        if (text_equal(claim->lines[i].ask_digest, line.ask_digest)) {
            claim->lines[i].wanted += line.wanted;
            return 0;
        }
    }
    claim->lines[claim->line_count++] = line;
    return 0;
}

static int claim_of_request(const struct claim_options *options,
                            const struct claim_request *request, int64_t now_ms,
                            struct claim *ret_claim, struct error *error)
{
    int r = 0;

    if (request->wish_count > CLAIM_LINES_MOST)
        return error_set(error, -EINVAL, "A claim has %d lines at most", CLAIM_LINES_MOST);
    *ret_claim = (struct claim){ .servers = request->servers, .state = CLAIM_OPEN,
                                 .created_ms = now_ms,
                                 .expires_ms = now_ms + options->lifetime_s * 1000 };
    text_make_uuid(ret_claim->id);
    text_copy(ret_claim->request_id, REQUEST_ID_SIZE, request->request_id);
    text_copy(ret_claim->project_id, ID_SIZE, request->project_id);
    text_copy(ret_claim->image_id, ID_SIZE, request->image_id);
    text_copy(ret_claim->flavor_id, NAME_SIZE, request->flavor_id);
    text_copy(ret_claim->zone, NAME_SIZE, request->zone);
    for (size_t i = 0; r == 0 && i < request->wish_count; i++)
        r = add_wish(ret_claim, &request->wishes[i], error);
    return r;
}

/* ---- making ---- */

static const char *shortage(enum pool_state state)
{
    return state == POOL_PAUSED ? "paused" : "no-item";
}

/* Sets aside what the line is short of, and says why if that is not all. */
static int fill_line(struct store *store, struct making *making, size_t index, struct error *error)
{
    struct claim_line *line = &making->claim->lines[index];
    int64_t lack = line->wanted - line->set_aside - line->taken, got = 0;
    enum pool_state state;
    int r;

    text_copy(line->reason, sizeof(line->reason), "");
    if (lack <= 0)
        return 0;
    r = claim_row_find_pool(store, line->ask_digest, line->pool_id, &state, error);
    if (r < 0 || state == POOL_DRAINING || making->observe) {
        text_copy(line->reason, sizeof(line->reason), r < 0 ? "no-pool"
                  : making->observe ? "observe" : "draining");
        return r == -ENOENT ? 0 : r;
    }
    r = item_set_aside(store, line->pool_id, making->claim->id, index, lack, making->now_ms, &got,
                       error);
    line->set_aside += got;
    if (got < lack)
        text_copy(line->reason, sizeof(line->reason), shortage(state));
    return r;
}

static int fill_lines(struct store *store, struct making *making, struct error *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < making->claim->line_count; i++) {
        struct claim_line *line = &making->claim->lines[i];
        struct claim_line before = *line;

        r = fill_line(store, making, i, error);
        if (r == 0 && (making->is_new || !text_equal(before.reason, line->reason)
                       || !text_equal(before.pool_id, line->pool_id)))
            r = claim_row_put_line(store, making->claim->id, i, line, error);
    }
    return r;
}

static int make(struct store *store, void *context, struct error *error)
{
    struct making *making = context;
    const struct claim *wished = making->wished;
    int r;

    *making->claim = *wished;
    r = claim_row_open(store, wished, &making->is_new, error);
    if (r == 0 && !making->is_new)
        r = claim_row_find(store, wished->project_id, wished->request_id, making->claim, error);
    if (r < 0 || making->claim->state != CLAIM_OPEN || making->claim->expires_ms <= making->now_ms)
        return r;
    return fill_lines(store, making, error);
}

static DEFINE_COUNTER(claims, "larder_claims_total",
                      "Claims that schedulers made, and asked for again.",
                      { "call", "first|repeated" });

int claim_make(struct store *store, const struct claim_options *options,
               const struct claim_request *request, int64_t now_ms, struct claim *ret_claim,
               bool *ret_new, struct error *error)
{
    struct claim wished, claim;
    struct making making = { .wished = &wished, .observe = options->observe, .now_ms = now_ms,
                             .claim = &claim };
    int r = claim_of_request(options, request, now_ms, &wished, error);

    if (r == 0)
        r = store_transaction(store, make, &making, error);
    if (r < 0)
        return r;
    metric_count(&claims, !making.is_new, 0);
    *ret_claim = claim;
    *ret_new = making.is_new;
    return 0;
}

int claim_get(struct store *store, const char *id, struct claim *ret_claim, struct error *error)
{
    return claim_row_read(store, id, ret_claim, error);
}

int claim_list(struct store *store, const char *project_id, int state, const char *marker,
               size_t most, struct claim *ret_claims, size_t *ret_count, struct error *error)
{
    return claim_row_list(store, project_id, state, marker, most, ret_claims, ret_count, error);
}

int claim_under_way(struct store *store, const struct claim_options *options, int64_t since_ms,
                    bool *ret_under_way, struct error *error)
{
    return claim_row_under_way(store, since_ms + options->lifetime_s * 1000, ret_under_way, error);
}

/* ---- ending ---- */

static bool all_taken(const struct claim *claim)
{
    for (size_t i = 0; i < claim->line_count; i++)
        if (claim->lines[i].taken < claim->lines[i].wanted)
            return false;
    return true;
}

static int expire_one(struct store *store, void *context, struct error *error)
{
    const int64_t *now_ms = context;
    struct claim claim;
    enum claim_state state;
    int r = claim_row_lock_overdue(store, *now_ms, &claim, error);

    if (r < 0)
        return r;
    state = all_taken(&claim) ? CLAIM_SETTLED : CLAIM_EXPIRED;
    r = claim_row_set_state(store, claim.id, CLAIM_OPEN, state, 0, error);
    if (r == 0)
        r = item_give_back(store, claim.id, "its claim expired", *now_ms, error);
    return r;
}

int claim_expire(struct store *store, int64_t now_ms, size_t most, size_t *ret_count,
                 struct error *error)
{
    size_t count = 0;
    int r = 0;

    while (count < most && (r = store_transaction(store, expire_one, &now_ms, error)) == 0)
        count++;
    if (count)
        log_debug("ended claims count=%zu", count);
    *ret_count = count;
    return r == -ENOENT ? 0 : r;
}
