/* SPDX-License-Identifier: Apache-2.0 */
/* Instances and the backlog of Gnocchi; see metric.h.  Aggregates are measure.c. */
#include "cloud/metric.h"

#include <errno.h>
#include <string.h>

#include "cloud/list.h"

/* ---- instances ---- */

/* A resource as Ceilometer has it.  The id of an image may be a URL that ends with it. */
struct resource {
    struct instance instance;
    char image[512];
    int64_t started_ms, created_ms;
};

static const struct json_member resource_members[] = {
    JSON_FIELD(JSON_UUID, struct resource, instance.id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_ID, struct resource, instance.project_id, "project_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct resource, instance.flavor_id, "flavor_id", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct resource, instance.flavor_name, "flavor_name", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct resource, instance.zone, "availability_zone", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct resource, instance.host, "host", JSON_NULLABLE),
    JSON_FIELD(JSON_TEXT, struct resource, image, "image_ref", JSON_NULLABLE),
    JSON_FIELD(JSON_TIME, struct resource, started_ms, "started_at", JSON_REQUIRED),
    JSON_FIELD(JSON_TIME, struct resource, created_ms, "created_at", JSON_NULLABLE),
    JSON_FIELD(JSON_TIME, struct resource, instance.active_ms, "launched_at", JSON_NULLABLE),
    JSON_FIELD(JSON_TIME, struct resource, instance.deleted_ms, "ended_at", JSON_NULLABLE),
};
static const struct json_shape resource_shape = { "instance", resource_members,
                                                  ARRAY_SIZE(resource_members), false };

/* Only the attributes that are read: a resource lists its metrics too, which is most of it. */
static void add_attributes(struct strbuf *path)
{
    for (size_t i = 0; i < ARRAY_SIZE(resource_members); i++)
        strbuf_add_format(path, "attrs=%s&", resource_members[i].name);
}

static void copy_image(const char *reference, struct instance *instance)
{
    const char *last = strrchr(reference, '/');

    last = last ? last + 1 : reference;
    if (text_is_id(last))
        text_copy(instance->image_id, ID_SIZE, last);
}

/* Gnocchi hears of an instance when it is active: what began before is not known from the record's
 * own times if a sample has not told. */
static int read_resource(const struct json *json, struct resource *ret_resource)
{
    *ret_resource = (struct resource){ 0 };
    if (json_read(json, &resource_shape, ret_resource, NULL))
        return -EPROTO;
    copy_image(ret_resource->image, &ret_resource->instance);
    ret_resource->instance.asked_ms = ret_resource->created_ms ? ret_resource->created_ms
                                                               : ret_resource->started_ms;
    if (!ret_resource->instance.active_ms)
        ret_resource->instance.active_ms = ret_resource->started_ms;
    return 0;
}

static void begin_list(struct json_writer *writer, const char *word)
{
    json_begin_object(writer, NULL);
    json_begin_array(writer, word);
}

static void end_list(struct json_writer *writer)
{
    json_end_array(writer);
    json_end_object(writer);
}

/* {OPERATOR: {ATTRIBUTE: TIME}}; no time: null. */
static void write_test(struct json_writer *writer, const char *operator, const char *attribute,
                       int64_t time_ms)
{
    json_begin_object(writer, NULL);
    json_begin_object(writer, operator);
    json_put_time(writer, attribute, time_ms);
    json_end_object(writer);
    json_end_object(writer);
}

static void write_within(struct json_writer *writer, const char *attribute, int64_t from_ms,
                         int64_t until_ms)
{
    write_test(writer, ">=", attribute, from_ms);
    write_test(writer, "<", attribute, until_ms);
}

/* A record may begin long after its instance (Ceilometer was down), so it goes by when that was
 * created, and by the record's own beginning only where this is not known. */
static void write_window(const struct metric_page *page, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    begin_list(&writer, "and");
    write_test(&writer, ">=", "started_at", page->reached_ms);
    begin_list(&writer, "or");
    begin_list(&writer, "and");
    write_within(&writer, "created_at", page->from_ms, page->until_ms);
    end_list(&writer);
    begin_list(&writer, "and");
    write_test(&writer, "=", "created_at", 0);
    write_within(&writer, "started_at", page->from_ms, page->until_ms);
    end_list(&writer);
    end_list(&writer);
    end_list(&writer);
}

static int fetch(struct client *client, const struct metric_page *page, size_t limit,
                 struct json **ret_json, struct error *error)
{
    auto_strbuf path = STRBUF_INIT(2048), body = STRBUF_INIT(1024);
    struct call call = { .service = SERVICE_METRIC, .method = "POST", .reads_only = true };
    int status;

    strbuf_add_text(&path, "/search/resource/instance?sort=started_at:asc&sort=id:asc&");
    add_attributes(&path);
    if (page->marker && *page->marker)
        query_add(&path, "marker", page->marker);
    strbuf_add_format(&path, "limit=%zu", limit);
    write_window(page, &body);
    if (path.status || body.status)
        return error_set(error, -ENOMEM, "no memory for a search in Gnocchi");
    call.path = strbuf_text(&path);
    call.body = strbuf_text(&body);
    status = client_call(client, &call, ret_json, error);
    if (status == -EINVAL && page->marker && *page->marker)
        return error_set(error, -ESTALE, "Gnocchi does not know instance %s any more",
                         page->marker);
    return status;
}

int metric_instances(struct client *client, const struct metric_page *page,
                     struct instance *ret_instances, size_t *ret_count,
                     struct metric_progress *ret_progress, struct error *error)
{
    size_t limit = page->most < METRIC_PAGE_MOST ? page->most : METRIC_PAGE_MOST;
    auto_json *json = NULL;
    struct resource resource;
    int status = fetch(client, page, limit, &json, error);

    *ret_count = 0;
    *ret_progress = (struct metric_progress){ .started_ms = page->reached_ms };
    if (status)
        return status;
    ret_progress->ended = json_length(json) == 0;
    for (size_t i = 0; i < json_length(json) && i < limit; i++) {
        if (read_resource(json_element(json, i), &resource)) {
            ret_progress->strange++;
            continue;
        }
        ret_instances[(*ret_count)++] = resource.instance;
        text_copy(ret_progress->marker, ID_SIZE, resource.instance.id);
        ret_progress->started_ms = resource.started_ms;
    }
    if (*ret_count == 0 && !ret_progress->ended)
        return error_set(error, -EPROTO, "none of the %zu instances that Gnocchi tells of is "
                         "understood", json_length(json));
    return 0;
}

/* ---- the backlog ---- */

struct summary {
    int64_t measures;
};

static const struct json_member summary_members[] = {
    JSON_FIELD_RANGE(JSON_INT, struct summary, measures, "measures", JSON_REQUIRED, 0, 1e15),
};
static const struct json_shape summary_shape = { "summary", summary_members,
                                                 ARRAY_SIZE(summary_members), false };

int metric_backlog(struct client *client, int64_t *ret_measures, struct error *error)
{
    const struct call call = { .service = SERVICE_METRIC, .method = "GET",
                               .path = "/status?details=false" };
    auto_json *json = NULL;
    struct summary summary = { 0 };
    struct error why = { 0 };
    int status = client_call(client, &call, &json, error);

    if (status)
        return status;
    if (json_read(json_at(json, "storage.summary"), &summary_shape, &summary, &why))
        return error_set(error, -EPROTO, "Gnocchi's status is not understood: %s", why.message);
    *ret_measures = summary.measures;
    return 0;
}
