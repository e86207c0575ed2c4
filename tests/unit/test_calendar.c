/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars: recurrences, exceptions, time zones, days, and what is refused. */
#include "predict/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "unit.h"

#define HOUR 3600
#define DAY INT64_C(86400)

static struct occurrence rows[OCCURRENCES_MOST];
static struct occasions occasions;
static struct error error;

static int64_t at(const char *text)
{
    int64_t time_ms = 0;

    ck_assert_int_eq(text_to_time(text, &time_ms), 0);
    return time_ms / 1000;
}

static void look(const char *from, const char *until, const char *zone)
{
    occasions = (struct occasions){ .from_s = at(from), .until_s = at(until), .time_zone = zone,
                                    .most = OCCURRENCES_MOST, .rows = rows };
    error = (struct error){ 0 };
}

/* An event of these lines. */
static int expand(const char *lines)
{
    static char text[65536];

    snprintf(text, sizeof(text), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n%s"
             "END:VEVENT\r\nEND:VCALENDAR\r\n", lines);
    return calendar_expand(text, strlen(text), &occasions, &error);
}

static void check_row(size_t index, const char *from, int64_t hours)
{
    ck_assert_uint_lt(index, occasions.count);
    ck_assert_int_eq(rows[index].from_s, at(from));
    ck_assert_int_eq(rows[index].until_s - rows[index].from_s, hours * HOUR);
}

static void check_refused(int status, int code, const char *words)
{
    ck_assert_int_eq(status, code);
    ck_assert_uint_eq(occasions.count, 0);
    ck_assert_msg(strstr(error.message, words), "'%s' does not say '%s'", error.message, words);
}

/* Nine o'clock stays nine o'clock when clocks change: in Berlin on 29 March 2026. */
START_TEST(repeats_at_local_time)
{
    look("2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART;TZID=Europe/Berlin:20260101T090000\r\n"
                            "DTEND;TZID=Europe/Berlin:20260101T100000\r\n"
                            "RRULE:FREQ=DAILY\r\n"), 0);
    ck_assert_uint_eq(occasions.count, 4);
    check_row(0, "2026-03-27T08:00:00Z", 1);
    check_row(1, "2026-03-28T08:00:00Z", 1);
    check_row(2, "2026-03-29T07:00:00Z", 1);
    check_row(3, "2026-03-30T07:00:00Z", 1);
}
END_TEST

START_TEST(counts_and_ends)
{
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART:20251229T100000Z\r\nDURATION:PT2H\r\n"
                            "RRULE:FREQ=WEEKLY;COUNT=3\r\n"), 0);
    ck_assert_uint_eq(occasions.count, 2); /* the first was in December */
    check_row(0, "2026-01-05T10:00:00Z", 2);
    check_row(1, "2026-01-12T10:00:00Z", 2);

    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART:20251229T100000Z\r\nDURATION:PT2H\r\n"
                            "RRULE:FREQ=WEEKLY;UNTIL=20260105T100000Z\r\n"), 0);
    ck_assert_uint_eq(occasions.count, 1); /* UNTIL is part of it */
    check_row(0, "2026-01-05T10:00:00Z", 2);
}
END_TEST

START_TEST(leaves_out_exceptions_and_adds_dates)
{
    look("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART;TZID=America/New_York:20260601T090000\r\nDURATION:PT1H\r\n"
                            "RRULE:FREQ=DAILY;COUNT=5\r\n"
                            "EXDATE;TZID=America/New_York:20260602T090000\r\n"
                            "EXDATE;VALUE=DATE:20260604\r\n"
                            "RDATE:20260620T130000Z\r\n"), 0);
    ck_assert_uint_eq(occasions.count, 4);
    check_row(0, "2026-06-01T13:00:00Z", 1);
    check_row(1, "2026-06-03T13:00:00Z", 1);
    check_row(2, "2026-06-05T13:00:00Z", 1);
    check_row(3, "2026-06-20T13:00:00Z", 1);
}
END_TEST

