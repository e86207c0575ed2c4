/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said to have changed of the things that items are made from, until the pools concerned
 * were looked at.  A hint: what it is now is asked of the service.  A change that is noted again
 * is one change, later.
 */
#ifndef LARDER_STORE_CHANGE_H
#define LARDER_STORE_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/store.h"

enum subject { SUBJECT_NETWORK, SUBJECT_GROUP, SUBJECT_IMAGE, SUBJECT_TYPE, SUBJECT_QUALITY,
               SUBJECT_PROJECT };
#define SUBJECT_CHOICES "network|group|image|type|quality|project" /* in the same order */
#define SUBJECTS 6
const char *subject_name(enum subject subject);

struct change {
    enum subject subject;
    char id[ID_SIZE];
    int64_t noted_ms;
    int64_t due_ms; /* when its pools are to be looked at (again) */
};

/* All of them, due at once.  'changes' is sorted on the way. */
int changes_note(struct store *store, struct change *changes, size_t count, struct error *error);

/* Those that are due, oldest first. */
int changes_due(struct store *store, int64_t now_ms, size_t most, struct change *ret_changes,
                size_t *ret_count, struct error *error);
/* Due later, or done with; neither holds when it was noted again meanwhile. */
int change_put_off(struct store *store, const struct change *change, int64_t due_ms,
                   struct error *error);
int change_done(struct store *store, const struct change *change, struct error *error);

/* The pools whose items are made from it, pages in id order ('marker' "": from the start).  Which
 * types have a QoS is not known here: a change of one concerns all pools of volumes. */
int change_pools(struct store *store, const struct change *change, const char *marker, size_t most,
                 char (*ret_ids)[ID_SIZE], size_t *ret_count, struct error *error);

#endif
