/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: leases an item that is due, moves it by one step (life.c), gives it back, and waits
 * when nothing is due.  It reads the clock; what it calls does not.
 */
#include "bootstrap/worker.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "bootstrap/life.h"

LOG_MODULE("bootstrap.worker");

#define IDLE_MS 1000   /* items of other processes and items whose time comes are looked for */
#define TROUBLE_MS 5000 /* without database or Keystone there is no hurry */

/* Everything about one step is logged, here and by the services, under one request id. */
static void name_step(void)
{
    char request_id[REQUEST_ID_SIZE];

    text_make_request_id(request_id);
    log_set_context(NULL, request_id, NULL, NULL);
}

static int run_task(struct task *task, struct error *error)
{
    struct outcome outcome;
    int status = pool_get(task->store, task->item.pool_id, &task->pool, error);

    if (status < 0)
        return status;
    life_step(task, &outcome);
    status = life_settle(task, &outcome, clock_now_ms(), error);
    if (status == -ESTALE) {
        log_info("item %s was taken on by another worker: %s", task->item.id,
                 error->message);
        return 0;
    }
    return status;
}

/* One item, one step; -ENOENT when none is due. */
static int work_once(struct hand *hand, struct error *error)
{
    struct bootstrap_options options;
    auto_store *store = NULL;
    struct task task = {
        .bootstrap = hand->bootstrap,
        .options = &options,
        .client = hand->client,
        .owner = hand->owner,
        .now_ms = clock_now_ms(),
    };
    int status;

    workers_options(hand->workers, &options);
    status = client_project_id(hand->client, task.holder_id, error);
    if (status >= 0)
        status = store_borrow(hand->bootstrap->database, &store, error);
    if (status < 0)
        return status == -ENOENT ? -EAGAIN : status;
    task.store = store;
    status = item_lease(store, hand->owner, options.lease_s * 1000, task.now_ms, &task.item,
                        error);
    if (status < 0)
        return status;
    task.outlook = task_outlook(hand->outlooks, task.item.pool_id, task.now_ms);
    status = run_task(&task, error);
    return status == -ENOENT ? -EAGAIN : status;
}

void worker_run(struct hand *hand)
{
    int64_t wait_ms = 0;
    uint64_t seen = 0;

    while (bell_wait(hand->bell, &seen, wait_ms)) {
        struct error error = { 0 };
        int status;

        name_step();
        pulse_begin(hand->pulse);
        status = work_once(hand, &error);
        pulse_end(hand->pulse);
        if (status < 0 && status != -ENOENT)
            hand_complain(hand, "a worker cannot work", &error);
        else
            hand->last_error.message[0] = '\0';
        wait_ms = status >= 0 ? 0 : status == -ENOENT ? IDLE_MS : TROUBLE_MS;
    }
}
