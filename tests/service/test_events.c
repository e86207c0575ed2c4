/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and calendars on a real database: what they do to demand is learned from the past and
 * forecast, for whom they are; a calendar that breaks leaves the last good copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "role/almanac.h"
#include "role/calendars.h"
#include "store/calendar_row.h"
#include "store/event.h"
#include "store/query.h"
#include "tests/service/predicting.h"

#define HOUR INT64_C(3600000)
#define DAYS 9

/* On the days 1, 2, 4, 5, 7 from ten to eleven. */
static bool is_on(int64_t day, int64_t slot)
{
    return day % 3 != 0 && day < DAYS - 1 && slot >= 120 && slot < 132;
}

/* One request for two servers a slot, for twenty while the event is on; until ten o'clock of the
 * last day. */
static void see_days(const struct series *series)
{
    struct series again = *series;

    for (int64_t i = 0; i < (DAYS - 1) * 288 + 120; i++)
        see(series, START + i * SLOT, is_on(i / 288, i % 288) ? 20 : 2);
    again.last_ms = START + (DAYS - 1) * DAY + 10 * HOUR;
    must(series_note(service_store, &again, 1, &error));
}

/* Each of the days, and ten o'clock of the last one. */
static void add_events(const char *project_id, int64_t now_ms)
{
    for (int64_t day = 1; day < DAYS; day++) {
        int64_t begin_ms = START + day * DAY + 10 * HOUR;
        struct event event = { .name = "exam", .begin_ms = begin_ms, .end_ms = begin_ms + HOUR };

        text_copy(event.project_id, sizeof(event.project_id), project_id);
        if (day % 3 != 0 || day == DAYS - 1)
            must(event_add(service_store, &event, now_ms, &error));
    }
}

START_TEST(what_an_event_does_is_learned_and_forecast)
{
    int64_t ten_ms = START + (DAYS - 1) * DAY + 10 * HOUR;
    struct predictor_hand hand;
    struct series with, without;
    double before, after, other;

    begin();
    with = capacity("m1", "a", START);
    without = capacity("m1", "b", START);
    see_days(&with);
    see_days(&without);
    predictor_hand_init(&hand, &predictor);
    turn_at(&hand, ten_ms - SLOT + GRACE);
    add_events("a", ten_ms - SLOT + GRACE + 1000);
    turn_at(&hand, ten_ms + GRACE);
    after = series_forecast(&with, 3600).distribution.mean;
    other = series_forecast(&without, 3600).distribution.mean;
    ck_assert_msg(after > 150 && after < 330, "forecast: %g, to come: 240", after);
    ck_assert_msg(other < 0.75 * after, "the other project's: %g of %g", other, after);

    /* When it is taken back, what comes of it has no effect. */
    must(query_run(service_store, "DELETE FROM events", NO_VALUES, NULL, &error));
    predictor_hand_init(&hand, &predictor);
    turn_at(&hand, ten_ms + SLOT + GRACE);
    before = series_forecast(&with, 3600).distribution.mean;
    ck_assert_msg(before < 0.75 * after, "without the event: %g of %g", before, after);
}
END_TEST

START_TEST(a_model_is_built_once_for_an_event)
{
    int64_t end_ms = START + 2 * DAY;
    struct event event = { .name = "x", .begin_ms = START + HOUR, .end_ms = START + 2 * HOUR };
    struct predictor_hand hand;
    struct series series;
    struct model_row *row;

    begin();
    series = capacity("m1", "a", START);
    see_steadily(&series, START, 2 * 288);
    predictor_hand_init(&hand, &predictor);
    turn_at(&hand, end_ms + GRACE);
    must(event_add(service_store, &event, end_ms + GRACE + 1, &error));
    for (int64_t i = 1; i <= 3; i++) {
        turn_at(&hand, end_ms + i * SLOT + GRACE);
        row = state_of(&series);
        ck_assert_int_eq(row->built_ms, end_ms + SLOT + GRACE);
        free(row);
    }
}
END_TEST

/* ---- calendars ---- */

static char path[64];

static void write_calendar(const char *lines)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fprintf(file, "%s", lines);
    fclose(file);
}

static struct calendar look(const struct calendar_options *sources, int64_t now_ms)
{
    struct calendar rows[CALENDARS_MOST];
    size_t count = 0;

    must(calendars_step(sources, "Europe/Berlin", service_store, now_ms, &error));
    must(calendar_list(service_store, rows, &count, &error));
    ck_assert_uint_eq(count, sources->sources.count);
    return count ? rows[0] : (struct calendar){ 0 };
}

