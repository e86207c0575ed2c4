/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars into occurrences; see calendar.h. */
#include "predict/calendar.h"

#include <errno.h>
#include <libical/ical.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DAY_S 86400
#define NESTED_MOST 8
#define STEPS_MOST 400000 /* of all recurrences of a text, and comparisons with exceptions */
#define LONGEST_NAME 60   /* of an event, in sentences */

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
struct event {
    icalcomponent *component;
    char name[LONGEST_NAME + 1]; /* for sentences */
    uint32_t id;
    struct moment start;
    int64_t lasts_s; /* of an event at a time */
    int days;        /* of one of whole days; 0: it is none */
};

static const char *zone_name(const char *name)
{
    return *name ? name : "UTC";
}

/* Nothing that leads out of the folder of zones. */
static icaltimezone *find_zone(const char *name)
{
    if (strstr(name, "..") || name[0] == '/' || !*name)
        return NULL;
    if (strcasecmp(name, "UTC") == 0)
        return icaltimezone_get_utc_timezone();
    return icaltimezone_get_builtin_timezone(name);
}

/* ---- times ---- */

static int64_t seconds_of(struct moment moment)
{
    moment.time.zone = moment.zone;
    if (moment.time.is_date)
        moment.time.is_date = moment.time.hour = moment.time.minute = moment.time.second = 0;
    return (int64_t)icaltime_as_timet_with_zone(moment.time, moment.zone);
}

static icaltimezone *zone_of_property(const struct expansion *expansion, icalproperty *property)
{
    icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *name = parameter ? icalparameter_get_tzid(parameter) : NULL;
    icaltimezone *zone;

    if (!name)
        return expansion->zone;
    zone = expansion->calendar ? icalcomponent_get_timezone(expansion->calendar, name) : NULL;
    return zone ? zone : find_zone(name);
}

static icaltimetype time_of_property(icalproperty *property)
{
    switch (icalproperty_isa(property)) {
    case ICAL_DTSTART_PROPERTY:
        return icalproperty_get_dtstart(property);
    case ICAL_DTEND_PROPERTY:
        return icalproperty_get_dtend(property);
    case ICAL_EXDATE_PROPERTY:
        return icalproperty_get_exdate(property);
    case ICAL_RDATE_PROPERTY: {
        struct icaldatetimeperiodtype value = icalproperty_get_rdate(property);

        return icaltime_is_null_time(value.time) ? value.period.start : value.time;
    }
    default:
        return icalproperty_get_recurrenceid(property);
    }
}

/* libical takes a 25th hour and a 13th month. */
static bool is_time(icaltimetype time)
{
    return !icaltime_is_null_time(time) && time.year > 0 && time.month >= 1 && time.month <= 12 &&
           time.day >= 1 && time.day <= icaltime_days_in_month(time.month, time.year) &&
           time.hour >= 0 && time.hour < 24 && time.minute >= 0 && time.minute < 60 &&
           time.second >= 0 && time.second <= 60;
}

static int moment_of_property(const struct expansion *expansion, icalproperty *property,
                              struct moment *ret_moment)
{
    icaltimetype time = time_of_property(property);

    if (!is_time(time))
        return error_set(expansion->error, -EINVAL, "%s is no time",
                         icalproperty_kind_to_string(icalproperty_isa(property)));
    ret_moment->time = time;
    ret_moment->zone = icaltime_is_utc(time) ? icaltimezone_get_utc_timezone()
                                             : zone_of_property(expansion, property);
    if (!ret_moment->zone)
        return error_set(expansion->error, -EINVAL, "%s is in a time zone that neither the "
                         "calendar nor this system knows",
                         icalproperty_kind_to_string(icalproperty_isa(property)));
    return 0;
}

/* ---- where occurrences go ---- */

static int put(struct expansion *expansion, const struct event *event, int64_t from_s,
               int64_t until_s)
{
    struct occasions *occasions = expansion->occasions;

    if (until_s <= from_s || until_s <= occasions->from_s || from_s >= occasions->until_s)
        return 0;
    if (occasions->count == occasions->most)
        return error_set(expansion->error, -E2BIG, "more than %zu occurrences, which is too many",
                         occasions->most);
    occasions->rows[occasions->count++] = (struct occurrence){ from_s, until_s, event->id };
    return 0;
}

/* A day begins and ends at midnight, however long that is. */
static int64_t end_of(const struct event *event, struct moment start)
{
    if (!event->days)
        return seconds_of(start) + event->lasts_s;
    icaltime_adjust(&start.time, event->days, 0, 0, 0);
    return seconds_of(start);
}

static int put_at(struct expansion *expansion, const struct event *event, struct moment start)
{
    return put(expansion, event, seconds_of(start), end_of(event, start));
}

/* ---- what does not take place, or elsewhere ---- */

