/* SPDX-License-Identifier: Apache-2.0 */
/* The resource items.  Transfers and their keys are never shown. */
#include "store/item.h"

#include <errno.h>

#include "api/reply.h"
#include "api/resources.h"

#define HISTORY_MOST 100

static const struct parameter parameters[] = {
    PARAMETER_POOL,
    PARAMETER_STATE(ITEM_STATE_CHOICES),
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
const struct parameters item_parameters = PARAMETERS(parameters);

static void put_members(struct json_writer *writer, const struct item *item)
{
    json_put_text(writer, "id", item->id);
    json_put_text(writer, "pool_id", item->pool_id);
    json_put_text(writer, "kind", kind_name(item->kind));
    json_put_text(writer, "state", item_state_name(item->state));
    json_put_text(writer, "reason", item->reason);
    json_put_text_or_null(writer, "resource_id", item->resource_id);
    json_put_text_or_null(writer, "claim_id", item->claim_id);
    json_put_text_or_null(writer, "instance_id", item->instance_id);
    json_put_text_or_null(writer, "project_id", item->project_id);
    json_put_int(writer, "attempts", item->attempts);
    json_put_time(writer, "created_at", item->created_ms);
    json_put_time(writer, "changed_at", item->changed_ms);
    json_put_time(writer, "ready_at", item->ready_ms);
}

static void put_event(struct json_writer *writer, const struct item_event *event)
{
    json_begin_object(writer, NULL);
    json_put_time(writer, "at", event->at_ms);
    json_put_text(writer, "from",
                  event->from < 0 ? NULL : item_state_name((enum item_state)event->from));
    json_put_text(writer, "to", item_state_name(event->to));
    json_put_text(writer, "reason", event->reason);
    json_put_text_or_null(writer, "request_id", event->request_id);
    json_end_object(writer);
}

int items_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct item *items = calloc(limit + 1, sizeof(*items));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!items)
        return error_set(error, -ENOMEM, "no memory for %zu items", limit);
    status = item_list(request->store, given(filter->pool_id),
                       filter->state < 0 ? 0 : 1u << filter->state, filter->marker, limit + 1,
                       items, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "items");
    for (size_t i = 0; i < count && i < limit; i++) {
        json_begin_object(&writer, NULL);
        put_members(&writer, &items[i]);
        json_end_object(&writer);
    }
    reply_end_list(&writer, request, count > limit ? items[limit - 1].id : NULL);
    return 0;
}

int items_show(struct request *request, struct reply *reply, struct error *error)
{
    autofree struct item_event *events = calloc(HISTORY_MOST, sizeof(*events));
    struct json_writer writer = reply_json(reply, 200);
    struct item item;
    size_t count;
    int status;

    if (!events)
        return error_set(error, -ENOMEM, "no memory for a history");
    status = item_get(request->store, request->id, &item, error);
    if (!status)
        status = item_history(request->store, request->id, HISTORY_MOST, events, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "item");
    put_members(&writer, &item);
    json_begin_array(&writer, "history");
    for (size_t i = 0; i < count; i++)
        put_event(&writer, &events[i]);
    json_end_array(&writer);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}
