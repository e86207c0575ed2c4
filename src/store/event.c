/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the operator's own; see event.h. */
#include "store/event.h"

#include <errno.h>

#include "base/cleanup.h"
#include "store/query.h"

#define MONTH_S (31 * INT64_C(86400))

static const struct column event_columns[] = {
    TEXT_COLUMN(struct event, id),         TEXT_COLUMN(struct event, name),
    INT_COLUMN(struct event, begin_ms),    INT_COLUMN(struct event, end_ms),
    TEXT_COLUMN(struct event, recurrence), TEXT_COLUMN(struct event, project_id),
    TEXT_COLUMN(struct event, flavor_id),  INT_COLUMN(struct event, series_id),
    INT_COLUMN(struct event, created_ms),
};
static const struct row_type event_type = ROW_TYPE(struct event, event_columns);

#define EVENT_COLUMNS                                                                              \
    "SELECT id, name, begin_ms, end_ms, recurrence, project_id, flavor_id, series_id, created_ms"  \
    " FROM events"

int event_list(struct store *store, const char *marker, size_t most, struct event *ret_events,
               size_t *ret_count, struct error *error)
{
    return query_read(store, EVENT_COLUMNS " WHERE id > ? ORDER BY id LIMIT ?",
                      VALUES(TEXT(marker), INT(most)), &event_type, ret_events, most, ret_count,
                      error);
}

int event_get(struct store *store, const char *id, struct event *ret_event, struct error *error)
{
    int r = query_read_one(store, EVENT_COLUMNS " WHERE id = ?", VALUES(TEXT(id)), &event_type,
                           ret_event, error);

    return r == -ENOENT ? error_set(error, r, "There is no event %.40s", id) : r;
}

/* The zone does not matter for whether a rule is one; a month shows that it is not too much. */
static int check_event(const struct event *event, struct error *error)
{
    struct occurrence rows[800];
    struct occasions occasions = { .from_s = event->begin_ms / 1000,
                                   .until_s = event->begin_ms / 1000 + MONTH_S,
                                   .time_zone = "", .most = ARRAY_SIZE(rows), .rows = rows };
    const struct occasion occasion = { event->name, event->begin_ms / 1000, event->end_ms / 1000,
                                       event->recurrence };
    struct error why = { 0 };
    int r = calendar_repeat(&occasion, &occasions, &why);

    if (r == -E2BIG)
        return error_set(error, -EINVAL, "The event takes place too often: %s",
                         why.message);
    if (r < 0)
        return error_set(error, r, "The event cannot be: %s", why.message);
    if (event->series_id && (*event->project_id || *event->flavor_id))
        return error_set(error, -EINVAL, "An event is for a series, or for a project, a flavor or "
                         "both; not for a series and more");
    return 0;
}

static int add(struct store *store, void *context, struct error *error)
{
    const struct event *event = context;
    int64_t number = 0;
    int r = query_read_int(store, "SELECT COUNT(*) FROM events", NO_VALUES, &number, error);

    if (r == 0 && number >= EVENTS_MOST)
        return error_set(error, -EDQUOT, "There are %d events already, and no more may be: delete "
                         "some, or give them as a calendar", EVENTS_MOST);
    if (r < 0)
        return r;
    return query_run(store, "INSERT INTO events (id, name, begin_ms, end_ms, recurrence,"
                     " project_id, flavor_id, series_id, created_ms)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     VALUES(TEXT(event->id), TEXT(event->name), INT(event->begin_ms),
                            INT(event->end_ms), TEXT(event->recurrence), TEXT(event->project_id),
                            TEXT(event->flavor_id), INT(event->series_id),
                            INT(event->created_ms)), NULL, error);
}

int event_add(struct store *store, struct event *event, int64_t now_ms, struct error *error)
{
    int r = check_event(event, error);

    if (r < 0)
        return r;
    text_make_uuid(event->id);
    event->created_ms = now_ms;
    return store_transaction(store, add, event, error);
}

int event_remove(struct store *store, const char *id, struct error *error)
{
    int64_t removed = 0;
    int r = query_run(store, "DELETE FROM events WHERE id = ?", VALUES(TEXT(id)), &removed, error);

    if (r == 0 && removed == 0)
        return error_set(error, -ENOENT, "There is no event %.40s", id);
    return r;
}