START_TEST(moves_single_occurrences)
{
    look("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART:20260601T090000Z\r\nDURATION:PT1H\r\n"
                            "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
                            "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20260602T090000Z\r\n"
                            "DTSTART:20260602T150000Z\r\nDURATION:PT3H\r\nEND:VEVENT\r\n"
                            "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20260603T090000Z\r\n"
                            "DTSTART:20260603T090000Z\r\nDURATION:PT1H\r\n"
                            "STATUS:CANCELLED\r\n"), 0);
    occurrences_sort(rows, occasions.count);
    ck_assert_uint_eq(occasions.count, 2);
    check_row(0, "2026-06-01T09:00:00Z", 1);
    check_row(1, "2026-06-02T15:00:00Z", 3);
}
END_TEST

/* A day is where one is: as long as it is there, 23 hours when clocks go forward. */
START_TEST(days_are_local)
{
    look("2026-03-01T00:00:00Z", "2026-04-30T00:00:00Z", "Europe/Berlin");
    ck_assert_int_eq(expand("DTSTART;VALUE=DATE:20260329\r\n"), 0);
    check_row(0, "2026-03-28T23:00:00Z", 23);

    look("2026-03-01T00:00:00Z", "2026-04-30T00:00:00Z", "Asia/Kolkata");
    ck_assert_int_eq(expand("DTSTART;VALUE=DATE:20260329\r\nDTEND;VALUE=DATE:20260331\r\n"), 0);
    check_row(0, "2026-03-28T18:30:00Z", 48);

    look("2025-12-01T00:00:00Z", "2026-04-30T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART;VALUE=DATE:20251231\r\nDTEND;VALUE=DATE:20260102\r\n"), 0);
    check_row(0, "2025-12-31T00:00:00Z", 48);

    look("2025-12-01T00:00:00Z", "2026-04-30T00:00:00Z", "");
    ck_assert_int_eq(expand("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n"),
                     0);
    check_row(0, "2026-01-31T00:00:00Z", 24);
    check_row(1, "2026-02-28T00:00:00Z", 24);
}
END_TEST

