/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads of workers.c run: the loops of a worker, of the keeper and the inspector. */
#ifndef LARDER_BOOTSTRAP_WORKER_H
#define LARDER_BOOTSTRAP_WORKER_H

#include "base/bell.h"
#include "base/pulse.h"
#include "bootstrap/kind.h"

struct workers; /* see workers.c */

/* One thread's own things. */
struct hand {
    struct workers *workers;
    const struct bootstrap *bootstrap;
    struct bell *bell;        /* what it waits on */
    char owner[ID_SIZE];      /* its name on leases */
    struct client *client;
    struct pulse *pulse;
    struct error last_error;  /* logged already */
    struct outlook outlooks[OUTLOOKS];
};

void worker_run(struct hand *hand);
void keeper_run(struct hand *hand);
void inspector_run(struct hand *hand);

/* The options as they are now (SIGHUP may have changed them). */
void workers_options(struct workers *workers, struct bootstrap_options *ret_options);
/* There are items to be moved. */
void workers_call(struct workers *workers);
/* Logs a failure, unless it is the one that this thread logged last. */
void hand_complain(struct hand *hand, const char *what, const struct error *error);

#endif
