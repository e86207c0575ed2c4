/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars into occurrences; see calendar.h.  What an event says is calendar_read.c, when it takes
 * place calendar_repeat.c. */
#include "predict/calendar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "predict/calendar_private.h"

#define NESTED_MOST 8

/* ---- events of a text ---- */

static int run_event(struct expansion *expansion, icalcomponent *component)
{
    struct calendar_event event = { .component = component };
    int status = calendar_event_read(expansion, &event);

    if (status == 0 && icalcomponent_get_status(component) != ICAL_STATUS_CANCELLED)
        status = calendar_event_run(expansion, &event);
    return status < 0 ? error_wrap(expansion->error, "event '%s'", event.name) : 0;
}

static int note_moved(struct expansion *expansion, icalcomponent *component)
{
    if (icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY))
        expansion->moved[expansion->moved_count++] = component;
    return 0;
}

static int run_events(struct expansion *expansion,
                      int (*run)(struct expansion *, icalcomponent *))
{
    icalcompiter at = icalcomponent_begin_component(expansion->calendar, ICAL_VEVENT_COMPONENT);
    int status = 0;

    for (icalcomponent *event; status == 0 && (event = icalcompiter_deref(&at));
         icalcompiter_next(&at))
        status = run(expansion, event);
    return status;
}

static int run_calendar(struct expansion *expansion)
{
    int count = icalcomponent_count_components(expansion->calendar, ICAL_VEVENT_COMPONENT);
    autofree icalcomponent **moved = calloc((size_t)count + 1, sizeof(*moved));
    int status;

    if (count > CALENDAR_EVENTS_MOST)
        return error_set(expansion->error, -E2BIG, "more than %d events, which is too many",
                         CALENDAR_EVENTS_MOST);
    if (!moved)
        return error_set(expansion->error, -ENOMEM, "no memory for a calendar");
    expansion->moved = moved;
    expansion->moved_count = 0;
    run_events(expansion, note_moved);
    status = run_events(expansion, run_event);
    expansion->moved = NULL;
    expansion->moved_count = 0;
    return status;
}

/* ---- texts ---- */

static bool begins_with(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

/* What began must end: half a file parses as well, and would be half a calendar. */
static int check_nesting(const char *text, struct error *error)
{
    int depth = 0;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        depth += begins_with(line, "BEGIN:") - begins_with(line, "END:");
        if (depth < 0 || depth > NESTED_MOST)
            break;
    }
    return depth == 0 ? 0 : error_set(error, -EINVAL, "it is cut short or damaged: BEGIN and END "
                                      "do not match");
}

static int run_text(struct expansion *expansion, const char *text)
{
    icalcomponent *root = icalparser_parse_string(text);
    icalcomponent *calendar = root;
    int status = 0;

    if (root && icalcomponent_isa(root) == ICAL_XROOT_COMPONENT)
        calendar = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
    if (!calendar || icalcomponent_isa(calendar) != ICAL_VCALENDAR_COMPONENT)
        status = error_set(expansion->error, -EINVAL, "there is no VCALENDAR in it: it is no "
                           "iCalendar file");
    while (calendar && status == 0) {
        expansion->calendar = calendar;
        status = run_calendar(expansion);
        calendar = calendar == root ? NULL : icalcomponent_get_next_component(
                                                 root, ICAL_VCALENDAR_COMPONENT);
    }
    if (root)
        icalcomponent_free(root);
    return status;
}

static int begin_expansion(struct occasions *occasions, struct error *error,
                           struct expansion *ret_expansion)
{
    const char *zone = *occasions->time_zone ? occasions->time_zone : "UTC";

    *ret_expansion = (struct expansion){ .occasions = occasions, .error = error,
                                         .zone = calendar_find_zone(zone) };
    icalerror_set_errors_are_fatal(0);
    return ret_expansion->zone ? 0 : error_set(error, -ENOENT, "this system knows no time zone %s",
                                               occasions->time_zone);
}

static int check_text(const char *text, size_t length, struct error *error)
{
    if (length > CALENDAR_MOST)
        return error_set(error, -E2BIG, "it has %zu bytes; the most is %d", length, CALENDAR_MOST);
    if (memchr(text, '\0', length))
        return error_set(error, -EINVAL, "it is no text: there is a NUL in it");
    return 0;
}

int calendar_expand(const char *text, size_t length, struct occasions *occasions,
                    struct error *error)
{
    size_t count = occasions->count;
    struct expansion expansion;
    int status = check_text(text, length, error);
    autofree char *copy = status == 0 ? strndup(text, length) : NULL;

    if (status == 0 && !copy)
        status = error_set(error, -ENOMEM, "no memory for a calendar");
    if (status == 0)
        status = begin_expansion(occasions, error, &expansion);
    if (status == 0)
        status = check_nesting(copy, error);
    if (status == 0)
        status = run_text(&expansion, copy);
    icalmemory_free_ring();
    if (status < 0)
        occasions->count = count;
    return status;
}

/* ---- events of one's own ---- */

static int check_occasion(const struct occasion *occasion, struct error *error)
{
    if (occasion->end_s <= occasion->begin_s)
        return error_set(error, -EINVAL, "it ends before it begins");
    if (occasion->end_s - occasion->begin_s > EVENT_LASTS_MOST_S)
        return error_set(error, -EINVAL, "it lasts more than a year");
    return 0;
}

static int repeat(struct expansion *expansion, const struct occasion *occasion,
                  struct calendar_event *event)
{
    struct icalrecurrencetype rule;
    int status;

    if (!*occasion->rule)
        return occurrence_put(expansion, event, occasion->begin_s, occasion->end_s);
    rule = icalrecurrencetype_from_string(occasion->rule);
    event->start.zone = expansion->zone;
    event->start.time = icaltime_from_timet_with_zone((time_t)occasion->begin_s, 0,
                                                      expansion->zone);
    event->lasts_s = occasion->end_s - occasion->begin_s;
    status = calendar_event_repeat(expansion, event, &rule);
    free(rule.rscale);
    return status;
}

int calendar_repeat(const struct occasion *occasion, struct occasions *occasions,
                    struct error *error)
{
    size_t count = occasions->count;
    struct calendar_event event = { .id = event_of_name(occasion->name) };
    struct expansion expansion;
    int status = begin_expansion(occasions, error, &expansion);

    if (status == 0)
        status = check_occasion(occasion, error);
    if (status == 0)
        status = repeat(&expansion, occasion, &event);
    icalmemory_free_ring();
    if (status < 0)
        occasions->count = count;
    return status;
}
