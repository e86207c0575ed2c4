/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: each pool's gain as it was, or as a replay says it would have been; see report.h. */
#include "role/report.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define EVENTS_PAGE 10000
#define STEPS_MOST 10000 /* of one pool; a week has as many minutes */

/* ---- how long a create takes ---- */

/* As measured in this while: by the pool's own misses, else by those of all of its kind, else what
 * it takes us to make one. */
static double create_seconds(const struct pool_gain *rows, size_t count, const struct pool_gain *of)
{
    double seconds = 0;
    int64_t timed = 0;

    if (of->timed)
        return of->miss_seconds / (double)of->timed;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == of->kind) {
            seconds += rows[i].miss_seconds;
            timed += rows[i].timed;
        }
    }
    return timed ? seconds / (double)timed : (double)of->lead_time_ms / 1000;
}

/* ---- as it would have been ---- */

struct course {
    struct replay_event *events;
    size_t event_count, room;
    struct replay_step *steps; /* STEPS_MOST + 1 */
    size_t step_count;
};

static int read_events(struct store *store, const char *pool_id, int64_t from_ms, int64_t until_ms,
                       struct course *course, struct error *error)
{
    size_t count = EVENTS_PAGE;
    int status = 0;

    course->event_count = 0;
    while (status >= 0 && count == EVENTS_PAGE) {
        size_t used = course->event_count;
        int64_t after_ms = used ? course->events[used - 1].at_ms : from_ms - 1;

        if (used + EVENTS_PAGE > course->room) {
            size_t room = 2 * (used + EVENTS_PAGE);
            struct replay_event *events = realloc(course->events, room * sizeof(*events));

            if (!events)
                return error_set(error, -ENOMEM, "no memory for %zu events", room);
            course->events = events;
            course->room = room;
        }
        status = demand_events(store, pool_id, after_ms, until_ms, EVENTS_PAGE,
                               course->events + used, &count, error);
        course->event_count += status >= 0 ? count : 0;
    }
    return status;
}

/* What the keeper goes by, with the bounds that the pool has now. */
static int64_t goal_of(const struct pool_gain *row, int64_t target)
{
    int64_t goal = target > row->floor ? target : row->floor;

    return goal < row->ceiling ? goal : row->ceiling;
}

static int read_steps(struct store *store, const struct pool_gain *row, int64_t from_ms,
                      int64_t until_ms, struct course *course, int64_t *ret_goal,
                      struct error *error)
{
    struct replay_step *steps = course->steps;
    int64_t before = row->target;
    int status = target_steps(store, row->id, from_ms, until_ms, STEPS_MOST, steps + 1,
                              &course->step_count, &before, error);

    for (size_t i = 1; status >= 0 && i <= course->step_count; i++)
        steps[i].goal = goal_of(row, steps[i].goal);
    steps[0] = (struct replay_step){ from_ms, goal_of(row, before) };
    course->step_count++;
    /* A pool that came into being in this while had nothing ready then. */
    *ret_goal = row->created_ms < from_ms ? steps[0].goal : 0;
    return status;
}

static int replay(struct store *store, const struct pool_gain *row, double create_s,
                  int64_t from_ms, int64_t until_ms, struct course *course, struct gain *ret_gain,
                  struct error *error)
{
    struct replay_case of = { .from_ms = row->created_ms > from_ms ? row->created_ms : from_ms,
                              .until_ms = until_ms, .lead_ms = (int64_t)(create_s * 1000) };
    int status = read_events(store, row->id, of.from_ms, until_ms, course, error);

    if (status >= 0)
        status = read_steps(store, row, of.from_ms, until_ms, course, &of.goal, error);
    if (status < 0)
        return status;
    if (row->created_ms >= from_ms)
        of.goal = 0;
    of.events = course->events;
    of.event_count = course->event_count;
    of.steps = course->steps;
    of.step_count = course->step_count;
    return replay_pool(&of, create_s, ret_gain, error);
}

/* ---- as it was ---- */

static struct gain seen(const struct pool_gain *row, double create_s)
{
    double saved = (double)row->hits * create_s - row->hit_seconds;

    return (struct gain){ .hits = row->hits, .misses = row->misses,
                          .seconds_saved = saved > 0 ? saved : 0,
                          .idle_seconds = row->idle_seconds };
}

/* ---- all of it ---- */

static int compare_pools(const void *a, const void *b)
{
    const struct report_pool *left = a, *right = b;
    int64_t order = right->gain.hits + right->gain.misses - left->gain.hits - left->gain.misses;

    return order < 0 ? -1 : order > 0;
}

static int fill(struct store *store, const struct pool_gain *rows, size_t count, bool observe,
                int64_t from_ms, int64_t until_ms, struct report *report, struct error *error)
{
    autofree struct replay_step *steps = calloc(STEPS_MOST + 1, sizeof(*steps));
    struct course course = { .steps = steps };
    int status = steps ? 0 : error_set(error, -ENOMEM, "no memory for the course of a pool");

    for (size_t i = 0; i < count && status >= 0; i++) {
        struct report_pool *pool = &report->pools[report->count++];

        text_copy(pool->id, sizeof(pool->id), rows[i].id);
        pool->kind = rows[i].kind;
        pool->create_s = create_seconds(rows, count, &rows[i]);
        if (observe)
            status = replay(store, &rows[i], pool->create_s, from_ms, until_ms, &course,
                            &pool->gain, error);
        else
            pool->gain = seen(&rows[i], pool->create_s);
        gain_add(&report->all, &pool->gain);
    }
    free(course.events);
    return status;
}

int report_make(struct store *store, bool observe, int64_t from_ms, int64_t until_ms,
                struct report *ret_report, struct error *error)
{
    autofree struct pool_gain *rows = NULL;
    struct report report = { 0 };
    size_t count = 0;
    int status = pool_gains_read(store, from_ms, until_ms, &rows, &count, error);

    if (status >= 0)
        status = demand_outside(store, from_ms, until_ms, &report.outside, error);
    if (status < 0)
        return status;
    report.pools = calloc(count + 1, sizeof(*report.pools));
    if (!report.pools)
        return error_set(error, -ENOMEM, "no memory for a report on %zu pools", count);
    status = fill(store, rows, count, observe, from_ms, until_ms, &report, error);
    if (status < 0) {
        report_clear(&report);
        return status;
    }
    qsort(report.pools, report.count, sizeof(*report.pools), compare_pools);
    *ret_report = report;
    return 0;
}

void report_clear(struct report *report)
{
    free(report->pools);
    *report = (struct report){ 0 };
}
