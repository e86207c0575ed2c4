/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An item's life, one step at a time:
 *   wanted    -> its key is looked at and noted, then creating (the row first), then the cloud
 *                is asked;
 *   creating  -> what a lost answer left behind is found again, or the cloud is asked once more;
 *                looked at until it is offered, then ready;
 *   releasing -> removed and looked at until nothing is left, then gone.
 * Each fact is noted before the next thing is done, so a step may end anywhere, also by SIGKILL:
 * the lease runs out and the next worker goes on from what is noted.
 */
#include "bootstrap/life.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/random.h"
#include "bootstrap/limits.h"

LOG_MODULE("bootstrap.life");

#define PAUSED_MS 5000 /* an item of a paused pool is looked at again after that */
#define YIELD_MS 500   /* and one that waits for boots under way after that */

/* ---- making ---- */

/* From here on the cloud may have it: the row says so before the cloud is asked. */
static int begin(struct task *task, const struct kind_ops *ops, struct error *error)
{
    struct outlook *outlook = task->outlook;
    struct item_facts facts = {
        .holder_id = task->holder_id,
        .fingerprint = outlook->fingerprint,
    };
    int status = 0;

    if (!outlook->fingerprint[0])
        status = ops->fingerprint(task->client, &task->pool.key, outlook->fingerprint, error);
    if (status >= 0)
        status = task_note(task, &facts, error);
    if (status >= 0)
        status = task_move(task, ITEM_CREATING, "being made", task->now_ms, error);
    return status;
}

/* The resource that names this item, though the item does not know it; -ENOENT: none. */
static int find_again(struct task *task, const struct kind_ops *ops, char ret_id[static ID_SIZE],
                      struct error *error)
{
    struct resource found[1];
    size_t count = 0;
    int status = ops->list(task->client, task->item.holder_id, task->item.id, NULL, 1, found,
                           &count, error);

    if (status < 0)
        return status;
    if (count == 0)
        return error_set(error, -ENOENT, "no %s names item %s", kind_name(task->item.kind),
                         task->item.id);
    text_copy(ret_id, ID_SIZE, found[0].id);
    return 0;
}

/* 'again': the cloud may have been asked before. */
static int obtain(struct task *task, const struct kind_ops *ops, bool again, struct error *error)
{
    char id[ID_SIZE];
    struct item_facts facts = { .resource_id = id };
    int status = again ? find_again(task, ops, id, error) : -ENOENT;

    if (status == -ENOENT)
        status = ops->create(task, id, error);
    return status < 0 ? status : task_note(task, &facts, error);
}

static int make(struct task *task, struct step *ret_step, struct error *error)
{
    const struct kind_ops *ops = kind_ops(task->item.kind);
    bool again = task->item.state == ITEM_CREATING;
    int status = again ? 0 : begin(task, ops, error);

    if (status >= 0 && !task->item.resource_id[0])
        status = obtain(task, ops, again, error);
    return status < 0 ? status : ops->advance(task, ret_step, error);
}

/* What is made while a boot is under way competes with it for the services, and slows down the very
 * boot that took the item it replaces. */
static bool must_yield(const struct task *task)
{
    const struct bootstrap_options *options = task->options;
    struct error error = { 0 };
    bool under_way = false;

    if (task->now_ms - task->item.created_ms >= options->yield_most_s * 1000)
        return false;
    if (claim_under_way(task->store, task->bootstrap->claim_options,
                        task->now_ms - options->yield_s * 1000, &under_way, &error) < 0)
        log_warning("whether boots are under way cannot be read: %s", error.message);
    return under_way;
}

/* A pool that is paused, or pauses after a failure, begins nothing. */
static bool may_begin(const struct task *task, struct step *ret_step)
{
    int64_t rest = task->pool.not_before_ms - task->now_ms;

    if (task->pool.state != POOL_ACTIVE || rest > 0)
        ret_step->delay_ms = rest > PAUSED_MS ? rest : PAUSED_MS;
    else if (task->options->yield_s && must_yield(task))
        ret_step->delay_ms = YIELD_MS;
    return ret_step->delay_ms == 0;
}

/* ---- releasing ---- */

