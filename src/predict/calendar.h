/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendars: iCalendar text (RFC 5545; libical reads it) into the occurrences within an interval,
 * and the names of time zones into their offsets.  Pure but for the system's files of time zones,
 * which are read where a zone is named that the text does not define.
 *
 * A text comes from elsewhere and may be anything: what is too large, too long, repeats too often
 * or is damaged where times stand is refused as a whole, with a sentence that says where.  Any
 * thread.
 */
#ifndef LARDER_PREDICT_CALENDAR_H
#define LARDER_PREDICT_CALENDAR_H

#include "base/error.h"
#include "predict/factors.h"

#define CALENDAR_MOST (1 << 20)           /* bytes of a text */
#define CALENDAR_EVENTS_MOST 5000         /* of a text */
#define EVENT_LASTS_MOST_S (366 * 86400)  /* an occurrence */
#define EVENT_RULE_SIZE 256               /* of a recurrence rule of one's own, and the NUL */

/* Where occurrences are looked for, and where they go. */
struct occasions {
    int64_t from_s, until_s; /* those that overlap this are kept */
    const char *time_zone;   /* of times and days that name none: "Europe/Berlin"; "": UTC */
    size_t most;             /* that 'rows' takes */
    size_t count;            /* added to; not sorted */
    struct occurrence *rows;
};

/* Adds the occurrences of all events of a text.  An event goes by its summary, or its UID where it
 * has none.  Cancelled events and those without length are none.  -EINVAL: damaged, -E2BIG: beyond
 * a bound; 'count' is as before then. */
int calendar_expand(const char *text, size_t length, struct occasions *occasions,
                    struct error *error);

/* An event of one's own: it begins, it ends, and it repeats by 'rule' ("": does not), an RFC 5545
 * recurrence rule as "FREQ=WEEKLY;BYDAY=MO", at the same local time.  Errors as above. */
struct occasion {
    const char *name;
    int64_t begin_s, end_s;
    const char *rule;
};
int calendar_repeat(const struct occasion *occasion, struct occasions *occasions,
                    struct error *error);

/* The offsets of a time zone ("Europe/Berlin"; "": UTC) from 'from_s' until 'until_s'.  -ENOENT:
 * the system knows no such zone; -E2BIG: it changes too often in that time. */
int calendar_zone(const char *name, int64_t from_s, int64_t until_s, struct zone *ret_zone,
                  struct error *error);

#endif
