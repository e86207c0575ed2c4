/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics.  What this process counted itself comes from the registry (base/metric.h); sums
 * over the store are read when they are asked for, so each process that is asked says the same of
 * them.  Without the database the rest is still told, and larder_database_up is 0.
 */
#include "api/metrics.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "api/listen.h"
#include "api/reply.h"
#include "api/resources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/pulse.h"
#include "store/figures.h"
#include "store/forecast.h"
#include "store/member.h"

LOG_MODULE("api");

#define ROLES_MOST 16
#define MEMBERS_MOST 1000
#define FORECASTS_MOST 64 /* of resource types: seven, some lengths each */

/* ---- requests: their routes are the route table's, so they are counted here ---- */

#define ROUTES_MOST 128

static const int statuses[] = { 200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 409, 413, 415,
                                500, 503, 504 };
#define STATUSES (ARRAY_SIZE(statuses) + 1) /* the last: another */

static _Atomic int64_t requests[ROUTES_MOST + 1][STATUSES]; /* the last row: no route */

static const int64_t request_bounds_ms[] = { 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000,
                                             10000 };
static DEFINE_HISTOGRAM(request_seconds, "larder_http_request_duration_seconds",
                        "Time from a request's headers to its answer, by who may make it.",
                        request_bounds_ms, { "access", ACCESS_CHOICES });

static size_t status_index(int status)
{
    size_t i = 0;

    while (i < ARRAY_SIZE(statuses) && statuses[i] != status)
        i++;
    return i;
}

void metrics_note_request(const struct route *route, int status, int64_t took_ms)
{
    size_t count, row = ROUTES_MOST;
    const struct route *routes = route_table(&count);

    if (route && (size_t)(route - routes) < ROUTES_MOST)
        row = (size_t)(route - routes);
    atomic_fetch_add_explicit(&requests[row][status_index(status)], 1, memory_order_relaxed);
    if (route)
        metric_observe(&request_seconds, took_ms, (int)route->access, 0);
}

static void write_requests_of(struct strbuf *out, const char *method, const char *path, size_t row)
{
    char status[16];
    const struct metric_pair pairs[] = { { "method", method }, { "route", path },
                                         { "status", status } };

    for (size_t i = 0; i < STATUSES; i++) {
        int64_t count = atomic_load_explicit(&requests[row][i], memory_order_relaxed);

        if (i < ARRAY_SIZE(statuses))
            snprintf(status, sizeof(status), "%d", statuses[i]);
        else
            snprintf(status, sizeof(status), "other");
        if (count)
            metric_write_sample(out, "larder_http_requests_total", pairs, ARRAY_SIZE(pairs),
                                (double)count);
    }
}

/* Only combinations that were seen: there are some hundred that never will be. */
static void write_requests(struct strbuf *out)
{
    size_t count;
    const struct route *routes = route_table(&count);

    metric_write_head(out, "larder_http_requests_total", METRIC_COUNTER,
                      "Requests that were answered, by route and status.");
    for (size_t i = 0; i < count && i < ROUTES_MOST; i++)
        write_requests_of(out, routes[i].method, routes[i].path, i);
    write_requests_of(out, "", "none", ROUTES_MOST);
}

/* ---- the roles of this process ---- */

/* What a row of roles says, one sample a row. */
static void write_roles_figure(struct strbuf *out, const char *name, const char *help,
                               const struct pulse_role *roles, size_t count,
                               double (*figure)(const struct pulse_role *role, int64_t now_ms))
{
    int64_t now_ms = clock_monotonic_ms();

    metric_write_head(out, name, METRIC_GAUGE, help);
    for (size_t i = 0; i < count; i++) {
        const struct metric_pair pair = { "role", roles[i].role };

        metric_write_sample(out, name, &pair, 1, figure(&roles[i], now_ms));
    }
}

static double threads_of(const struct pulse_role *role, int64_t now_ms)
{
    (void)now_ms;
    return (double)role->threads;
}

static double late_of(const struct pulse_role *role, int64_t now_ms)
{
    (void)now_ms;
    return (double)role->late;
}

static double age_of(const struct pulse_role *role, int64_t now_ms)
{
    return role->turned_ms ? (double)(now_ms - role->turned_ms) / 1000 : 0;
}