static size_t occurrences_at(int64_t now_ms)
{
    struct model_row *row = calloc(1, sizeof(*row));
    struct almanac *almanac = NULL;
    const struct factors *factors;
    size_t count;

    text_copy(options.time_zone, sizeof(options.time_zone), "Europe/Berlin");
    must(almanac_open(&options, service_store, now_ms, &almanac, &error));
    factors = almanac_factors(almanac, row);
    count = factors->occurrence_count;
    ck_assert_int_eq(zone_offset(factors->zone, now_ms / 1000), 3600); /* in November */
    almanac_close(almanac);
    free(row);
    return count;
}

#define GOOD                                                                                       \
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:day\nDTSTART;VALUE=DATE:20231001\n"             \
    "RRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n"

START_TEST(the_last_good_copy_of_a_calendar_is_kept)
{
    struct calendar_options sources = { .sources = { .count = 1 }, .period_s = 3600,
                                        .timeout_s = 5 };
    int64_t now_ms = START; /* 14 November 2023 */
    struct calendar row;

    begin();
    snprintf(path, sizeof(path), "/tmp/larder-calendar-%d.ics", (int)getpid());
    text_copy(sources.sources.items[0], sizeof(sources.sources.items[0]), path);
    write_calendar("no calendar");
    row = look(&sources, now_ms);
    ck_assert_int_eq(row.read_ms, 0);
    ck_assert_ptr_nonnull(strstr(row.failure, "no iCalendar file"));
    ck_assert_uint_eq(occurrences_at(now_ms), 0);

    write_calendar(GOOD);
    look(&sources, now_ms + 299000);
    row = look(&sources, now_ms + 300000); /* sooner, after a failure */
    ck_assert_int_eq(row.read_ms, now_ms + 300000);
    ck_assert_int_eq(row.changed_ms, row.read_ms);
    ck_assert_int_eq(row.occurrences, 52); /* Sundays of a year */
    ck_assert_str_eq(row.failure, "");
    ck_assert_uint_eq(occurrences_at(now_ms), 7); /* since October, and none within three days */

    write_calendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\n");
    row = look(&sources, now_ms + 4000000);
    ck_assert_int_eq(row.read_ms, now_ms + 300000);
    ck_assert_ptr_nonnull(strstr(row.failure, "cut short"));
    ck_assert_uint_eq(occurrences_at(now_ms), 7);

    write_calendar(GOOD);
    row = look(&sources, now_ms + 5000000);
    ck_assert_int_eq(row.read_ms, now_ms + 5000000);
    ck_assert_int_eq(row.changed_ms, now_ms + 300000); /* it is the same */

    unlink(path);
    row = look(&sources, now_ms + 9000000);
    ck_assert_ptr_nonnull(strstr(row.failure, "cannot be opened"));
    ck_assert_uint_eq(occurrences_at(now_ms), 7);
    sources.sources.count = 0;
    look(&sources, now_ms + 9000001);
    ck_assert_uint_eq(occurrences_at(now_ms), 0);
}
END_TEST

START_TEST(secrets_of_an_address_are_not_shown)
{
    struct calendar_options sources = { .sources = { .count = 1 }, .period_s = 3600,
                                        .timeout_s = 2 };
    struct calendar row;

    begin();
    text_copy(sources.sources.items[0], sizeof(sources.sources.items[0]),
              "http://user:word@127.0.0.1:9/private-1234/basic.ics?token=5678");
    row = look(&sources, START);
    ck_assert_str_eq(row.source, "http://127.0.0.1:9/…/basic.ics");
    ck_assert_str_ne(row.failure, "");
    ck_assert_ptr_null(strstr(row.failure, "1234"));
    ck_assert_ptr_null(strstr(row.failure, "word"));
    ck_assert_int_eq(calendars_check(&sources, NULL), 0);
    text_copy(sources.sources.items[0], sizeof(sources.sources.items[0]), "file:///etc/x.ics");
    ck_assert_int_lt(calendars_check(&sources, NULL), 0);
    text_copy(sources.sources.items[0], sizeof(sources.sources.items[0]), "/dev/zero");
    row = look(&sources, START);
    ck_assert_ptr_nonnull(strstr(row.failure, "no regular file"));
}
END_TEST

SERVICE_MAIN("events", what_an_event_does_is_learned_and_forecast,
             a_model_is_built_once_for_an_event, the_last_good_copy_of_a_calendar_is_kept,
             secrets_of_an_address_are_not_shown)
