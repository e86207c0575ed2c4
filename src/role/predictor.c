/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predictor's turns; see predictor.h.  A predictor says that it is there by a lease of its own;
 * so each knows how many there are, and holds no more than its share of the shards: who comes is
 * given some, who dies is inherited when its leases have run out.
 */
#include "role/predictor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "role/almanac.h"
#include "role/predict_shard.h"
#include "role/predict_totals.h"
#include "store/forecast.h"
#include "store/history.h"

LOG_MODULE("predictor");

#define MEMBER "predict.member."
#define SHARD "predict.shard."
#define SUMS "predict.sums"
#define DAY_MS INT64_C(86400000)
#define PURGE_BITE 1000       /* rows of a table that are removed in one turn */
#define STALE_SLOTS 12        /* a forecast that was not renewed for so long goes */
#define SUMS_AGAIN 2          /* others may still be at it when we sum first */

int64_t predictor_protection_s(const struct predictor *predictor, int64_t lead_time_ms)
{
    int64_t slot_s = predictor->options->slot_s;
    int64_t seconds = (lead_time_ms > 0 ? (lead_time_ms + 999) / 1000 : 0) + predictor->review_s;
    int64_t slots = (seconds + slot_s - 1) / slot_s;

    return (slots > 0 ? slots : 1) * slot_s;
}

void predictor_hand_init(struct predictor_hand *hand, const struct predictor *predictor)
{
    *hand = (struct predictor_hand){ .predictor = predictor };
    text_make_uuid(hand->owner);
}

/* ---- leases ---- */

static void lease_name(const char *prefix, int64_t index, char ret_name[static 64])
{
    snprintf(ret_name, 64, "%s%" PRId64, prefix, index);
}

static void member_name(const struct predictor_hand *hand, char ret_name[static 64])
{
    snprintf(ret_name, 64, MEMBER "%.40s", hand->owner);
}

static int64_t lease_ms(const struct predictor_hand *hand)
{
    return hand->predictor->options->lease_s * 1000;
}

/* How many shards this predictor may hold: all predictors' shares together cover all. */
static int find_share(const struct predictor_hand *hand, struct store *store, int64_t now_ms,
                      int64_t *ret_share, struct error *error)
{
    int64_t members = 0, shards = hand->predictor->options->shards;
    char name[64];
    int status;

    member_name(hand, name);
    status = lease_take(store, name, hand->owner, lease_ms(hand), now_ms, error);
    if (status >= 0)
        status = lease_count(store, MEMBER, now_ms, &members, error);
    *ret_share = members > 1 ? (shards + members - 1) / members : shards;
    return status;
}

static int64_t count_held(const struct predictor_hand *hand)
{
    int64_t held = 0;

    for (int64_t i = 0; i < hand->predictor->options->shards; i++)
        held += hand->held[i];
    return held;
}

/* Takes the lease of a shard or keeps it up, unless we have our share without it. */
static int hold_shard(struct predictor_hand *hand, struct store *store, int64_t index,
                      int64_t share, int64_t now_ms, struct error *error)
{
    int64_t held = count_held(hand);
    char name[64];
    int status;

    lease_name(SHARD, index, name);
    if (hand->held[index] && held > share) {
        hand->held[index] = false;
        return lease_drop(store, name, hand->owner, error);
    }
    if (!hand->held[index] && held >= share)
        return 0;
    status = lease_take(store, name, hand->owner, lease_ms(hand), now_ms, error);
    if (status > 0 && !hand->held[index]) {
        hand->done_ms[index] = hand->said_ms[index] = 0;
        log_debug("shard %" PRId64 " is ours", index);
    }
    hand->held[index] = status > 0;
    return status;
}

/* ---- one turn ---- */

struct turn {
    struct predictor_hand *hand;
    struct store *store;
    struct loop *loop;
    int64_t now_ms, begun_ms, share, over_ms, until_ms;
    struct watching watching;
    struct almanac *almanac; /* opened when something is due */
};

/* A listener that is behind is waited for, so that what it brings is not late; one that is gone for
 * long leaves slots that were not watched. */
static void find_slots(struct turn *turn)
{
    const struct predictor_options *options = turn->hand->predictor->options;
    int64_t slot_ms = options->slot_s * 1000, watched_ms = turn->watching.until_ms;
    int64_t closed_ms = turn->now_ms - options->grace_s * 1000;

    turn->over_ms = turn->until_ms = closed_ms - closed_ms % slot_ms;
    if (watched_ms < turn->until_ms && turn->now_ms - watched_ms < options->patience_s * 1000)
        turn->until_ms = watched_ms - watched_ms % slot_ms;
}

