/* SPDX-License-Identifier: Apache-2.0 */
/* Utilisation out of Gnocchi; see usage.h. */
#include "role/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/import.h"
#include "store/utilisation.h"

LOG_MODULE("role.usage");

#define HOUR_MS 3600000LL
#define BACK_MS (24 * HOUR_MS)  /* the first time: what is kept at the finest resolution */
#define POINTS_MOST 32768
#define PURGE_MOST 5000

/* A metric, what it is in Gnocchi, and by which attributes its resources can be grouped.  Disks and
 * interfaces are resources of their own, which know their project and neither host nor flavor. */
struct source {
    const char *name;
    const char *resource_type;
    const char *metrics[2];
    bool counter;
    double scale;
    const char *group_by[3]; /* by scope; NULL: cannot */
};

static const struct source sources[] = {
    { "cpu", "instance", { "cpu", NULL }, true, 1e-9, /* nanoseconds a second -> cores */
      { "flavor_id", "project_id", "host" } },
    { "memory", "instance", { "memory.usage", NULL }, false, 1, /* MiB */
      { "flavor_id", "project_id", "host" } },
    { "network", "instance_network_interface",
      { "network.incoming.bytes", "network.outgoing.bytes" }, true, 1, /* bytes a second */
      { NULL, "project_id", NULL } },
    { "disk", "instance_disk", { "disk.device.read.bytes", "disk.device.write.bytes" }, true, 1,
      { NULL, "project_id", NULL } },
};

static const struct source *find_source(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
        if (text_equal(sources[i].name, name))
            return &sources[i];
    return NULL;
}

bool usage_knows_metric(const char *name)
{
    return find_source(name) != NULL;
}

/* ---- points into rows ---- */

static bool is_same_span(const struct utilisation *row, const struct metric_point *point,
                         int64_t at_ms)
{
    return row->at_ms == at_ms && text_equal(row->scope_id, point->group);
}

static void add_point(struct utilisation *row, double value)
{
    row->mean = (row->mean * (double)row->samples + value) / (double)(row->samples + 1);
    row->peak = row->samples == 0 || value > row->peak ? value : row->peak;
    row->samples++;
}

/* The points come group by group, in the order of time. */
static size_t rows_of(const struct source *source, int scope, const struct metric_point *points,
                      size_t count, struct utilisation *rows)
{
    int64_t span_ms = resolutions[0].seconds * 1000;
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = points[i].at_ms - points[i].at_ms % span_ms;

        if (used == 0 || !is_same_span(&rows[used - 1], &points[i], at_ms)) {
            rows[used] = (struct utilisation){ .scope = (enum utilisation_scope)scope,
                                               .resolution_s = resolutions[0].seconds,
                                               .at_ms = at_ms };
            text_copy(rows[used].metric, sizeof(rows[used].metric), source->name);
            text_copy(rows[used].scope_id, NAME_SIZE, points[i].group);
            used++;
        }
        add_point(&rows[used - 1], points[i].value * source->scale);
    }
    return used;
}

/* ---- one window ---- */

struct window {
    int64_t from_ms, until_ms;
    struct metric_point *points; /* POINTS_MOST of each */
    struct utilisation *rows;
};

static int take_scope(const struct usage *usage, const struct source *source, int scope,
                      struct window *window, struct client *client, struct store *store,
                      struct error *error)
{
    const struct metric_question question = {
        .resource_type = source->resource_type, .group_by = source->group_by[scope],
        .metrics = { source->metrics[0], source->metrics[1] }, .counter = source->counter,
        .granularity_s = usage->granularity_s, .from_ms = window->from_ms,
        .until_ms = window->until_ms,
    };
    size_t count = 0;
    int r = metric_ask(client, &question, window->points, POINTS_MOST, &count, error);

    if (r < 0)
        return r;
    if (count == POINTS_MOST)
        log_warning("utilisation metric=%s has more than %d points an hour by %s: some are left "
                    "out", source->name, POINTS_MOST, source->group_by[scope]);
    count = rows_of(source, scope, window->points, count, window->rows);
    return utilisation_add(store, window->rows, count, error);
}

