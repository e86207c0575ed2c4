/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the operator's own: times at which demand is another, for all series or for some. */
#ifndef LARDER_STORE_EVENT_H
#define LARDER_STORE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "predict/calendar.h"
#include "store/store.h"

#define EVENTS_MOST 1000

struct event {
    char id[ID_SIZE];
    char name[NAME_SIZE]; /* those of one name are one, to the forecast */
    int64_t begin_ms, end_ms;
    char recurrence[EVENT_RULE_SIZE]; /* as of iCalendar; "": once */
    char project_id[ID_SIZE];         /* series of this project; "": of any */
    char flavor_id[NAME_SIZE];        /* series of this flavor; "": of any */
    int64_t series_id;                /* this one; 0: all that the others let through */
    int64_t created_ms;
};

/* In id order, behind 'marker' ("": from the start). */
int event_list(struct store *store, const char *marker, size_t most, struct event *ret_events,
               size_t *ret_count, struct error *error);
int event_get(struct store *store, const char *id, struct event *ret_event, struct error *error);
/* Sets id and created_ms.  -EINVAL: its times, its rule or what it is for cannot be; -EDQUOT: there
 * are too many. */
int event_add(struct store *store, struct event *event, int64_t now_ms, struct error *error);
int event_remove(struct store *store, const char *id, struct error *error); /* -ENOENT */

#endif
