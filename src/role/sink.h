/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the events of a batch go.  Each sink takes from it what it wants, in one transaction with
 * the others: so it must do no harm when the same events come again.  A new one is a function here
 * and a row of the table in sinks.c.
 */
#ifndef LARDER_ROLE_SINK_H
#define LARDER_ROLE_SINK_H

#include "bus/event.h"
#include "store/store.h"

struct harvest {
    const struct boot_event *events;
    size_t count;
    const char *pool_project; /* what is made in it is ours and no demand; "": not known */
    int64_t now_ms;
};

typedef int (*sink)(struct store *store, const struct harvest *harvest, struct error *error);

int sink_boots(struct store *store, const struct harvest *harvest, struct error *error);
int sink_sightings(struct store *store, const struct harvest *harvest, struct error *error);
int sink_images(struct store *store, const struct harvest *harvest, struct error *error);
int sink_changes(struct store *store, const struct harvest *harvest, struct error *error);

/* All of them. */
int sinks_take(struct store *store, const struct harvest *harvest, struct error *error);

/* Times that cannot be are those of a clock that is wrong, or of a forger: now, then.  An event is
 * at most a week older than now, a create at most a day younger than what it tells of. */
void event_sober(struct boot_event *event, int64_t now_ms);

#endif
