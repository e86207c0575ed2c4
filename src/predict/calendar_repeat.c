/* SPDX-License-Identifier: Apache-2.0 */
/* When an event takes place: its rule, its dates, and their exceptions; see calendar_private.h. */
#include "predict/calendar_private.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define STEPS_MOST 400000 /* of all recurrences of a text, and comparisons with exceptions */

/* ---- where occurrences go ---- */

int occurrence_put(struct expansion *expansion, const struct calendar_event *event, int64_t from_s,
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
static int64_t end_of(const struct calendar_event *event, struct moment start)
{
    if (!event->days)
        return moment_seconds(start) + event->lasts_s;
    icaltime_adjust(&start.time, event->days, 0, 0, 0);
    return moment_seconds(start);
}

static int put_at(struct expansion *expansion, const struct calendar_event *event,
                  struct moment start)
{
    return occurrence_put(expansion, event, moment_seconds(start), end_of(event, start));
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
    if (check_step(expansion) < 0 || moment_read(&quiet, property, &moment) < 0)
        return false;
    return moment.time.is_date ? same_day(moment.time, start.time)
                               : moment_seconds(moment) == moment_seconds(start);
}

static bool is_excepted(struct expansion *expansion, const struct calendar_event *event,
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

static bool is_moved(struct expansion *expansion, const struct calendar_event *event,
                     struct moment start)
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
static icalrecur_iterator *begin_rule(const struct expansion *expansion,
                                      const struct calendar_event *event,
                                      struct icalrecurrencetype rule)
{
    icalrecur_iterator *iterator = icalrecur_iterator_new(rule, event->start.time);
    int64_t from_s = expansion->occasions->from_s - EVENT_LASTS_MOST_S;
    icaltimetype from;

    if (!iterator || rule.count || moment_seconds(event->start) >= from_s)
        return iterator;
    from = icaltime_from_timet_with_zone((time_t)from_s, event->start.time.is_date,
                                         event->start.zone);
    icalrecur_iterator_set_start(iterator, from);
    return iterator;
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

int calendar_event_repeat(struct expansion *expansion, const struct calendar_event *event,
                          const struct icalrecurrencetype *rule)
{
    int status = check_rule(expansion, rule);
    icalrecur_iterator *iterator = status == 0 ? begin_rule(expansion, event, *rule) : NULL;
    struct moment start = event->start;

    while (iterator && status == 0) {
        start.time = icalrecur_iterator_next(iterator);
        if (icaltime_is_null_time(start.time) ||
            moment_seconds(start) >= expansion->occasions->until_s)
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

/* RFC 5545 has one rule an event. */
static int run_own_rule(struct expansion *expansion, const struct calendar_event *event,
                        icalproperty *property)
{
    struct icalrecurrencetype rule = icalproperty_get_rrule(property);

    return calendar_event_repeat(expansion, event, &rule);
}

/* Dates beyond the rule.  libical remembers where in a component one looks, and we look for its
 * exceptions meanwhile: so the dates come first. */
static int run_dates(struct expansion *expansion, const struct calendar_event *event)
{
    icalcomponent *component = event->component;
    int most = icalcomponent_count_properties(component, ICAL_RDATE_PROPERTY), count = 0;
    autofree struct moment *starts = calloc((size_t)most + 1, sizeof(*starts));
    icalproperty *property = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
    int status = starts ? 0 : error_set(expansion->error, -ENOMEM, "no memory for its dates");

    for (; property && status == 0 && count < most;
         property = icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY))
        status = moment_read(expansion, property, &starts[count++]);
    for (int i = 0; i < count && status == 0; i++) {
        status = check_step(expansion);
        if (status == 0 && !is_excepted(expansion, event, starts[i]))
            status = put_at(expansion, event, starts[i]);
    }
    return status;
}

int calendar_event_run(struct expansion *expansion, const struct calendar_event *event)
{
    icalproperty *rule = icalcomponent_get_first_property(event->component, ICAL_RRULE_PROPERTY);
    int status = rule ? run_own_rule(expansion, event, rule)
                      : put_at(expansion, event, event->start);

    return status < 0 ? status : run_dates(expansion, event);
}