static int take_window(const struct usage *usage, struct window *window, struct client *client,
                       struct store *store, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < usage->metrics->count && r >= 0; i++) {
        const struct source *source = find_source(usage->metrics->items[i]);

        for (int scope = 0; source && scope < 3 && r >= 0; scope++)
            if (source->group_by[scope])
                r = take_scope(usage, source, scope, window, client, store, error);
    }
    for (size_t level = 1; level < RESOLUTIONS && r >= 0; level++)
        r = utilisation_roll(store, level, window->from_ms, window->until_ms, error);
    return r;
}

/* ---- age ---- */

/* What a coarser span is still to be made of stays, however old it is. */
static int64_t purge_before(size_t level, int64_t reached_ms, int64_t now_ms)
{
    int64_t before_ms = now_ms - resolutions[level].kept_s * 1000;
    int64_t span_ms = level + 1 < RESOLUTIONS ? resolutions[level + 1].seconds * 1000 : 1;
    int64_t open_ms = reached_ms - reached_ms % span_ms;

    return before_ms < open_ms ? before_ms : open_ms;
}

static int purge(struct store *store, int64_t reached_ms, int64_t now_ms, struct error *error)
{
    int r = 0;

    for (size_t level = 0; level < RESOLUTIONS && r >= 0; level++)
        r = utilisation_purge(store, level, purge_before(level, reached_ms, now_ms), PURGE_MOST,
                              NULL, error);
    return r;
}

/* ---- the step ---- */

static int load(struct store *store, int64_t now_ms, struct import *ret_import,
                struct error *error)
{
    struct error why = { 0 };
    int64_t first_ms = now_ms - BACK_MS;
    int r = import_get(store, USAGE_NAME, ret_import, &why);

    if (r < 0 && r != -ENOENT)
        return error_set(error, r, "%s", why.message);
    if (r == -ENOENT) {
        *ret_import = (struct import){ 0 };
        text_copy(ret_import->source, IMPORT_SOURCE_SIZE, USAGE_NAME);
        ret_import->from_ms = ret_import->reached_ms = first_ms - first_ms % HOUR_MS;
    }
    return 0;
}

static int check_backlog(const struct usage *usage, struct client *client, bool *ret_waits,
                         struct error *error)
{
    int64_t measures = 0;
    int r = metric_backlog(client, &measures, error);

    *ret_waits = r >= 0 && measures > usage->backlog;
    if (*ret_waits)
        log_warning("Gnocchi lags behind: measures=%" PRId64 " wait there; the utilisation waits "
                    "too", measures);
    return r;
}

/* To the end of the hour at the most. */
static int64_t window_end(const struct usage *usage, int64_t from_ms, int64_t now_ms)
{
    int64_t span_ms = resolutions[0].seconds * 1000;
    int64_t settled_ms = now_ms - usage->settle_s * 1000;
    int64_t hour_ms = from_ms - from_ms % HOUR_MS + HOUR_MS;

    settled_ms -= settled_ms % span_ms;
    return settled_ms < hour_ms ? settled_ms : hour_ms;
}

static int take_next(const struct usage *usage, struct client *client, struct store *store,
                     struct import *import, int64_t now_ms, struct error *error)
{
    autofree struct metric_point *points = malloc(POINTS_MOST * sizeof(*points));
    autofree struct utilisation *rows = malloc(POINTS_MOST * sizeof(*rows));
    struct window window = { .from_ms = import->reached_ms,
                             .until_ms = window_end(usage, import->reached_ms, now_ms),
                             .points = points, .rows = rows };
    int r;

    if (!points || !rows)
        return error_set(error, -ENOMEM, "no memory for the utilisation of an hour");
    r = take_window(usage, &window, client, store, error);
    if (r < 0)
        return r;
    import->reached_ms = import->until_ms = window.until_ms;
    import->updated_ms = now_ms;
    return import_save(store, import, error);
}

int usage_step(const struct usage *usage, struct client *client, struct store *store,
               int64_t now_ms, struct error *error)
{
    struct import import;
    bool waits = false;
    int r = load(store, now_ms, &import, error);

    if (r >= 0)
        r = purge(store, import.reached_ms, now_ms, error);
    if (r < 0 || window_end(usage, import.reached_ms, now_ms) <= import.reached_ms)
        return r;
    r = check_backlog(usage, client, &waits, error);
    if (r < 0 || waits)
        return r;
    r = take_next(usage, client, store, &import, now_ms, error);
    return r < 0 ? r : 1;
}
