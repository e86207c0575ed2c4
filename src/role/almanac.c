/* SPDX-License-Identifier: Apache-2.0 */
/* What bears on the demand of all series; see almanac.h. */
#include "role/almanac.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "predict/calendar.h"
#include "store/calendar_row.h"
#include "store/event.h"

LOG_MODULE("predictor");

#define DAY_MS INT64_C(86400000)
#define AHEAD_MS (3 * DAY_MS) /* longer than any protection interval */

/* An event that applies to some series only, and where its occurrences lie among 'special'. */
struct scoped {
    char project_id[ID_SIZE], flavor_id[NAME_SIZE];
    int64_t series_id, changed_ms;
    size_t first, count;
};

struct almanac {
    int64_t now_ms, changed_ms; /* of what applies to all */
    struct zone zone;
    struct factors common; /* of what applies to all */
    size_t scoped_count;
    struct occasions all, special, mixed;
    struct factors own; /* of the series asked for last */
    struct scoped scoped[EVENTS_MOST];
    struct occurrence all_rows[OCCURRENCES_MOST], special_rows[OCCURRENCES_MOST],
        mixed_rows[OCCURRENCES_MOST];
};

static struct occasions occasions_of(const struct predictor_options *options, int64_t now_ms,
                                     struct occurrence *rows)
{
    return (struct occasions){
        .from_s = (now_ms - options->history_days * DAY_MS) / 1000,
        .until_s = (now_ms + AHEAD_MS) / 1000,
        .time_zone = options->time_zone,
        .most = OCCURRENCES_MOST,
        .rows = rows,
    };
}

/* Only what has a past has something to teach. */
static bool has_past(const struct almanac *almanac, const struct occasions *occasions,
                     size_t first)
{
    for (size_t i = first; i < occasions->count; i++)
        if (occasions->rows[i].from_s < almanac->now_ms / 1000)
            return true;
    return false;
}

static void note_change(int64_t *changed_ms, int64_t at_ms)
{
    if (at_ms > *changed_ms)
        *changed_ms = at_ms;
}

/* ---- events of the operator's own ---- */

static bool is_scoped(const struct event *event)
{
    return event->series_id || *event->project_id || *event->flavor_id;
}

static void note_scope(struct almanac *almanac, const struct event *event, size_t first)
{
    struct scoped *scoped = &almanac->scoped[almanac->scoped_count++];

    *scoped = (struct scoped){ .series_id = event->series_id, .first = first,
                               .count = almanac->special.count - first };
    text_copy(scoped->project_id, sizeof(scoped->project_id), event->project_id);
    text_copy(scoped->flavor_id, sizeof(scoped->flavor_id), event->flavor_id);
    if (has_past(almanac, &almanac->special, first))
        scoped->changed_ms = event->created_ms;
}

static void take_event(struct almanac *almanac, const struct event *event)
{
    struct occasions *occasions = is_scoped(event) ? &almanac->special : &almanac->all;
    const struct occasion occasion = { event->name, event->begin_ms / 1000, event->end_ms / 1000,
                                       event->recurrence };
    size_t first = occasions->count;
    struct error why = { 0 };

    if (calendar_repeat(&occasion, occasions, &why) < 0)
        log_warning("the event %s is left out: %s", event->id, why.message);
    else if (is_scoped(event))
        note_scope(almanac, event, first);
    else if (has_past(almanac, occasions, first))
        note_change(&almanac->changed_ms, event->created_ms);
}

static int take_events(struct almanac *almanac, struct store *store, struct error *error)
{
    autofree struct event *events = calloc(EVENTS_MOST, sizeof(*events));
    size_t count = 0;
    int r;

    if (!events)
        return error_set(error, -ENOMEM, "no memory for the events");
    r = event_list(store, "", EVENTS_MOST, events, &count, error);
    for (size_t i = 0; i < count && r == 0; i++)
        take_event(almanac, &events[i]);
    return r;
}

/* ---- calendars ---- */

static int take_calendar(struct almanac *almanac, struct store *store,
                         const struct calendar *calendar, struct calendar_text *text,
                         struct error *error)
{
    size_t first = almanac->all.count;
    struct error why = { 0 };
    int r = calendar_text_get(store, calendar->digest, text, &why);

