/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The role listener: from the bus into the store.  A message is acknowledged when the store has
 * what it tells, many at a time; until then any loss of broker, database or process brings it back,
 * and what comes twice does no harm.  Any number of listeners compete on one queue.
 */
#ifndef LARDER_ROLE_LISTENER_H
#define LARDER_ROLE_LISTENER_H

#include "bus/bus.h"
#include "cloud/client.h"
#include "store/store.h"

struct listener_setup {
    const struct bus_options *options;
    struct database *database;
    struct cloud *cloud; /* tells the project of the pools; NULL: there are none */
};

/* Since the start; what is dropped is acknowledged too. */
struct listener_counts {
    int64_t received;  /* messages */
    int64_t events;    /* of them of interest, and in the store */
    int64_t malformed; /* dropped: not what a service writes */
    int64_t oversized; /* dropped: too long */
    int64_t refused;   /* dropped: the store would not have them */
    int64_t connects;  /* times that the connection was made (again) */
    int64_t waiting;   /* messages in the queue when last looked at */
    int64_t connected; /* 1 or 0 */
};

struct listener;

int listener_start(const struct listener_setup *setup, struct listener **ret_listener,
                   struct error *error);
/* -ETIMEDOUT when a call is still under way; nothing is freed then.  NULL is fine. */
int listener_stop(struct listener *listener, int64_t grace_ms);
/* Any thread may call it. */
void listener_count(struct listener *listener, struct listener_counts *ret_counts);

#endif
