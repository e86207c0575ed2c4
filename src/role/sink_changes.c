/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What items are made from and has changed: noted, so that the pools concerned are looked at.  What
 * was just made is nothing that an item was made from.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "role/sink.h"
#include "store/change.h"

/* What the event says has changed; false: nothing of interest. */
static bool tells_of(const struct boot_event *event, enum subject *ret_subject,
                     const char **ret_id)
{
    switch (event->kind) {
    case EVENT_IMAGE:
        *ret_subject = SUBJECT_IMAGE;
        *ret_id = event->image.image_id;
        return event->change != CHANGE_MADE;
    case EVENT_PROJECT:
        *ret_subject = SUBJECT_PROJECT;
        *ret_id = event->project.project_id;
        return event->change != CHANGE_MADE;
    case EVENT_SUBJECT:
        *ret_subject = event->subject.subject;
        *ret_id = event->subject.id;
        return true;
    case EVENT_PORT:
    case EVENT_VOLUME:
    case EVENT_INSTANCE:
    case EVENT_CACHE:
        break;
    }
    return false;
}

int sink_changes(struct store *store, const struct harvest *harvest, struct error *error)
{
    autofree struct change *changes = calloc(harvest->count + 1, sizeof(*changes));
    size_t count = 0;

    if (!changes)
        return error_set(error, -ENOMEM, "no memory for %zu changes", harvest->count);
    for (size_t i = 0; i < harvest->count; i++) {
        struct change *change = &changes[count];
        const char *id;

        if (!tells_of(&harvest->events[i], &change->subject, &id))
            continue;
        text_copy(change->id, ID_SIZE, id);
        change->noted_ms = change->due_ms = harvest->now_ms;
        count++;
    }
    return changes_note(store, changes, count, error);
}
