/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's thread: it keeps the lease, and plans when it is time or it was woken. */
#include "role/planner.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"

LOG_MODULE("role.planner");

#define BREATH_MS 1000 /* between two passes, however often it is woken */

struct planner {
    struct loop *loop;
    struct database *database;
    void (*changed)(void *context);
    void *context;
    pthread_mutex_t lock; /* of options and limits */
    struct plan_options options;
    struct plan_limits limits;
    atomic_bool woken;

    /* the thread's own */
    struct planning planning;
    bool leads;
    int64_t planned_ms; /* monotonic, the last pass; 0: none */
    struct error last_error; /* logged already */
};

static void take_options(struct planner *planner)
{
    pthread_mutex_lock(&planner->lock);
    planner->planning.options = planner->options;
    planner->planning.limits = planner->limits;
    pthread_mutex_unlock(&planner->lock);
}

static void complain(struct planner *planner, const struct error *error)
{
    if (text_equal(planner->last_error.message, error->message))
        return;
    log_warning("the pools cannot be planned: %s", error->message);
    planner->last_error = *error;
}

/* Whether it leads now; a change of that is worth a line. */
static int lead(struct planner *planner, struct store *store, struct error *error)
{
    const struct planning *planning = &planner->planning;
    int status = lease_take(store, PLANNER_LEASE, planning->owner,
                            planning->options.lease_s * 1000, clock_now_ms(), error);

    if (status >= 0 && planner->leads != (status > 0)) {
        planner->leads = status > 0;
        planner->planned_ms = 0;
        log_info(planner->leads ? "this planner leads" : "another planner leads");
    }
    return status;
}

/* ---- one turn ---- */

static bool is_due(struct planner *planner)
{
    int64_t since_ms = clock_monotonic_ms() - planner->planned_ms;

    if (planner->planned_ms == 0)
        return true;
    if (since_ms < BREATH_MS)
        return false;
    return atomic_load(&planner->woken)
           || since_ms >= planner->planning.options.review_s * 1000;
}

static int plan(struct planner *planner, struct store *store, struct error *error)
{
    struct planning *planning = &planner->planning;
    int64_t began_ms = clock_monotonic_ms();
    int status;

    atomic_store(&planner->woken, false);
    status = planning_pass(planning, store, clock_now_ms(), error);
    planner->planned_ms = clock_monotonic_ms();
    if (status < 0)
        return status;
    log_debug("planned pools=%" PRId64 " changed=%" PRId64 " ms=%" PRId64, planning->pools,
              planning->changed, planner->planned_ms - began_ms);
    if (planning->changed && planner->changed)
        planner->changed(planner->context);
    return 0;
}

/* The lease is renewed three times before it runs out; a pass may be due earlier. */
static int64_t next_turn_ms(struct planner *planner)
{
    const struct plan_options *options = &planner->planning.options;
    int64_t renew_ms = options->lease_s * 1000 / 3;
    int64_t due_ms = planner->planned_ms + options->review_s * 1000 - clock_monotonic_ms();

    if (!planner->leads)
        return renew_ms;
    if (atomic_load(&planner->woken))
        due_ms = planner->planned_ms + BREATH_MS - clock_monotonic_ms();
    return due_ms < renew_ms ? due_ms : renew_ms;
}

static int64_t turn(struct loop *loop __attribute__((unused)), void *context)
{
    struct planner *planner = context;
    struct error error = { 0 };
    auto_store *store = NULL;
    int status = store_borrow(planner->database, &store, &error);

    take_options(planner);
    if (status >= 0)
        status = lead(planner, store, &error);
    if (status > 0 && is_due(planner))
        status = plan(planner, store, &error);
    if (status == -ESTALE)
        planner->leads = false;
    else if (status < 0)
        complain(planner, &error);
    else
        planner->last_error.message[0] = '\0';
    return status < 0 ? BREATH_MS : next_turn_ms(planner);
}

/* ---- from outside ---- */

int planner_start(const struct plan_options *options, const struct plan_limits *limits,
                  struct database *database, void (*changed)(void *context), void *context,
                  struct planner **ret_planner, struct error *error)
{
    struct planner *planner = calloc(1, sizeof(*planner));
    int status;

    if (!planner || pthread_mutex_init(&planner->lock, NULL)) {
        free(planner);
        return error_set(error, -ENOMEM, "no memory for the planner");
    }
    planner->database = database;
    planner->changed = changed;
    planner->context = context;
    planner->options = *options;
    planner->limits = *limits;
    text_make_uuid(planner->planning.owner);
    status = loop_start("planner", turn, planner, &planner->loop, error);
    if (status < 0) {
        pthread_mutex_destroy(&planner->lock);
        free(planner);
        return status;
    }
    *ret_planner = planner;
    return 0;
}

void planner_wake(struct planner *planner)
{
    if (!planner)
        return;
    atomic_store(&planner->woken, true);
    loop_wake(planner->loop);
}

void planner_reload(struct planner *planner, const struct plan_options *options,
                    const struct plan_limits *limits)
{
    if (!planner)
        return;
    pthread_mutex_lock(&planner->lock);
    planner->options = *options;
    planner->limits = *limits;
    pthread_mutex_unlock(&planner->lock);
    planner_wake(planner);
}

/* Whoever comes next need not wait for the lease to run out. */
static void give_up_lead(struct planner *planner)
{
    auto_store *store = NULL;

    if (planner->leads && store_borrow(planner->database, &store, NULL) >= 0)
        lease_drop(store, PLANNER_LEASE, planner->planning.owner, NULL);
}

int planner_stop(struct planner *planner, int64_t grace_ms)
{
    int status;

    if (!planner)
        return 0;
    status = loop_stop(planner->loop, grace_ms);
    if (status < 0)
        return status;
    give_up_lead(planner);
    pthread_mutex_destroy(&planner->lock);
    free(planner);
    return 0;
}
