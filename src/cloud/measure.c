/* SPDX-License-Identifier: Apache-2.0 */
/* Aggregates of Gnocchi, grouped by an attribute; see metric.h. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cloud/list.h"
#include "cloud/metric.h"

/* ---- the question ---- */

/* Gnocchi reads an operation as a list of words and lists: ["metric", ["cpu", "mean"], …]. */
static void write_metrics(struct json_writer *writer, const char *const metrics[2])
{
    json_begin_array(writer, NULL);
    json_put_text(writer, NULL, "metric");
    for (size_t i = 0; i < 2 && metrics[i]; i++) {
        json_begin_array(writer, NULL);
        json_put_text(writer, NULL, metrics[i]);
        json_put_text(writer, NULL, "mean");
        json_end_array(writer);
    }
    json_end_array(writer);
}

static void begin_operation(struct json_writer *writer, const char *name)
{
    json_begin_array(writer, NULL);
    json_put_text(writer, NULL, name);
}

/* How much the means of two spans differ: so it does not matter how often somebody measures.  Where
 * a guest began anew, and its counter with it, that would be negative. */
static void write_growth(struct json_writer *writer, const char *const metrics[2])
{
    begin_operation(writer, "clip_min");
    begin_operation(writer, "rateofchange");
    write_metrics(writer, metrics);
    json_end_array(writer);
    json_put_int(writer, NULL, 0);
    json_end_array(writer);
}

static void write_operations(struct json_writer *writer, const struct metric_question *question)
{
    json_begin_array(writer, "operations");
    json_put_text(writer, NULL, "aggregate");
    json_put_text(writer, NULL, "sum");
    if (question->counter)
        write_growth(writer, question->metrics);
    else
        write_metrics(writer, question->metrics);
    json_end_array(writer);
}

/* Resources that have ended before the window have nothing in it; without this Gnocchi would walk
 * through all that ever were. */
static void write_search(struct json_writer *writer, int64_t from_ms)
{
    json_begin_object(writer, "search");
    json_begin_array(writer, "or");
    json_begin_object(writer, NULL);
    json_begin_object(writer, "=");
    json_put_null(writer, "ended_at");
    json_end_object(writer);
    json_end_object(writer);
    json_begin_object(writer, NULL);
    json_begin_object(writer, ">=");
    json_put_time(writer, "ended_at", from_ms);
    json_end_object(writer);
    json_end_object(writer);
    json_end_array(writer);
    json_end_object(writer);
}

static void write_question(const struct metric_question *question, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_put_text(&writer, "resource_type", question->resource_type);
    write_search(&writer, question->from_ms);
    write_operations(&writer, question);
    json_end_object(&writer);
}

/* A rate needs the span before the first one. */
static void write_path(const struct metric_question *question, struct strbuf *out)
{
    int64_t before_ms = question->counter ? question->granularity_s * 1000 : 0;
    char from[32], until[32];

    text_from_time(question->from_ms - before_ms, from);
    text_from_time(question->until_ms, until);
    strbuf_add_text(out, "/aggregates?fill=dropna&");
    query_add(out, "groupby", question->group_by);
    query_add(out, "start", from);
    query_add(out, "stop", until);
    strbuf_add_format(out, "granularity=%lld", (long long)question->granularity_s);
}

/* ---- the answer ---- */

struct answer {
    const struct metric_question *question;
    struct metric_point *points;
    size_t most, count;
};

/* [time, granularity, value] */
static bool read_point(const struct json *json, struct metric_point *point)
{
    const char *time = json_text(json_at(json, "0"));

    return time && text_to_time(time, &point->at_ms) == 0 &&
           json_number(json_at(json, "2"), &point->value) && isfinite(point->value);
}

static void read_points(struct answer *answer, const char *group, const struct json *list)
{
    const struct metric_question *question = answer->question;
    double per_second = question->counter ? 1.0 / (double)question->granularity_s : 1.0;

    for (size_t i = 0; i < json_length(list) && answer->count < answer->most; i++) {
        struct metric_point *point = &answer->points[answer->count];

        if (!read_point(json_element(list, i), point) || point->at_ms < question->from_ms ||
            point->at_ms >= question->until_ms)
            continue;
        text_copy(point->group, sizeof(point->group), group);
        point->value *= per_second;
        answer->count++;
    }
}

static void read_groups(struct answer *answer, const struct json *json)
{
    for (size_t i = 0; i < json_length(json); i++) {
        const struct json *element = json_element(json, i);
        const char *group = json_text(json_at(json_at(element, "group"),
                                              answer->question->group_by));

        if (group && *group && strlen(group) < NAME_SIZE)
            read_points(answer, group, json_at(element, "measures.measures.aggregated"));
    }
}

int metric_ask(struct client *client, const struct metric_question *question,
               struct metric_point *ret_points, size_t most, size_t *ret_count,
               struct error *error)
{
    auto_strbuf path = STRBUF_INIT(1024), body = STRBUF_INIT(2048);
    auto_json *json = NULL;
    struct answer answer = { .question = question, .points = ret_points, .most = most };
    struct call call = { .service = SERVICE_METRIC, .method = "POST", .reads_only = true };
    struct error why = { 0 };
    int status;

    *ret_count = 0;
    write_path(question, &path);
    write_question(question, &body);
    if (path.status || body.status)
        return error_set(error, -ENOMEM, "no memory for a question to Gnocchi");
    call.path = strbuf_text(&path);
    call.body = strbuf_text(&body);
    status = client_call(client, &call, &json, &why);
    if (status == -ENOENT) /* how Gnocchi says that nothing was measured */
        return 0;
    if (status)
        return error_set(error, status, "%s", why.message);
    read_groups(&answer, json);
    *ret_count = answer.count;
    return 0;
}