static void write_roles(struct strbuf *out, int64_t late_after_ms)
{
    struct pulse_role roles[ROLES_MOST];
    size_t count = pulse_roles(clock_monotonic_ms(), late_after_ms, roles, ROLES_MOST);

    write_roles_figure(out, "larder_role_threads", "Threads of this process, by what they do.",
                       roles, count, threads_of);
    write_roles_figure(out, "larder_role_late_threads", "Threads that hang in a turn.", roles,
                       count, late_of);
    write_roles_figure(out, "larder_role_last_turn_age_seconds",
                       "Time since a thread of the role last ended a turn.", roles, count, age_of);
}

/* ---- sums over the store ---- */

#define PLACE(row_) { { "kind", (row_).kind }, { "tier", (row_).tier }, { "state", (row_).state } }

static int write_pools(struct store *store, struct strbuf *out, struct error *error)
{
    static const char *const names[] = { "larder_pools", "larder_pools_target",
                                         "larder_pools_goal" };
    static const char *const helps[] = {
        "Pools.", "Ready items that the forecasts ask for.",
        "Ready items that are wanted: target and floor, within the ceiling.",
    };
    struct pool_sum sums[POOL_SUMS_MOST];
    size_t count;
    int status = figures_pools(store, sums, POOL_SUMS_MOST, &count, error);

    for (size_t family = 0; status >= 0 && family < ARRAY_SIZE(names); family++) {
        metric_write_head(out, names[family], METRIC_GAUGE, helps[family]);
        for (size_t i = 0; i < count; i++) {
            const struct metric_pair pairs[] = PLACE(sums[i]);
            const int64_t values[] = { sums[i].pools, sums[i].target, sums[i].goal };

            metric_write_sample(out, names[family], pairs, ARRAY_SIZE(pairs),
                                (double)values[family]);
        }
    }
    return status;
}

static int write_items(struct store *store, struct strbuf *out, struct error *error)
{
    struct item_sum sums[ITEM_SUMS_MOST];
    size_t count;
    int status = figures_items(store, sums, ITEM_SUMS_MOST, &count, error);

    if (status < 0)
        return status;
    metric_write_head(out, "larder_items", METRIC_GAUGE, "Items in the pools, by state.");
    for (size_t i = 0; i < count; i++) {
        const struct metric_pair pairs[] = PLACE(sums[i]);

        metric_write_sample(out, "larder_items", pairs, ARRAY_SIZE(pairs), (double)sums[i].items);
    }
    return 0;
}

static void write_pool_family(struct strbuf *out, const struct pool_figure *figures, size_t count,
                              size_t family)
{
    static const struct {
        const char *name, *help;
    } families[] = {
        { "larder_pool_target", "Ready items that the forecast asks for, of the largest pools." },
        { "larder_pool_goal", "Ready items that are wanted, of the largest pools." },
        { "larder_pool_ready", "Items that are ready, of the largest pools." },
        { "larder_pool_lead_time_seconds", "What making an item takes, smoothed." },
    };

    metric_write_head(out, families[family].name, METRIC_GAUGE, families[family].help);
    for (size_t i = 0; i < count; i++) {
        const struct pool_figure *pool = &figures[i];
        const struct metric_pair pairs[] = { { "pool", pool->id }, { "kind", pool->kind },
                                             { "tier", pool->tier } };
        const double values[] = { (double)pool->target, (double)pool->goal, (double)pool->ready,
                                  (double)pool->lead_time_ms / 1000 };

        metric_write_sample(out, families[family].name, pairs, ARRAY_SIZE(pairs), values[family]);
    }
}

static int write_each_pool(struct store *store, size_t most, struct strbuf *out,
                           struct error *error)
{
    autofree struct pool_figure *figures = calloc(most + 1, sizeof(*figures));
    size_t count;
    int status;

    if (most == 0)
        return 0;
    if (!figures)
        return error_set(error, -ENOMEM, "no memory for %zu pools", most);
    status = figures_each_pool(store, most, figures, &count, error);
    for (size_t family = 0; status >= 0 && family < 4; family++)
        write_pool_family(out, figures, count, family);
    return status;
}

