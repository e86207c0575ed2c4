/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, and what their operations share. */
#include "bootstrap/kind.h"

const struct kind_ops *kind_ops(enum kind kind)
{
    static const struct kind_ops *const table[KINDS] = { /* images have no items */
        [KIND_PORT] = &port_ops,
        [KIND_VOLUME] = &volume_ops,
    };

    return table[kind];
}

struct outlook *task_outlook(struct outlook outlooks[static OUTLOOKS], const char *pool_id,
                             int64_t now_ms)
{
    struct outlook *outlook = &outlooks[(unsigned char)pool_id[0] % OUTLOOKS];

    if (!text_equal(outlook->pool_id, pool_id) || now_ms - outlook->seen_ms > OUTLOOK_MS) {
        *outlook = (struct outlook){ .seen_ms = now_ms, .room = INT64_MIN };
        text_copy(outlook->pool_id, sizeof(outlook->pool_id), pool_id);
    }
    return outlook;
}

static void copy_if_given(char *target, size_t size, const char *source)
{
    if (source && source[0])
        text_copy(target, size, source);
}

int task_note(struct task *task, const struct item_facts *facts, struct error *error)
{
    struct item *item = &task->item;
    int status = item_note(task->store, item->id, task->owner, facts, error);

    if (status < 0) {
        task->adrift = true;
        return status;
    }
    copy_if_given(item->holder_id, sizeof(item->holder_id), facts->holder_id);
    copy_if_given(item->resource_id, sizeof(item->resource_id), facts->resource_id);
    copy_if_given(item->transfer_id, sizeof(item->transfer_id), facts->transfer_id);
    copy_if_given(item->fingerprint, sizeof(item->fingerprint), facts->fingerprint);
    return 0;
}

int task_move(struct task *task, enum item_state to, const char *reason, int64_t now_ms,
              struct error *error)
{
    struct item *item = &task->item;
    int status = item_move(task->store, item->id, item->state, to, task->owner, reason, now_ms,
                           error);

    if (status < 0) {
        task->adrift = true;
        return status;
    }
    item->state = to;
    item->changed_ms = now_ms;
    return 0;
}

int64_t task_patience_ms(const struct task *task, int64_t since_ms)
{
    int64_t patience = (task->now_ms - since_ms) / 8;

    if (patience < 1000)
        return 1000;
    return patience < 10000 ? patience : 10000;
}
