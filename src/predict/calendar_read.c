/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a calendar: moments, and the events with their names and lengths; see
 * calendar_private.h. */
#include "predict/calendar_private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DAY_S 86400

/* ---- times ---- */

icaltimezone *calendar_find_zone(const char *name)
{
    if (strstr(name, "..") || name[0] == '/' || !*name)
        return NULL;
    if (strcasecmp(name, "UTC") == 0)
        return icaltimezone_get_utc_timezone();
    return icaltimezone_get_builtin_timezone(name);
}

int64_t moment_seconds(struct moment moment)
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
    return zone ? zone : calendar_find_zone(name);
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

int moment_read(const struct expansion *expansion, icalproperty *property,
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

/* ---- events ---- */

static void find_name(struct calendar_event *event)
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
static int find_length(const struct expansion *expansion, struct calendar_event *event)
{
    icalproperty *end = icalcomponent_get_first_property(event->component, ICAL_DTEND_PROPERTY);
    icalproperty *lasts =
        icalcomponent_get_first_property(event->component, ICAL_DURATION_PROPERTY);
    bool whole = event->start.time.is_date;
    struct moment until = event->start;
    int64_t lasts_s = whole ? DAY_S : 0;
    int status = 0;

    if (end) {
        status = moment_read(expansion, end, &until);
        lasts_s = status == 0 ? moment_seconds(until) - moment_seconds(event->start) : 0;
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

int calendar_event_read(const struct expansion *expansion, struct calendar_event *event)
{
    icalcomponent *component = event->component;
    icalproperty *start = icalcomponent_get_first_property(component, ICAL_DTSTART_PROPERTY);
    int status = check_damage(expansion, component);

    find_name(event);
    if (status == 0 && !start)
        status = error_set(expansion->error, -EINVAL, "it has no DTSTART");
    if (status == 0)
        status = moment_read(expansion, start, &event->start);
    if (status == 0)
        status = find_length(expansion, event);
    return status;
}
