/* SPDX-License-Identifier: Apache-2.0 */
/* The offsets of a time zone, found by asking for them day by day; see calendar.h. */
#include <errno.h>
#include <libical/ical.h>
#include <string.h>

#include "predict/calendar.h"

#define DAY_S 86400

static int32_t offset_at(icaltimezone *zone, int64_t time_s)
{
    struct icaltimetype time = icaltime_from_timet_with_zone(
        (time_t)time_s, 0, icaltimezone_get_utc_timezone());
    int summer;

    return icaltimezone_get_utc_offset_of_utc_time(zone, &time, &summer);
}

/* The first second of the new offset. */
static int64_t find_change(icaltimezone *zone, int64_t before_s, int64_t after_s)
{
    int32_t offset_s = offset_at(zone, before_s);

    while (after_s - before_s > 1) {
        int64_t middle_s = before_s + (after_s - before_s) / 2;

        if (offset_at(zone, middle_s) == offset_s)
            before_s = middle_s;
        else
            after_s = middle_s;
    }
    return after_s;
}

static int put_change(struct zone *zone, int64_t from_s, int32_t offset_s, struct error *error)
{
    if (zone->count == ZONE_CHANGES_MOST)
        return error_set(error, -E2BIG, "the time zone changes more than %d times",
                         ZONE_CHANGES_MOST);
    zone->changes[zone->count++] = (struct zone_change){ from_s, offset_s };
    return 0;
}

int calendar_zone(const char *name, int64_t from_s, int64_t until_s, struct zone *ret_zone,
                  struct error *error)
{
    icaltimezone *zone = NULL;
    int status;

    *ret_zone = (struct zone){ 0 };
    if (!*name || strcmp(name, "UTC") == 0)
        return 0;
    if (!strstr(name, "..") && name[0] != '/')
        zone = icaltimezone_get_builtin_timezone(name);
    if (!zone)
        return error_set(error, -ENOENT, "this system knows no time zone %.80s: it is called as in "
                         "/usr/share/zoneinfo, as Europe/Berlin is", name);
    status = put_change(ret_zone, from_s, offset_at(zone, from_s), error);
    for (int64_t at_s = from_s; at_s < until_s && status == 0; at_s += DAY_S) {
        int32_t after_s = offset_at(zone, at_s + DAY_S);

        if (after_s != ret_zone->changes[ret_zone->count - 1].offset_s)
            status = put_change(ret_zone, find_change(zone, at_s, at_s + DAY_S), after_s, error);
    }
    return status;
}
