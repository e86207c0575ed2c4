/* SPDX-License-Identifier: Apache-2.0 */
/* The historian's loop: the lease, and what it looks after; see historian.h. */
#include "role/historian.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "role/history.h"
#include "role/usage.h"
#include "store/gap.h"

LOG_MODULE("role.historian");

#define LEASE_MS 120000            /* longer than any call and the page it is for */
#define GAPS_MOST 32               /* a turn */
#define DAY_MS 86400000LL
#define IMPORT_NAME "gnocchi"

struct historian {
    struct historian_options options;
    struct database *database;
    struct cloud *cloud;
    struct loop *thread;
    char owner[ID_SIZE];
    /* of the turn under way */
    struct loop *loop;
    struct client *client;
    struct store *store;
    bool has_gnocchi;
    struct error last_error; /* logged already */
};

static void complain(struct historian *historian, const char *what, const struct error *error)
{
    if (text_equal(historian->last_error.message, error->message))
        return;
    historian->last_error = *error;
    log_warning("%s: %s", what, error->message);
}

/* Kept while it works, so that no page is asked for by two. */
static bool holds_lease(struct historian *historian)
{
    struct error error = { 0 };
    int r = lease_take(historian->store, HISTORIAN_LEASE, historian->owner, LEASE_MS,
                       clock_now_ms(), &error);

    if (r < 0)
        complain(historian, "the historian's lease", &error);
    return r > 0;
}

/* ---- imports ---- */

/* Pages until all is in, the loop is to stop, or another has the lease.  1: all is in. */
static int take_in(struct historian *historian, const struct history_job *job, struct error *error)
{
    struct import import = { 0 };
    int64_t begun_ms = clock_now_ms();
    int r = 0;

    while (r == 0 && !loop_is_stopping(historian->loop) && holds_lease(historian)) {
        r = history_page(job, historian->client, historian->store, clock_now_ms(), &import, error);
        if (r == 0)
            loop_pause(historian->loop, (int64_t)(1000 / historian->options.pages_per_second));
    }
    if (r > 0 && import.instances > 0 && import.finished_ms >= begun_ms)
        log_info("taken in source=%s instances=%" PRId64 " new=%" PRId64 " strange=%" PRId64,
                 job->name, import.instances, import.added, import.strange);
    return r;
}

/* What the bus has told since is not asked for again; where nobody listens to it, Gnocchi is all we
 * have, and is read on and on. */
static int64_t import_until(struct historian *historian, int64_t now_ms)
{
    struct watch watch = { 0 };
    struct error error = { 0 };

    if (watch_get(historian->store, SOURCE_BUS, &watch, &error) == 0)
        return watch.since_ms;
    return now_ms - historian->options.settle_s * 1000;
}

static int import_history(struct historian *historian, int64_t now_ms, struct error *error)
{
    const struct history_job job = {
        .source = HISTORY_GNOCCHI,
        .name = IMPORT_NAME,
        .from_ms = now_ms - historian->options.history_days * DAY_MS,
        .until_ms = import_until(historian, now_ms),
    };

    if (!historian->options.import || !historian->has_gnocchi)
        return 0;
    return take_in(historian, &job, error);
}

/* ---- gaps ---- */

static int take_in_gap(struct historian *historian, const struct gap *gap,
                       enum history_source source, struct error *error)
{
    char name[IMPORT_SOURCE_SIZE];
    const struct history_job job = { .source = source, .name = name, .from_ms = gap->from_ms,
                                     .until_ms = gap->until_ms };

    snprintf(name, sizeof(name), "gap:%" PRId64 ":%s", gap->id,
             source == HISTORY_NOVA ? "nova" : "gnocchi");
    return take_in(historian, &job, error);
}

/* Nova tells more of an instance (image, request, failure), but forgets those that were deleted;
 * Gnocchi remembers these.  For ports and volumes it stays a gap: Neutron and Cinder know those
 * only that are still there, and to count these alone were less than was wanted. */
static int fill_gap(struct historian *historian, const struct gap *gap, struct error *error)
{
    int r = take_in_gap(historian, gap, HISTORY_NOVA, error);

    if (r > 0 && historian->has_gnocchi)
        r = take_in_gap(historian, gap, HISTORY_GNOCCHI, error);
    if (r > 0) {
        log_info("gap filled for images and capacity, not for ports and volumes id=%" PRId64
                 " gnocchi=%s", gap->id, historian->has_gnocchi ? "yes" : "no");
        r = gap_fill(historian->store, gap->id, KINDS_OF_INSTANCES, clock_now_ms(), error);
    }
    return r;
}