static void write_forecast(struct strbuf *out, const struct forecast *forecast)
{
    static const struct {
        const char *word;
        double level;
    } quantiles[] = { { "0.5", 0.5 }, { "0.9", 0.9 }, { "0.99", 0.99 } };
    char seconds[32];

    snprintf(seconds, sizeof(seconds), "%lld", (long long)forecast->length_s);
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
        const struct metric_pair pairs[] = { { "resource", forecast->subject_id },
                                             { "interval", seconds },
                                             { "level", quantiles[i].word } };

        metric_write_sample(out, "larder_forecast_demand", pairs, ARRAY_SIZE(pairs),
                            (double)distribution_quantile(&forecast->distribution,
                                                          quantiles[i].level));
    }
}

static int write_forecasts(struct store *store, struct strbuf *out, struct error *error)
{
    static const struct forecast before = { .subject = FORECAST_RESOURCE };
    autofree struct forecast *forecasts = calloc(FORECASTS_MOST, sizeof(*forecasts));
    size_t count;
    int status;

    if (!forecasts)
        return error_set(error, -ENOMEM, "no memory for forecasts");
    status = forecasts_list(store, &before, FORECASTS_MOST, forecasts, &count, error);
    if (status < 0)
        return status;
    metric_write_head(out, "larder_forecast_demand", METRIC_GAUGE,
                      "Demand for a resource type within the interval (seconds) that is not "
                      "exceeded with the probability 'level'.");
    for (size_t i = 0; i < count; i++)
        write_forecast(out, &forecasts[i]);
    return 0;
}

static int write_members(struct store *store, struct strbuf *out, struct error *error)
{
    autofree struct member *members = calloc(MEMBERS_MOST, sizeof(*members));
    int64_t counts[3] = { 0 }, now_ms = clock_now_ms();
    size_t count;
    int status;

    if (!members)
        return error_set(error, -ENOMEM, "no memory for %d members", MEMBERS_MOST);
    status = member_list(store, "", MEMBERS_MOST, members, &count, error);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count; i++)
        counts[member_state(&members[i], now_ms)]++;
    metric_write_head(out, "larder_members", METRIC_GAUGE, "Processes of Larder, by state.");
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        const struct metric_pair pair = { "state", member_state_name((enum member_state)i) };

        metric_write_sample(out, "larder_members", &pair, 1, (double)counts[i]);
    }
    return 0;
}

static int write_figures(const struct request *request, struct strbuf *out, struct error *error)
{
    auto_store *store = NULL;
    int status = store_borrow(request->api->database, &store, error);

    if (status >= 0)
        status = write_pools(store, out, error);
    if (status >= 0)
        status = write_items(store, out, error);
    if (status >= 0)
        status = write_each_pool(store, (size_t)request->api->options->metrics_pools, out, error);
    if (status >= 0)
        status = write_forecasts(store, out, error);
    return status < 0 ? status : write_members(store, out, error);
}

/* ---- the route ---- */

static void write_build(struct strbuf *out)
{
    const struct metric_pair version = { "version", VERSION };

    metric_write_head(out, "larder_build_info", METRIC_GAUGE, "The version that runs.");
    metric_write_sample(out, "larder_build_info", &version, 1, 1);
}

enum access metrics_access(const struct api_options *options)
{
    if (text_equal(options->metrics, "open"))
        return ACCESS_OPEN;
    if (text_equal(options->metrics, "auto") && !options->public_endpoint[0]
        && listen_is_loopback(options->bind_host))
        return ACCESS_OPEN;
    return ACCESS_READ;
}

int metrics_show(struct request *request, struct reply *reply,
                 struct error *error __attribute__((unused)))
{
    auto_strbuf figures = STRBUF_INIT(reply->body.maximum);
    struct error reason = { 0 };
    int status;

    if (text_equal(request->api->options->metrics, "off")) {
        reply_error(reply, 404, "not-found", "[api] metrics is off");
        return 0;
    }
    status = write_figures(request, &figures, &reason);
    if (status < 0)
        log_error("metrics without the figures of the database: %s", reason.message);
    reply->status = 200;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    write_build(&reply->body);
    write_roles(&reply->body, request->api->late_after_ms);
    write_requests(&reply->body);
    metric_write_all(&reply->body);
    metric_write_head(&reply->body, "larder_database_up", METRIC_GAUGE,
                      "Whether the database answered for this page.");
    metric_write_sample(&reply->body, "larder_database_up", NULL, 0, status >= 0);
    strbuf_add_text(&reply->body, status >= 0 ? strbuf_text(&figures) : "");
    return 0;
}
