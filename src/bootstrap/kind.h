/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of items differ in, as a table of operations: one file per kind (port.c,
 * volume.c) fills it in, and worker.c and reconcile.c know no kind by name.
 */
#ifndef LARDER_BOOTSTRAP_KIND_H
#define LARDER_BOOTSTRAP_KIND_H

#include "bootstrap/bootstrap.h"

/* A port or a volume, as the cloud has it now. */
struct resource {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char item_id[ID_SIZE];     /* of the item that it says it was made for; "": says none */
    char transfer_id[ID_SIZE]; /* volume: the offer of it, where the caller knows one; "" */
    char status[32];
    bool ours;    /* looks as Larder leaves its resources: else it is somebody's, by mistake */
    bool offered; /* as a ready item must be */
};

/* What one worker saw lately of what a pool's items are made from: twenty ports of one pool do not
 * need twenty looks at the same network.  An item may so be noted with an older fingerprint than
 * it has, never with a newer one: then it is taken for stale, not for fresh. */
struct outlook {
    char pool_id[ID_SIZE];
    int64_t seen_ms;
    char fingerprint[DIGEST_SIZE];
    int64_t room; /* port: so many addresses may be taken; INT64_MIN: not looked at */
};
#define OUTLOOKS 16
#define OUTLOOK_MS 5000

/* One leased item on its way, and what a worker needs to move it by one step. */
struct task {
    const struct bootstrap *bootstrap;
    const struct bootstrap_options *options;
    struct store *store;
    struct client *client;
    const char *owner;       /* of the lease */
    char holder_id[ID_SIZE]; /* the project that holds the pools */
    struct item item;
    struct pool pool;
    struct outlook *outlook; /* of the pool; see task_outlook() */
    int64_t now_ms;          /* when the step began */
    bool adrift;    /* a move or a note failed: the item is not ours any more, or the store is */
};

/* Where a step led to: ready (or gone), or still under way and to be looked at again. */
struct step {
    bool done;
    int64_t delay_ms; /* unless done */
};

struct kind_ops {
    /* Whether an item of this key may be made, and the digest of what it would be made from.
     * -ENOENT: a part of the key is gone; -EPERM: such items are not made. */
    int (*fingerprint)(struct client *client, const struct key *key,
                       char ret_digest[static DIGEST_SIZE], struct error *error);
    /* Asks the cloud for a new one that names task->item.id. */
    int (*create)(struct task *task, char ret_id[static ID_SIZE], struct error *error);
    /* One step of task->item.resource_id towards an offered one. */
    int (*advance)(struct task *task, struct step *ret_step, struct error *error);
    /* Asks for its deletion, with all that stands in the way; 1 when it is gone, 0 when it goes. */
    int (*remove)(struct client *client, const struct resource *resource, struct error *error);
    int (*get)(struct client *client, const char *id, struct resource *ret_resource,
               struct error *error);
    /* A page of those of 'project_id'; 'item_id' NULL: all, else only those that name it. */
    int (*list)(struct client *client, const char *project_id, const char *item_id,
                const char *marker, size_t most, struct resource *ret_resources,
                size_t *ret_count, struct error *error);
};

extern const struct kind_ops port_ops;
extern const struct kind_ops volume_ops;
const struct kind_ops *kind_ops(enum kind kind);

/* The place for what this worker sees of the pool, emptied when it is another's or too old. */
struct outlook *task_outlook(struct outlook outlooks[static OUTLOOKS], const char *pool_id,
                             int64_t now_ms);

/* item_note() for the task's item, in the store and in the task; sets task->adrift on failure. */
int task_note(struct task *task, const struct item_facts *facts, struct error *error);
/* The same for item_move() from where the item is. */
int task_move(struct task *task, enum item_state to, const char *reason, int64_t now_ms,
              struct error *error);
/* How long to wait before looking again at what began at 'since_ms': an eighth of the time it has
 * taken so far, at least a second, at most ten. */
int64_t task_patience_ms(const struct task *task, int64_t since_ms);

#endif