static int run_pass(struct turn *turn, int64_t index, struct error *error)
{
    struct predictor_hand *hand = turn->hand;
    struct pass pass = {
        .predictor = hand->predictor, .owner = hand->owner,
        .shard = { .count = hand->predictor->options->shards, .index = index },
        .watching = &turn->watching, .almanac = turn->almanac,
        .now_ms = turn->now_ms, .begun_ms = turn->begun_ms,
        .until_ms = turn->until_ms, .from_ms = turn->over_ms, .loop = turn->loop,
    };
    int status;

    lease_name(SHARD, index, pass.lease);
    status = pass_run(&pass, turn->store, error);
    if (status == -ESTALE) {
        hand->held[index] = false;
        return 0;
    }
    if (status < 0)
        return status;
    hand->done_ms[index] = turn->until_ms;
    hand->said_ms[index] = turn->over_ms;
    return 0;
}

static int64_t turn_now_ms(const struct turn *turn)
{
    return turn->now_ms + clock_monotonic_ms() - turn->begun_ms;
}

static int do_shard(struct turn *turn, int64_t index, struct error *error)
{
    struct predictor_hand *hand = turn->hand;
    int status = hold_shard(hand, turn->store, index, turn->share, turn_now_ms(turn), error);

    if (status <= 0 || !hand->held[index])
        return status;
    if (hand->done_ms[index] >= turn->until_ms && hand->said_ms[index] >= turn->over_ms)
        return 0;
    if (!turn->almanac)
        status = almanac_open(hand->predictor->options, turn->store, turn->now_ms, &turn->almanac,
                              error);
    return status < 0 ? status : run_pass(turn, index, error);
}

/* Where a predictor begins to look for shards: elsewhere than the others. */
static int64_t first_shard(const struct predictor_hand *hand)
{
    uint64_t sum = 0;

    for (const char *at = hand->owner; *at; at++)
        sum = sum * 31 + (unsigned char)*at;
    return (int64_t)(sum % (uint64_t)hand->predictor->options->shards);
}

/* The leases are kept up first: those of shards that come last must not run out meanwhile. */
static int do_shards(struct turn *turn, struct error *error)
{
    int64_t shards = turn->hand->predictor->options->shards, first = first_shard(turn->hand);
    int status = 0;

    for (int64_t i = 0; i < shards && status >= 0; i++)
        if (turn->hand->held[i])
            status = hold_shard(turn->hand, turn->store, i, turn->share, turn->now_ms, error);
    for (int64_t i = 0; i < shards && status >= 0; i++)
        status = do_shard(turn, (first + i) % shards, error);
    return status;
}

/* Away with what nobody needs any more. */
static int purge(struct turn *turn, struct error *error)
{
    const struct predictor_options *options = turn->hand->predictor->options;
    int64_t stale_ms = turn->now_ms - STALE_SLOTS * options->slot_s * 1000;
    int64_t removed = 0, forecasts = 0;
    int status = history_purge(turn->store, turn->now_ms - options->history_days * DAY_MS,
                               PURGE_BITE, &removed, error);

    if (status >= 0)
        status = forecasts_purge(turn->store, stale_ms, PURGE_BITE, &forecasts, error);
    if (status >= 0)
        status = lease_purge(turn->store, MEMBER, turn->now_ms - 10 * lease_ms(turn->hand), error);
    if (removed)
        log_info("forgot what is older than %" PRId64 " days: rows=%" PRId64,
                 options->history_days, removed);
    return status;
}

/* One predictor sums for all: when its own shards are done, and once more in the next turn. */
static int do_sums(struct turn *turn, struct error *error)
{
    struct predictor_hand *hand = turn->hand;
    int64_t slot_ms = hand->predictor->options->slot_s * 1000;
    int status = lease_take(turn->store, SUMS, hand->owner, lease_ms(hand), turn_now_ms(turn),
                            error);

    if (status <= 0)
        return status;
    if (hand->summed_ms < turn->over_ms) {
        hand->summed_ms = turn->over_ms;
        hand->sums_left = SUMS_AGAIN;
    }
    if (hand->sums_left > 0) {
        status = totals_make(turn->store, turn->over_ms - 2 * slot_ms, turn->now_ms, error);
        hand->sums_left -= status >= 0;
    }
    return status < 0 ? status : purge(turn, error);
}