    if (r == -ENOENT)
        return 0; /* nothing was read of it yet */
    if (r < 0)
        return error_set(error, r, "%s", why.message);
    if (calendar_expand((const char *)text->bytes, text->length, &almanac->all, &why) < 0)
        log_warning("the calendar %s is left out: %s", calendar->source, why.message);
    else if (has_past(almanac, &almanac->all, first))
        note_change(&almanac->changed_ms, calendar->changed_ms);
    return 0;
}

static int take_calendars(struct almanac *almanac, struct store *store, struct error *error)
{
    autofree struct calendar *rows = calloc(CALENDARS_MOST, sizeof(*rows));
    autofree struct calendar_text *text = calloc(1, sizeof(*text));
    size_t count = 0;
    int r;

    if (!rows || !text)
        return error_set(error, -ENOMEM, "no memory for the calendars");
    r = calendar_list(store, rows, &count, error);
    for (size_t i = 0; i < count && r == 0; i++)
        r = take_calendar(almanac, store, &rows[i], text, error);
    return r;
}

/* ---- the whole ---- */

static void finish(struct occasions *occasions, struct almanac *almanac,
                   struct factors *ret_factors)
{
    occurrences_sort(occasions->rows, occasions->count);
    *ret_factors = (struct factors){
        .zone = &almanac->zone,
        .occurrences = occasions->rows,
        .occurrence_count = occasions->count,
        .longest_s = occurrences_longest_s(occasions->rows, occasions->count),
    };
}

static int fill(struct almanac *almanac, const struct predictor_options *options,
                struct store *store, struct error *error)
{
    int r;

    almanac->all = occasions_of(options, almanac->now_ms, almanac->all_rows);
    almanac->special = occasions_of(options, almanac->now_ms, almanac->special_rows);
    r = calendar_zone(options->time_zone, almanac->all.from_s, almanac->all.until_s,
                      &almanac->zone, error);
    if (r == 0)
        r = take_events(almanac, store, error);
    if (r == 0)
        r = take_calendars(almanac, store, error);
    finish(&almanac->all, almanac, &almanac->common);
    return r;
}

int almanac_open(const struct predictor_options *options, struct store *store, int64_t now_ms,
                 struct almanac **ret_almanac, struct error *error)
{
    struct almanac *almanac = calloc(1, sizeof(*almanac));
    int r;

    if (!almanac)
        return error_set(error, -ENOMEM, "no memory for the almanac");
    almanac->now_ms = now_ms;
    r = fill(almanac, options, store, error);
    if (r < 0) {
        almanac_close(almanac);
        return r;
    }
    *ret_almanac = almanac;
    return 0;
}

void almanac_close(struct almanac *almanac)
{
    free(almanac);
}

/* ---- of one series ---- */

static bool applies(const struct scoped *scoped, const struct model_row *row)
{
    if (scoped->series_id)
        return scoped->series_id == row->series_id;
    return (!*scoped->project_id || text_equal(scoped->project_id, row->project_id)) &&
           (!*scoped->flavor_id || text_equal(scoped->flavor_id, row->flavor_id));
}

static void mix(struct almanac *almanac, const struct scoped *scoped)
{
    struct occasions *mixed = &almanac->mixed;

    for (size_t i = 0; i < scoped->count && mixed->count < OCCURRENCES_MOST; i++)
        mixed->rows[mixed->count++] = almanac->special.rows[scoped->first + i];
}

const struct factors *almanac_factors(struct almanac *almanac, const struct model_row *row)
{
    almanac->mixed = (struct occasions){ .rows = almanac->mixed_rows };
    for (size_t i = 0; i < almanac->scoped_count; i++)
        if (applies(&almanac->scoped[i], row))
            mix(almanac, &almanac->scoped[i]);
    if (almanac->mixed.count == 0)
        return &almanac->common;
    for (size_t i = 0; i < almanac->all.count && almanac->mixed.count < OCCURRENCES_MOST; i++)
        almanac->mixed.rows[almanac->mixed.count++] = almanac->all.rows[i];
    finish(&almanac->mixed, almanac, &almanac->own);
    return &almanac->own;
}

int64_t almanac_changed_ms(const struct almanac *almanac, const struct model_row *row)
{
    int64_t changed_ms = almanac->changed_ms;

    for (size_t i = 0; i < almanac->scoped_count; i++)
        if (applies(&almanac->scoped[i], row))
            note_change(&changed_ms, almanac->scoped[i].changed_ms);
    return changed_ms;
}