static bool same_day(icaltimetype a, icaltimetype b)
{
    return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* How much work a text may make. */
static int check_step(struct expansion *expansion)
{
    if (++expansion->steps > STEPS_MOST)
        return error_set(expansion->error, -E2BIG, "it repeats too often, or has too many "
                         "exceptions");
    return 0;
}

static bool is_exception(struct expansion *expansion, icalproperty *property, struct moment start)
{
    struct expansion quiet = *expansion;
    struct moment moment;

    quiet.error = NULL;
    if (check_step(expansion) < 0 || moment_of_property(&quiet, property, &moment) < 0)
        return false;
    return moment.time.is_date ? same_day(moment.time, start.time)
                               : seconds_of(moment) == seconds_of(start);
}

static bool is_excepted(struct expansion *expansion, const struct event *event,
                        struct moment start)
{
    icalcomponent *component = event->component;
    icalproperty *property;

    if (!component)
        return false;
    property = icalcomponent_get_first_property(component, ICAL_EXDATE_PROPERTY);
    while (property && !is_exception(expansion, property, start))
        property = icalcomponent_get_next_property(component, ICAL_EXDATE_PROPERTY);
    return property;
}

static bool is_moved(struct expansion *expansion, const struct event *event, struct moment start)
{
    const char *uid = event->component ? icalcomponent_get_uid(event->component) : NULL;

    for (size_t i = 0; uid && i < expansion->moved_count; i++) {
        icalcomponent *other = expansion->moved[i];

        if (text_equal(icalcomponent_get_uid(other), uid) &&
            is_exception(expansion,
                         icalcomponent_get_first_property(other, ICAL_RECURRENCEID_PROPERTY),
                         start))
            return true;
    }
    return false;
}

/* ---- recurrence ---- */

/* Begins where the interval does, for a rule that began long before; one that is counted must be
 * counted from its start. */
static icalrecur_iterator *begin_rule(const struct expansion *expansion, const struct event *event,
                                      struct icalrecurrencetype rule)
{
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, event->start.time);
    int64_t from_s = expansion->occasions->from_s - EVENT_LASTS_MOST_S;
    icaltimetype from;

    if (!iterator || rule.count || seconds_of(event->start) >= from_s)
        return iterator;
    from = icaltime_from_timet_with_zone((time_t)from_s, event->start.time.is_date,
                                         event->start.zone);
    icalrecur_iterator_set_start(iterator, from);
    return iterator;
}

static int run_rule(struct expansion *expansion, const struct event *event,
                    struct icalrecurrencetype rule)
{
    icalrecur_iterator *iterator = begin_rule(expansion, event, rule);
    struct moment start = event->start;
    int status = 0;

    while (iterator && status == 0) {
        start.time = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(start.time) ||
            seconds_of(start) >= expansion->occasions->until_s)
            break;
        status = check_step(expansion);
        if (status == 0 && !is_excepted(expansion, event, start) &&
            !is_moved(expansion, event, start))
            status = put_at(expansion, event, start);
    }
    if (iterator)
        icalrecur_iterator_free(iterator);
    return status;
}

static int check_rule(const struct expansion *expansion, const struct icalrecurrencetype *rule)
{
    if (rule->freq == ICAL_NO_RECURRENCE)
        return error_set(expansion->error, -EINVAL, "its recurrence rule is none");
    if (rule->freq == ICAL_SECONDLY_RECURRENCE || rule->freq == ICAL_MINUTELY_RECURRENCE)
        return error_set(expansion->error, -EINVAL, "it repeats by the minute: HOURLY is the most "
                         "often");
    return 0;
}

/* RFC 5545 has one rule an event. */
static int run_own_rule(struct expansion *expansion, const struct event *event)
{
    struct icalrecurrencetype rule = icalproperty_get_rrule(
        icalcomponent_get_first_property(event->component, ICAL_RRULE_PROPERTY));
    int status = check_rule(expansion, &rule);

    return status < 0 ? status : run_rule(expansion, event, rule);
}

/* Dates beyond the rule.  libical remembers where in a component one looks, and we look for its
 * exceptions meanwhile: so the dates come first. */
static int run_dates(struct expansion *expansion, const struct event *event)
{
    icalcomponent *component = event->component;
    int most = icalcomponent_count_properties(component, ICAL_RDATE_PROPERTY), count = 0;
    autofree struct moment *starts = calloc((size_t)most + 1, sizeof(*starts));
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
    int status = starts ? 0 : error_set(expansion->error, -ENOMEM, "no memory for its dates");

    for (; property && status == 0 && count < most;
         property = icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY))
        status = moment_of_property(expansion, property, &starts[count++]);
    for (int i = 0; i < count && status == 0; i++) {
        status = check_step(expansion);
        if (status == 0 && !is_excepted(expansion, event, starts[i]))
            status = put_at(expansion, event, starts[i]);
    }
    return status;
}

