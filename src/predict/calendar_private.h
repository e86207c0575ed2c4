/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of calendar share: an expansion, and the event that is being expanded. */
#ifndef LARDER_PREDICT_CALENDAR_PRIVATE_H
#define LARDER_PREDICT_CALENDAR_PRIVATE_H

#include <libical/ical.h>
#include <stdbool.h>

#include "predict/calendar.h"

#define LONGEST_NAME 60 /* of an event, in sentences */

/* A moment as it stands in a text: local time, in a zone. */
struct moment {
    icaltimetype time;
    icaltimezone *zone;
};

/* What is being expanded. */
struct expansion {
    struct occasions *occasions;
    icaltimezone *zone; /* of what names none */
    icalcomponent *calendar;
    size_t moved_count; /* events that stand for one occurrence of another */
    icalcomponent **moved;
    int64_t steps;
    struct error *error;
};

/* One event of it. */
struct calendar_event {
    icalcomponent *component;    /* NULL: an event of one's own */
    char name[LONGEST_NAME + 1]; /* for sentences */
    uint32_t id;
    struct moment start;
    int64_t lasts_s; /* of an event at a time */
    int days;        /* of one of whole days; 0: it is none */
};

/* ---- calendar_read.c: what stands in a text ---- */

/* NULL: the system knows no such zone.  Nothing that leads out of the folder of zones is one. */
icaltimezone *calendar_find_zone(const char *name);

/* The time of a DTSTART, DTEND, EXDATE, RDATE or RECURRENCE-ID; -EINVAL where it is none. */
int moment_read(const struct expansion *expansion, icalproperty *property,
                struct moment *ret_moment);
int64_t moment_seconds(struct moment moment); /* since 1970; a day's are those of its midnight */

/* All but its 'component', which is given.  The name is there although the rest is -EINVAL. */
int calendar_event_read(const struct expansion *expansion, struct calendar_event *event);

/* ---- calendar_repeat.c: when it takes place ---- */

/* All occurrences of an event that was read. */
int calendar_event_run(struct expansion *expansion, const struct calendar_event *event);
/* Those by this rule, from event->start on.  -EINVAL: it is no rule, or one by the minute. */
int calendar_event_repeat(struct expansion *expansion, const struct calendar_event *event,
                          const struct icalrecurrencetype *rule);
/* This one, where it overlaps the interval that is asked for; -E2BIG when there is no room. */
int occurrence_put(struct expansion *expansion, const struct calendar_event *event, int64_t from_s,
                   int64_t until_s);

#endif