/* Removes it if it is ours still, and looks; 'ret_step' is done when nothing of ours is left. */
static int remove_and_look(struct task *task, const struct kind_ops *ops, struct step *ret_step,
                           struct error *error)
{
    struct resource resource;
    int status = ops->get(task->client, task->item.resource_id, &resource, error);

    ret_step->done = status == -ENOENT || (status >= 0 && !text_equal(resource.project_id,
                                                                      task->item.holder_id));
    if (ret_step->done || status < 0)
        return ret_step->done ? 0 : status;
    text_copy(resource.transfer_id, ID_SIZE, task->item.transfer_id);
    status = ops->remove(task->client, &resource, error);
    ret_step->done = status > 0;
    if (status != 0)
        return status < 0 ? status : 0;
    status = ops->get(task->client, task->item.resource_id, &resource, error);
    ret_step->done = status == -ENOENT;
    ret_step->delay_ms = task_patience_ms(task, task->item.changed_ms);
    return ret_step->done ? 0 : status;
}

static int release(struct task *task, struct step *ret_step, struct error *error)
{
    const struct kind_ops *ops = kind_ops(task->item.kind);
    char id[ID_SIZE];
    struct item_facts facts = { .resource_id = id };
    int status = 0;

    if (!task->item.resource_id[0]) {
        ret_step->done = !task->item.holder_id[0];
        if (ret_step->done)
            return 0; /* the cloud was never asked */
        status = find_again(task, ops, id, error);
        ret_step->done = status == -ENOENT;
        if (status < 0)
            return ret_step->done ? 0 : status;
        status = task_note(task, &facts, error);
    }
    return status < 0 ? status : remove_and_look(task, ops, ret_step, error);
}

void life_step(struct task *task, struct outcome *ret_outcome)
{
    *ret_outcome = (struct outcome){ 0 };
    if (task->item.state == ITEM_RELEASING)
        ret_outcome->code = release(task, &ret_outcome->step, &ret_outcome->error);
    else if (task->item.state == ITEM_CREATING || may_begin(task, &ret_outcome->step))
        ret_outcome->code = make(task, &ret_outcome->step, &ret_outcome->error);
    if (ret_outcome->code < 0)
        task->outlook->seen_ms = 0; /* something is not as it was seen */
}

/* ---- writing down what came of it ---- */

static int give_back(struct task *task, int64_t not_before_ms, int64_t attempts,
                     struct error *error)
{
    return item_unlease(task->store, task->item.id, task->owner, not_before_ms, attempts, error);
}

static const int64_t lead_bounds_ms[] = { 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000,
                                          300000, 600000, 1800000 };
static DEFINE_HISTOGRAM(lead_seconds, "larder_item_lead_time_seconds",
                        "Time from an item's order to its being ready.", lead_bounds_ms,
                        { "kind", KIND_CHOICES });
static DEFINE_COUNTER(ends, "larder_items_total",
                      "Items whose making ended, and items that were removed.",
                      { "kind", KIND_CHOICES }, { "end", "ready|failed|removed" });
enum item_end { END_READY, END_FAILED, END_REMOVED };

static int settle_ready(struct task *task, int64_t now_ms, struct error *error)
{
    int64_t lead_time_ms = now_ms - task->item.created_ms;
    int status = task_move(task, ITEM_READY, "made", now_ms, error);

    if (status >= 0)
        status = give_back(task, 0, 0, error);
    if (status >= 0)
        status = pool_note_made(task->store, task->pool.id, lead_time_ms, now_ms, error);
    if (status < 0)
        return status;
    metric_observe(&lead_seconds, lead_time_ms, (int)task->item.kind, 0);
    metric_count(&ends, (int)task->item.kind, END_READY);
    log_info("%s ready item=%s resource=%s pool=%s seconds=%.1f", kind_name(task->item.kind),
                 task->item.id, task->item.resource_id, task->pool.id,
                 (double)lead_time_ms / 1000);
    return status;
}