/* ---- events of a text ---- */

static void name_event(struct event *event)
{
    const char *summary = icalcomponent_get_summary(event->component);
    const char *uid = icalcomponent_get_uid(event->component);
    const char *name = summary && *summary ? summary : uid ? uid : "";

    event->id = event_of_name(name);
    text_copy(event->name, sizeof(event->name), *name ? name : "without a name");
    for (char *at = event->name; *at; at++)
        *at = (unsigned char)*at < ' ' || (unsigned char)*at > '~' ? '?' : *at;
}

static int64_t days_between(icaltimetype from, icaltimetype until)
{
    return (int64_t)(icaltime_day_of_year(until) - icaltime_day_of_year(from)) +
           (until.year == from.year ? 0 : icaltime_days_in_year(from.year));
}

/* Until DTEND, or for DURATION; a day without either is one day long. */
static int find_length(struct expansion *expansion, struct event *event)
{
    icalproperty *end = icalcomponent_get_first_property(event->component, ICAL_DTEND_PROPERTY);
    icalproperty *lasts =
        icalcomponent_get_first_property(event->component, ICAL_DURATION_PROPERTY);
    bool whole = event->start.time.is_date;
    struct moment until = event->start;
    int64_t lasts_s = whole ? DAY_S : 0;
    int status = 0;

    if (end) {
        status = moment_of_property(expansion, end, &until);
        lasts_s = status == 0 ? seconds_of(until) - seconds_of(event->start) : 0;
    } else if (lasts)
        lasts_s = icaldurationtype_as_int(icalproperty_get_duration(lasts));
    if (status == 0 && (lasts_s < 0 || lasts_s > EVENT_LASTS_MOST_S))
        return error_set(expansion->error, -EINVAL, "it ends before it begins, or more than a year "
                         "later");
    event->lasts_s = lasts_s;
    if (whole)
        event->days = (int)(end ? days_between(event->start.time, until.time)
                                : (lasts_s + DAY_S - 1) / DAY_S);
    if (whole && event->days < 1)
        event->days = 1; /* some write a single day as one that ends when it begins */
    return status;
}

static const char *const time_properties[] = { "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE",
                                               "EXDATE",  "RECURRENCE-ID" };

/* What libical could not read it leaves out and says so; of a time that is damage, of anything else
 * it is not our concern. */
static int check_damage(const struct expansion *expansion, icalcomponent *component)
{
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_XLICERROR_PROPERTY);

    for (; property;
         property = icalcomponent_get_next_property(component, ICAL_XLICERROR_PROPERTY)) {
        const char *words = icalproperty_get_xlicerror(property);

        for (size_t i = 0; words && i < ARRAY_SIZE(time_properties); i++)
            if (strstr(words, time_properties[i]))
                return error_set(expansion->error, -EINVAL, "its %s is not understood",
                                 time_properties[i]);
    }
    return 0;
}

static int open_event(struct expansion *expansion, icalcomponent *component, struct event *event)
{
    icalproperty *start = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
    int status = check_damage(expansion, component);

    if (status == 0 && !start)
        status = error_set(expansion->error, -EINVAL, "it has no DTSTART");
    if (status == 0)
        status = moment_of_property(expansion, start, &event->start);
    if (status == 0)
        status = find_length(expansion, event);
    return status;
}

static bool is_repeated(icalcomponent *component)
{
    return icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
}

static int run_event(struct expansion *expansion, icalcomponent *component)
{
    struct event event = { .component = component };
    int status;

    name_event(&event);
    status = open_event(expansion, component, &event);
    if (icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED)
        return status < 0 ? error_wrap(expansion->error, "event '%s'", event.name) : 0;
    if (status == 0)
        status = is_repeated(component) ? run_own_rule(expansion, &event)
                                        : put_at(expansion, &event, event.start);
    if (status == 0)
        status = run_dates(expansion, &event);
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
    *ret_expansion = (struct expansion){ .occasions = occasions, .error = error,
                                         .zone = find_zone(zone_name(occasions->time_zone)) };
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
                  struct event *event)
{
    struct icalrecurrencetype rule;
    int status;

    if (!*occasion->rule)
        return put(expansion, event, occasion->begin_s, occasion->end_s);
    rule = icalrecurrencetype_from_string(occasion->rule);
    event->start.zone = expansion->zone;
    event->start.time = icaltime_from_timet_with_zone((time_t)occasion->begin_s, 0,
                                                      expansion->zone);
    event->lasts_s = occasion->end_s - occasion->begin_s;
    status = check_rule(expansion, &rule);
    if (status == 0)
        status = run_rule(expansion, event, rule);
    free(rule.rscale);
    return status;
}

int calendar_repeat(const struct occasion *occasion, struct occasions *occasions,
                    struct error *error)
{
    size_t count = occasions->count;
    struct event event = { .id = event_of_name(occasion->name) };
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