static int begin_turn(struct turn *turn, struct error *error)
{
    int64_t days = turn->hand->predictor->options->history_days;
    int status = find_share(turn->hand, turn->store, turn->now_ms, &turn->share, error);

    if (status >= 0)
        status = watching_read(turn->store, turn->now_ms - days * DAY_MS, &turn->watching, error);
    if (status >= 0)
        find_slots(turn);
    return status;
}

int predictor_turn(struct predictor_hand *hand, struct store *store, int64_t now_ms,
                   struct loop *loop, struct error *error)
{
    autofree struct turn *turn = calloc(1, sizeof(*turn));
    int status;

    if (!turn)
        return error_set(error, -ENOMEM, "no memory for the predictor");
    *turn = (struct turn){ .hand = hand, .store = store, .loop = loop, .now_ms = now_ms,
                           .begun_ms = clock_monotonic_ms() };
    status = begin_turn(turn, error);
    if (status >= 0)
        status = do_shards(turn, error);
    almanac_close(turn->almanac);
    turn->almanac = NULL;
    return status < 0 ? status : do_sums(turn, error);
}

void predictor_leave(struct predictor_hand *hand, struct store *store)
{
    char name[64];

    for (int64_t i = 0; i < hand->predictor->options->shards; i++) {
        lease_name(SHARD, i, name);
        if (hand->held[i])
            lease_drop(store, name, hand->owner, NULL);
        hand->held[i] = false;
    }
    member_name(hand, name);
    lease_drop(store, name, hand->owner, NULL);
    lease_drop(store, SUMS, hand->owner, NULL);
}

/* ---- the thread ---- */

struct predictor_role {
    struct predictor_hand hand;
    struct loop *loop;
    struct error last_error; /* said already */
};

static void complain(struct predictor_role *role, int status, const struct error *error)
{
    if (status >= 0 || status == -ECANCELED)
        role->last_error.message[0] = '\0';
    else if (!text_equal(role->last_error.message, error->message)) {
        log_warning("forecasts cannot be made: %s", error->message);
        role->last_error = *error;
    }
}

/* Leases are kept up three times as often as needed; the end of a slot is not missed. */
static int64_t next_turn_ms(const struct predictor_options *options, int64_t now_ms)
{
    int64_t slot_ms = options->slot_s * 1000, keep_ms = options->lease_s * 1000 / 3;
    int64_t close_ms = slot_ms - (now_ms - options->grace_s * 1000) % slot_ms;

    return close_ms < keep_ms ? close_ms : keep_ms;
}

static int64_t turn_of_role(struct loop *loop, void *context)
{
    struct predictor_role *role = context;
    const struct predictor *predictor = role->hand.predictor;
    struct error error = { 0 };
    auto_store *store = NULL;
    int status = store_borrow(predictor->database, &store, &error);

    if (status >= 0)
        status = predictor_turn(&role->hand, store, clock_now_ms(), loop, &error);
    complain(role, status, &error);
    return next_turn_ms(predictor->options, clock_now_ms());
}

int predictor_start(const struct predictor *predictor, struct predictor_role **ret_role,
                    struct error *error)
{
    struct predictor_role *role = calloc(1, sizeof(*role));
    int status;

    if (!role)
        return error_set(error, -ENOMEM, "no memory for the predictor");
    predictor_hand_init(&role->hand, predictor);
    status = loop_start("predictor", turn_of_role, role, &role->loop, error);
    if (status < 0) {
        free(role);
        return status;
    }
    log_info("the predictor runs: slot=%" PRId64 "s shards=%" PRId64, predictor->options->slot_s,
             predictor->options->shards);
    *ret_role = role;
    return 0;
}

/* Who leaves in order leaves the shards to others at once. */
int predictor_stop(struct predictor_role *role, int64_t grace_ms)
{
    auto_store *store = NULL;

    if (!role)
        return 0;
    if (loop_stop(role->loop, grace_ms) < 0)
        return -ETIMEDOUT;
    if (store_borrow(role->hand.predictor->database, &store, NULL) >= 0)
        predictor_leave(&role->hand, store);
    free(role);
    return 0;
}
