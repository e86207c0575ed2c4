/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: at each review, and whenever something was taken, it stocks and trims the pools and
 * ends claims whose time is over; now and then, and at the start, it reconciles rows and cloud.
 * Any number of processes may do so at once; a lease row only saves them from comparing twice.
 * Where the cloud is only observed, it ends claims and does nothing else.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "bootstrap/worker.h"

LOG_MODULE("bootstrap.keeper");

#define POOLS_PAGE 32
#define CLAIMS_PAGE 100
#define BREATH_MS 100             /* between two reviews, however often the bell rings */
#define RECONCILE_LEASE_MS 120000 /* of a process that died while it compared */

/* ---- review ---- */

static int keep_pool(struct store *store, const struct pool *pool,
                     const struct bootstrap_options *options, int64_t now_ms, int64_t *work,
                     struct error *error)
{
    const struct stock_limits limits = { options->ceiling_project, options->ceiling_all };
    int64_t made = 0, released = 0;
    int status = pool_trim(store, pool->id, options->idle_age_s * 1000, now_ms, &released, error);

    if (status >= 0 && pool->state == POOL_ACTIVE)
        status = pool_stock(store, pool->id, &limits, now_ms, &made, error);
    if (made || released)
        log_info("pool %s reviewed: goal=%" PRId64 " ready=%" PRId64 " claimed=%" PRId64
                 " ordered=%" PRId64 " released=%" PRId64,
                 pool->id, pool_goal(pool), pool->ready, pool->claimed, made, released);
    *work += made + released;
    return status;
}

static int keep_pools(struct store *store, const struct bootstrap_options *options,
                      int64_t now_ms, int64_t *work, struct error *error)
{
    autofree struct pool *pools = calloc(POOLS_PAGE, sizeof(*pools));
    char marker[ID_SIZE] = "";
    size_t count = POOLS_PAGE;
    int status = 0;

    if (!pools)
        return error_set(error, -ENOMEM, "no memory for a list of pools");
    while (status >= 0 && count == POOLS_PAGE) {
        status = pool_list(store, -1, NULL, marker, POOLS_PAGE, pools, &count, error);
        for (size_t i = 0; i < count && status >= 0; i++)
            status = keep_pool(store, &pools[i], options, now_ms, work, error);
        if (status >= 0 && count)
            text_copy(marker, sizeof(marker), pools[count - 1].id);
    }
    return status;
}

static int keep_claims(struct store *store, int64_t now_ms, struct error *error)
{
    size_t count = CLAIMS_PAGE;
    int status = 0;

    while (status >= 0 && count == CLAIMS_PAGE)
        status = claim_expire(store, now_ms, CLAIMS_PAGE, &count, error);
    return status;
}

static void review(struct hand *hand, const struct bootstrap_options *options, int64_t now_ms)
{
    struct error error = { 0 };
    auto_store *store = NULL;
    int64_t work = 0;
    int status = store_borrow(hand->bootstrap->database, &store, &error);

    if (status >= 0)
        status = keep_claims(store, now_ms, &error);
    if (status >= 0 && !options->observe)
        status = keep_pools(store, options, now_ms, &work, &error);
    if (work)
        workers_call(hand->workers);
    if (status < 0)
        hand_complain(hand, "the pools cannot be reviewed", &error);
    else
        hand->last_error.message[0] = '\0';
}

/* ---- reconciliation ---- */

static int compare(struct hand *hand, struct store *store, int64_t now_ms, struct error *error)
{
    struct reconciliation found = { 0 };
    int status = reconcile(hand->bootstrap, store, hand->client, now_ms, &found, error);

    log_info("reconciled rows and cloud: orphans_removed=%" PRId64 " lost=%" PRId64
             " stale=%" PRId64 " adoptions_settled=%" PRId64,
             found.orphans_removed, found.lost_items, found.stale_items, found.settled);
    if (found.lost_items + found.stale_items + found.settled > 0)
        workers_call(hand->workers);
    return status;
}

static void reconcile_once(struct hand *hand, int64_t now_ms)
{
    struct error error = { 0 };
    auto_store *store = NULL;
    int status = store_borrow(hand->bootstrap->database, &store, &error);

    if (status >= 0)
        status = lease_take(store, "reconcile", hand->owner, RECONCILE_LEASE_MS, now_ms, &error);
    if (status == 0)
        log_debug("another process is reconciling");
    if (status > 0) {
        status = compare(hand, store, now_ms, &error);
        lease_drop(store, "reconcile", hand->owner, NULL);
    }
    if (status < 0)
        log_warning("rows and cloud cannot be reconciled in full: %s", error.message);
}

void keeper_run(struct hand *hand)
{
    int64_t reconciled_ms = 0;
    uint64_t seen = 0;

    do {
        struct bootstrap_options options;
        int64_t now_ms = clock_now_ms();
        char request_id[REQUEST_ID_SIZE];

        text_make_request_id(request_id);
        log_set_context(NULL, request_id, NULL, NULL);
        workers_options(hand->workers, &options);
        pulse_begin(hand->pulse);
        review(hand, &options, now_ms);
        if (!options.observe && now_ms - reconciled_ms >= options.reconcile_s * 1000) {
            reconcile_once(hand, now_ms);
            reconciled_ms = now_ms;
        }
        pulse_end(hand->pulse);
        bell_pause(hand->bell, BREATH_MS);
        if (!bell_wait(hand->bell, &seen, options.review_s * 1000))
            return;
    } while (true);
}