/* A zone that the text defines goes before the system's. */
START_TEST(takes_the_zone_of_the_text)
{
    const char text[] = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Home\nBEGIN:STANDARD\n"
                        "DTSTART:19700101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\n"
                        "END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:u\n"
                        "DTSTART;TZID=Home:20260601T090000\nDURATION:PT1H\nEND:VEVENT\n"
                        "END:VCALENDAR\n";

    look("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "");
    ck_assert_int_eq(calendar_expand(text, strlen(text), &occasions, &error), 0);
    check_row(0, "2026-06-01T06:00:00Z", 1);
}
END_TEST

START_TEST(events_go_by_name)
{
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    ck_assert_int_eq(expand("SUMMARY:Month end\r\nDTSTART:20260601T090000Z\r\nDURATION:PT1H\r\n"),
                     0);
    ck_assert_int_eq(expand("SUMMARY:Month end\r\nDTSTART:20260701T090000Z\r\nDURATION:PT1H\r\n"),
                     0);
    ck_assert_int_eq(expand("DTSTART:20260801T090000Z\r\nDURATION:PT1H\r\n"), 0);
    ck_assert_uint_eq(rows[0].event, event_of_name("Month end"));
    ck_assert_uint_eq(rows[1].event, event_of_name("Month end"));
    ck_assert_uint_eq(rows[2].event, event_of_name("u"));
}
END_TEST

/* What has an oddity that is none of our business is taken all the same. */
START_TEST(passes_over_what_is_no_time)
{
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    ck_assert_int_eq(expand("LOCATION:\r\nX-NOISE;A=B:c\r\nGEO:nowhere\r\n"
                            "DTSTART:20260601T090000Z\r\nDURATION:PT1H\r\n"), 0);
    ck_assert_uint_eq(occasions.count, 1);
    ck_assert_int_eq(expand("DTSTART:20260601T090000Z\r\n"), 0); /* without length: none */
    ck_assert_uint_eq(occasions.count, 1);
}
END_TEST

START_TEST(refuses_damage)
{
    static const struct {
        const char *lines, *words;
    } cases[] = {
        { "DTSTART:2026garbage\r\n", "event 'u': its DTSTART is not understood" },
        { "SUMMARY:x\r\n", "event 'x': it has no DTSTART" },
        { "DTSTART:20261332T250000Z\r\n", "DTSTART" },
        { "DTSTART;TZID=Mars/Olympus:20260601T090000\r\n", "time zone" },
        { "DTSTART;TZID=../../../etc/passwd:20260601T090000\r\n", "time zone" },
        { "DTSTART:20260601T090000Z\r\nDTEND:20250601T090000Z\r\n", "ends before it begins" },
        { "DTSTART:20260601T090000Z\r\nDTEND:20290601T090000Z\r\n", "more than a year" },
        { "DTSTART:20260601T090000Z\r\nRRULE:FREQ=OFTEN\r\n", "RRULE is not understood" },
        { "DTSTART:20260601T090000Z\r\nRRULE:FREQ=DAILY\r\nEXDATE:x\r\n", "EXDATE" },
        { "DTSTART:20260601T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", "by the minute" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
        int status = expand(cases[i].lines);

        ck_assert_msg(status < 0, "taken: %s", cases[i].lines);
        check_refused(status, -EINVAL, cases[i].words);
    }
}
END_TEST

static void check_text(const char *text, int code, const char *words)
{
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    check_refused(calendar_expand(text, strlen(text), &occasions, &error), code, words);
}

START_TEST(refuses_what_is_no_calendar)
{
    static char large[CALENDAR_MOST + 2];

    check_text("", -EINVAL, "no iCalendar file");
    check_text("<html>Not found</html>", -EINVAL, "no iCalendar file");
    check_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20260601T0900", -EINVAL, "cut short");
    check_text("END:VCALENDAR\n", -EINVAL, "cut short");
    memset(large, 'x', sizeof(large) - 1);
    check_text(large, -E2BIG, "bytes");
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    check_refused(calendar_expand("BEGIN:\0", 7, &occasions, &error), -EINVAL, "NUL");
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "Mars/Olympus");
    check_refused(calendar_expand("", 0, &occasions, &error), -ENOENT, "Mars/Olympus");
}
END_TEST

/* A daily event with as many exceptions as there is room for. */
static size_t many_exceptions(char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n"
                                   "DTSTART:20200101T000000Z\nDURATION:PT1H\n"
                                   "RRULE:FREQ=DAILY\n");

    while (used + 100 < size)
        used += (size_t)snprintf(text + used, size - used, "EXDATE:20190101T000000Z\n");
    return used + (size_t)snprintf(text + used, size - used, "END:VEVENT\nEND:VCALENDAR\n");
}

/* Each would take for ever, or all memory, or the stack. */
START_TEST(survives_malice)
{
    static char text[CALENDAR_MOST];
    size_t used;
    clock_t begun = clock();

    look("2026-01-01T00:00:00Z", "2127-01-01T00:00:00Z", "");
    check_refused(expand("DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY\r\n"),
                  -E2BIG, "occurrences");
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    expand("DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY;COUNT=2000000000\r\n");
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    expand("DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\n"
           "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\r\n");
    look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
    expand("DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\n"
           "RRULE:FREQ=DAILY;INTERVAL=999999999;BYSETPOS=-366,366;BYHOUR=0,1,2,3,4,5,6\r\n");
    used = many_exceptions(text, sizeof(text));
    look("2020-01-01T00:00:00Z", "2041-01-01T00:00:00Z", "");
    check_refused(calendar_expand(text, used, &occasions, &error), -E2BIG, "exceptions");
    for (used = 0; used + 32 < sizeof(text); used += 13)
        memcpy(text + used, "BEGIN:VEVENT\n", 13);
    text[used] = '\0';
    check_text(text, -EINVAL, "cut short");
    ck_assert_int_lt((clock() - begun) / CLOCKS_PER_SEC, 20);
}
END_TEST

