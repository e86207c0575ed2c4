/* SPDX-License-Identifier: Apache-2.0 */
/* The resources events and calendars: when demand is another, as forecasts are told. */
#include "store/event.h"

#include <errno.h>
#include <stdlib.h>

#include "api/reply.h"
#include "api/resources.h"
#include "base/cleanup.h"
#include "store/calendar_row.h"

static const struct parameter parameters[] = { PARAMETER_LIMIT, PARAMETER_MARKER };
const struct parameters event_parameters = PARAMETERS(parameters);

static void put_event(struct json_writer *writer, const char *name, const struct event *event)
{
    json_begin_object(writer, name);
    json_put_text(writer, "id", event->id);
    json_put_text(writer, "name", event->name);
    json_put_time(writer, "begin_at", event->begin_ms);
    json_put_time(writer, "end_at", event->end_ms);
    json_put_text_or_null(writer, "recurrence", event->recurrence);
    json_put_text_or_null(writer, "project_id", event->project_id);
    json_put_text_or_null(writer, "flavor_id", event->flavor_id);
    if (event->series_id)
        json_put_int(writer, "series_id", event->series_id);
    else
        json_put_null(writer, "series_id");
    json_put_time(writer, "created_at", event->created_ms);
    json_end_object(writer);
}

static void show_event(struct reply *reply, int status, const struct event *event)
{
    struct json_writer writer = reply_json(reply, status);

    json_begin_object(&writer, NULL);
    put_event(&writer, "event", event);
    json_end_object(&writer);
}

int events_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count = 0;
    autofree struct event *events = calloc(limit + 1, sizeof(*events));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!events)
        return error_set(error, -ENOMEM, "no memory for %zu events", limit);
    status = event_list(request->store, filter->marker, limit + 1, events, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "events");
    for (size_t i = 0; i < count && i < limit; i++)
        put_event(&writer, NULL, &events[i]);
    reply_end_list(&writer, request, count > limit ? events[limit - 1].id : NULL);
    return 0;
}

int events_show(struct request *request, struct reply *reply, struct error *error)
{
    struct event event;
    int status = event_get(request->store, request->id, &event, error);

    if (!status)
        show_event(reply, 200, &event);
    return status;
}

/* ---- changing ---- */

static const struct json_member event_members[] = {
    JSON_FIELD_RANGE(JSON_TEXT, struct event, name, "name", JSON_REQUIRED, 1, NAME_SIZE - 1),
    JSON_FIELD(JSON_TIME, struct event, begin_ms, "begin_at", JSON_REQUIRED),
    JSON_FIELD(JSON_TIME, struct event, end_ms, "end_at", JSON_REQUIRED),
    JSON_FIELD_RANGE(JSON_TEXT, struct event, recurrence, "recurrence", JSON_NULLABLE, 1,
                     EVENT_RULE_SIZE - 1),
    JSON_FIELD(JSON_ID, struct event, project_id, "project_id", JSON_NULLABLE),
    JSON_FIELD_RANGE(JSON_TEXT, struct event, flavor_id, "flavor_id", JSON_NULLABLE, 1,
                     NAME_SIZE - 1),
    JSON_FIELD_RANGE(JSON_INT, struct event, series_id, "series_id", JSON_NULLABLE, 1, 9e15),
};
static const struct json_shape event_shape = { "event", event_members, ARRAY_SIZE(event_members),
                                               true };

int events_make(struct request *request, struct reply *reply, struct error *error)
{
    struct event event = { 0 };
    int status = request_read(request, &event_shape, &event, error);

    if (!status)
        status = event_add(request->store, &event, request->now_ms, error);
    if (!status)
        show_event(reply, 201, &event);
    return status;
}

int events_remove(struct request *request, struct reply *reply, struct error *error)
{
    int status = event_remove(request->store, request->id, error);

    if (!status)
        reply->status = 204;
    return status;
}

/* ---- calendars ---- */

int calendars_list(struct request *request, struct reply *reply, struct error *error)
{
    autofree struct calendar *rows = calloc(CALENDARS_MOST, sizeof(*rows));
    struct json_writer writer = reply_json(reply, 200);
    size_t count = 0;
    int status;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for the calendars");
    status = calendar_list(request->store, rows, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "calendars");
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&writer, NULL);
        json_put_text(&writer, "source", rows[i].source);
        json_put_time(&writer, "checked_at", rows[i].checked_ms);
        json_put_time(&writer, "read_at", rows[i].read_ms);
        json_put_time(&writer, "changed_at", rows[i].changed_ms);
        json_put_int(&writer, "occurrences_ahead", rows[i].occurrences);
        json_put_text_or_null(&writer, "error", rows[i].failure);
        json_end_object(&writer);
    }
    reply_end_list(&writer, request, NULL);
    return 0;
}