static int fill_gaps(struct historian *historian, int64_t now_ms, struct error *error)
{
    struct gap gaps[GAPS_MOST];
    int64_t from_ms = now_ms - historian->options.history_days * DAY_MS;
    size_t count = 0;
    int r;

    if (!historian->options.fill_gaps)
        return 0;
    r = gap_list(historian->store, SOURCE_BUS, KINDS_OF_INSTANCES, from_ms, GAPS_MOST, gaps, &count,
                 error);
    for (size_t i = 0; i < count && r >= 0; i++)
        if (gaps[i].until_ms + historian->options.settle_s * 1000 <= now_ms)
            r = fill_gap(historian, &gaps[i], error);
    return r;
}

/* ---- utilisation ---- */

static int keep_usage(struct historian *historian, int64_t now_ms, struct error *error)
{
    const struct usage usage = { .metrics = &historian->options.metrics,
                                 .granularity_s = historian->options.granularity_s,
                                 .settle_s = historian->options.settle_s,
                                 .backlog = historian->options.backlog };
    int r = 1;

    if (!historian->has_gnocchi || historian->options.metrics.count == 0)
        return 0;
    while (r > 0 && !loop_is_stopping(historian->loop) && holds_lease(historian))
        r = usage_step(&usage, historian->client, historian->store, now_ms, error);
    return r;
}

/* ---- the loop ---- */

/* Needs no cloud. */
static void keep_calendars(struct historian *historian)
{
    struct error error = { 0 };

    if (calendars_step(&historian->options.calendars, historian->options.time_zone,
                       historian->store, clock_now_ms(), &error) < 0)
        complain(historian, "the calendars", &error);
}

static const struct task {
    const char *what;
    int (*run)(struct historian *historian, int64_t now_ms, struct error *error);
} tasks[] = {
    { "the import of the history from Gnocchi", import_history },
    { "the filling of gaps", fill_gaps },
    { "the utilisation", keep_usage },
};

/* One that fails does not keep the others from their work. */
static void run_tasks(struct historian *historian)
{
    for (size_t i = 0; i < ARRAY_SIZE(tasks) && holds_lease(historian); i++) {
        struct error error = { 0 };

        if (tasks[i].run(historian, clock_now_ms(), &error) < 0)
            complain(historian, tasks[i].what, &error);
    }
}

static int open_turn(struct historian *historian, struct error *error)
{
    int r = 0;

    if (!historian->client)
        r = client_open(historian->cloud, &historian->client, error);
    if (r >= 0)
        r = store_borrow(historian->database, &historian->store, error);
    return r;
}

static int64_t turn(struct loop *loop, void *context)
{
    struct historian *historian = context;
    struct error error = { 0 };
    int r;

    historian->loop = loop;
    r = open_turn(historian, &error);
    if (r >= 0 && holds_lease(historian)) {
        keep_calendars(historian);
        r = client_has_service(historian->client, SERVICE_METRIC, &error);
        historian->has_gnocchi = r > 0;
        if (r >= 0)
            run_tasks(historian);
    }
    if (r < 0)
        complain(historian, "the historian", &error);
    store_return(historian->store);
    historian->store = NULL;
    return historian->options.period_s * 1000;
}

int historian_start(const struct historian_options *options, struct database *database,
                    struct cloud *cloud, struct historian **ret_historian, struct error *error)
{
    struct historian *historian = calloc(1, sizeof(*historian));
    int r;

    if (!historian)
        return error_set(error, -ENOMEM, "no memory for the historian");
    historian->options = *options;
    historian->database = database;
    historian->cloud = cloud;
    text_make_uuid(historian->owner);
    r = loop_start("historian", turn, historian, &historian->thread, error);
    if (r < 0)
        free(historian);
    else
        *ret_historian = historian;
    return r;
}

static void give_back_lease(struct historian *historian)
{
    auto_store *store = NULL;

    if (store_borrow(historian->database, &store, NULL) == 0)
        lease_drop(store, HISTORIAN_LEASE, historian->owner, NULL);
}

int historian_stop(struct historian *historian, int64_t grace_ms)
{
    int r;

    if (!historian)
        return 0;
    r = loop_stop(historian->thread, grace_ms);
    if (r < 0)
        return r;
    give_back_lease(historian);
    client_close(historian->client);
    free(historian);
    return 0;
}