/* What was begun and never ready has failed; the reason is the one that it was released for. */
static int settle_gone(struct task *task, int64_t now_ms, struct error *error)
{
    bool failed = task->item.holder_id[0] && !task->item.ready_ms;
    enum item_state end = failed ? ITEM_FAILED : ITEM_GONE;
    int status = task_move(task, end, task->item.reason, now_ms, error);

    if (status >= 0)
        status = give_back(task, 0, 0, error);
    if (status < 0)
        return status;
    metric_count(&ends, (int)task->item.kind, failed ? END_FAILED : END_REMOVED);
    log_info("%s %s item=%s resource=%s pool=%s reason=\"%s\"", kind_name(task->item.kind),
                 item_state_name(end), task->item.id, task->item.resource_id, task->pool.id,
                 task->item.reason);
    return status;
}

/* Workers that fail at the same time on the same pool count as one failure. */
static int pause_pool(struct task *task, const struct outcome *outcome, int64_t now_ms,
                      struct error *error)
{
    int status = pool_get(task->store, task->pool.id, &task->pool, error);
    int64_t pause_ms;

    if (status < 0 || task->pool.not_before_ms > now_ms)
        return status;
    pause_ms = pool_pause_ms(outcome->code, task->pool.failures + 1, random_below(UINT32_MAX));
    log_warning("cannot make a %s: %s; pool=%s item=%s pause_s=%.0f", kind_name(task->item.kind),
                outcome->error.message, task->pool.id, task->item.id, (double)pause_ms / 1000);
    return pool_note_failure(task->store, task->pool.id, outcome->error.message,
                             now_ms + pause_ms, now_ms, error);
}

/* Nothing is left of what was only wanted; else the cloud is looked at first. */
static int give_up(struct task *task, const struct outcome *outcome, int64_t now_ms,
                   struct error *error)
{
    bool wanted = task->item.state == ITEM_WANTED;
    int status = task_move(task, wanted ? ITEM_FAILED : ITEM_RELEASING, outcome->error.message,
                           now_ms, error);

    if (status >= 0 && wanted)
        metric_count(&ends, (int)task->item.kind, END_FAILED);
    return status < 0 ? status : give_back(task, 0, 0, error);
}

static int settle_unmade(struct task *task, const struct outcome *outcome, int64_t now_ms,
                         struct error *error)
{
    int64_t attempts = task->item.attempts + 1;
    int status = pause_pool(task, outcome, now_ms, error);

    if (status < 0)
        return status;
    if (failure_is_final(outcome->code) || attempts >= task->options->attempts)
        return give_up(task, outcome, now_ms, error);
    return give_back(task, now_ms + making_delay_ms(attempts, random_below(UINT32_MAX)), attempts,
                     error);
}

/* What cannot be removed is tried for ever, ever more rarely: giving up would leave it behind. */
static int settle_unremoved(struct task *task, const struct outcome *outcome, int64_t now_ms,
                            struct error *error)
{
    int64_t attempts = task->item.attempts + 1;
    int64_t delay_ms = removing_delay_ms(attempts, random_below(UINT32_MAX));

    log_warning("cannot remove a %s: %s; item=%s resource=%s attempt=%" PRId64 " again_in_s=%.0f",
                kind_name(task->item.kind), outcome->error.message, task->item.id,
                task->item.resource_id, attempts, (double)delay_ms / 1000);
    return give_back(task, now_ms + delay_ms, attempts, error);
}

static int settle(struct task *task, const struct outcome *outcome, int64_t now_ms,
                  struct error *error)
{
    bool releasing = task->item.state == ITEM_RELEASING;

    if (task->adrift)
        return error_set(error, outcome->code, "%s", outcome->error.message);
    if (outcome->code < 0)
        return releasing ? settle_unremoved(task, outcome, now_ms, error)
                         : settle_unmade(task, outcome, now_ms, error);
    if (!outcome->step.done)
        return give_back(task, now_ms + outcome->step.delay_ms, task->item.attempts, error);
    return releasing ? settle_gone(task, now_ms, error) : settle_ready(task, now_ms, error);
}

int life_settle(struct task *task, const struct outcome *outcome, int64_t now_ms,
                struct error *error)
{
    int status = settle(task, outcome, now_ms, error);

    if (task->adrift) /* moved by somebody else, whom our lease would keep waiting */
        give_back(task, 0, task->item.attempts, NULL);
    return status;
}