/* Cut anywhere, or with a byte changed: refused or read, never a crash. */
START_TEST(survives_damage_anywhere)
{
    const char whole[] = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Home\r\nBEGIN:STANDARD\r\n"
                         "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\n"
                         "END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:s\r\n"
                         "DTSTART;TZID=Home:20260601T090000\r\nDTEND;TZID=Home:20260601T100000\r\n"
                         "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20260901T000000Z\r\n"
                         "EXDATE;TZID=Home:20260602T090000\r\nRDATE:20260620T130000Z\r\n"
                         "END:VEVENT\r\nEND:VCALENDAR\r\n";
    char text[sizeof(whole)];

    srand48(7);
    for (size_t cut = 0; cut < sizeof(whole); cut++) {
        look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
        calendar_expand(whole, cut, &occasions, &error);
    }
    for (int i = 0; i < 3000; i++) {
        memcpy(text, whole, sizeof(whole));
        for (int hits = 1 + (int)(drand48() * 3); hits > 0; hits--)
            text[(size_t)(drand48() * (sizeof(whole) - 1))] = (char)(drand48() * 256);
        look("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "");
        calendar_expand(text, sizeof(whole) - 1, &occasions, &error);
        ck_assert_uint_le(occasions.count, occasions.most);
    }
}
END_TEST

START_TEST(repeats_events_of_ones_own)
{
    struct occasion occasion = { "backup", at("2026-03-27T01:00:00Z"), at("2026-03-27T03:00:00Z"),
                                 "" };

    look("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", "Europe/Berlin");
    ck_assert_int_eq(calendar_repeat(&occasion, &occasions, &error), 0);
    ck_assert_uint_eq(occasions.count, 1);
    check_row(0, "2026-03-27T01:00:00Z", 2);
    ck_assert_uint_eq(rows[0].event, event_of_name("backup"));

    occasion.rule = "FREQ=DAILY";
    look("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", "Europe/Berlin");
    ck_assert_int_eq(calendar_repeat(&occasion, &occasions, &error), 0);
    ck_assert_uint_eq(occasions.count, 4);
    check_row(3, "2026-03-30T00:00:00Z", 2); /* two o'clock, as ever */

    look("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", "");
    occasion.rule = "FREQ=DAILY\r\nDTSTART:19700101T000000Z";
    check_refused(calendar_repeat(&occasion, &occasions, &error), -EINVAL, "recurrence rule");
    occasion.rule = "";
    occasion.end_s = occasion.begin_s;
    check_refused(calendar_repeat(&occasion, &occasions, &error), -EINVAL, "ends before");
}
END_TEST

START_TEST(knows_offsets)
{
    struct zone zone;
    int64_t from = at("2026-01-01T00:00:00Z"), until = at("2027-01-01T00:00:00Z");

    ck_assert_int_eq(calendar_zone("Europe/Berlin", from, until, &zone, &error), 0);
    ck_assert_uint_eq(zone.count, 3);
    ck_assert_int_eq(zone.changes[1].from_s, at("2026-03-29T01:00:00Z"));
    ck_assert_int_eq(zone.changes[2].from_s, at("2026-10-25T01:00:00Z"));
    ck_assert_int_eq(zone_offset(&zone, from - DAY), HOUR);
    ck_assert_int_eq(zone_offset(&zone, at("2026-03-29T00:59:59Z")), HOUR);
    ck_assert_int_eq(zone_offset(&zone, at("2026-03-29T01:00:00Z")), 2 * HOUR);
    ck_assert_int_eq(zone_offset(&zone, until + 300 * DAY), HOUR);
    ck_assert_int_eq(calendar_zone("Australia/Lord_Howe", from, until, &zone, &error), 0);
    ck_assert_int_eq(zone_offset(&zone, at("2026-06-01T00:00:00Z")), 10 * HOUR + HOUR / 2);
    ck_assert_int_eq(calendar_zone("UTC", from, until, &zone, &error), 0);
    ck_assert_int_eq(zone_offset(&zone, from), 0);
    ck_assert_int_eq(zone_offset(NULL, from), 0);
    ck_assert_int_eq(calendar_zone("../../etc/passwd", from, until, &zone, &error), -ENOENT);
    ck_assert_int_eq(calendar_zone("Mars/Olympus", from, until, &zone, &error), -ENOENT);
}
END_TEST

UNIT_MAIN("calendar", repeats_at_local_time, counts_and_ends, leaves_out_exceptions_and_adds_dates,
          moves_single_occurrences, days_are_local, takes_the_zone_of_the_text, events_go_by_name,
          passes_over_what_is_no_time, refuses_damage, refuses_what_is_no_calendar, survives_malice,
          survives_damage_anywhere, repeats_events_of_ones_own, knows_offsets)
