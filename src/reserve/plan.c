/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the pools: each pool's own target, then the shared limits; see plan.h. */
#include "reserve/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "reserve/share.h"

/* ---- each by itself ---- */

static void plan_one(const struct plan_options *options, struct plan_pool *pool, int64_t now_ms)
{
    const struct tier_costs costs = { options->miss_cost[pool->kind],
                                      options->idle_cost[pool->kind] };
    double guaranteed = pool->tier.service_level > 0 ? pool->tier.service_level
                                                     : options->service_level;
    struct target_case of = { .tier = pool->tier.tier, .ceiling = pool->ceiling,
                              .idle_age_ms = options->idle_age_s * 1000,
                              .before = pool->before };

    pool->level = tier_level(pool->tier.tier, guaranteed, &costs);
    pool->interval_ms = protection_interval_ms(pool->lead_time_ms, options->review_s * 1000);
    if (pool->has_forecast) {
        pool->interval_ms = pool->forecast_length_ms;
        of.forecast = &pool->forecast;
        of.stale = now_ms - pool->forecast_made_ms > options->forecast_age_s * 1000;
    }
    of.level = pool->level;
    of.interval_ms = pool->interval_ms;
    target_set(&of, now_ms, &pool->answer);
}

/* ---- all together ---- */

enum { LIMIT_IN_ALL, LIMIT_GIGABYTES, LIMIT_PROJECTS };

struct sharing {
    double *limits;
    size_t limit_count;
    struct share *shares;
    const struct plan_pool **by_project; /* port pools, those of a project side by side */
    size_t port_count;
};

static int compare_projects(const void *a, const void *b)
{
    const struct plan_pool *const *left = a, *const *right = b;

    return strcmp((*left)->project_id, (*right)->project_id);
}

static void add_use(struct share *share, size_t limit, double per_item)
{
    if (per_item > 0)
        share->uses[share->use_count++] = (struct share_use){ limit, per_item };
}

/* Each project is a limit of its own. */
static void add_projects(struct sharing *sharing, const struct plan_pool *pools, size_t count,
                         int64_t limit)
{
    const struct plan_pool **by = sharing->by_project;

    for (size_t i = 0; i < count; i++)
        if (pools[i].kind == PLAN_PORT)
            by[sharing->port_count++] = &pools[i];
    if (sharing->port_count)
        qsort(by, sharing->port_count, sizeof(*by), compare_projects);
    for (size_t i = 0; i < sharing->port_count; i++) {
        if (i == 0 || compare_projects(&by[i - 1], &by[i]))
            sharing->limits[sharing->limit_count++] = (double)limit;
        add_use(&sharing->shares[by[i] - pools], sharing->limit_count - 1, 1);
    }
}

/* What a served boot is worth to this pool: the miss cost under which its level is optimal. */
static double worth(const struct plan_options *options, const struct plan_pool *pool)
{
    return pool->level <= 0 ? 0
                            : options->idle_cost[pool->kind] * pool->level / (1 - pool->level);
}

static void add_shares(struct sharing *sharing, const struct plan_options *options,
                       const struct plan_limits *limits, const struct plan_pool *pools,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct share *share = &sharing->shares[i];

        share->floor = pools[i].active ? pools[i].floor : 0;
        share->wanted = pools[i].active ? pools[i].answer.after.target : 0;
        share->weight = worth(options, &pools[i]);
        share->forecast = pools[i].has_forecast ? &pools[i].forecast : NULL;
        add_use(share, LIMIT_IN_ALL, limits->items_in_all > 0);
        add_use(share, LIMIT_GIGABYTES, limits->gigabytes > 0 ? pools[i].gigabytes : 0);
    }
    sharing->limits[LIMIT_IN_ALL] = (double)limits->items_in_all;
    sharing->limits[LIMIT_GIGABYTES] = (double)limits->gigabytes;
    sharing->limit_count = LIMIT_PROJECTS;
    if (limits->items_per_project > 0)
        add_projects(sharing, pools, count, limits->items_per_project);
}

/* What the limits leave less of than the target is cut at once: it was not to be had anyway. */
static void cut(struct plan_pool *pool, const struct share *share)
{
    struct target_state *after = &pool->answer.after;

    if (!pool->active || share->granted >= after->target)
        return;
    after->target = share->granted;
    if (pool->answer.wanted >= after->target) {
        after->lower_since_ms = 0;
        after->lower_most = 0;
    }
    target_reason_add(pool->answer.reason, "; shared limits leave %" PRId64, share->granted);
}

static int share_limits(const struct plan_options *options, const struct plan_limits *limits,
                        struct plan_pool *pools, size_t count, struct error *error)
{
    autofree double *numbers = calloc(LIMIT_PROJECTS + count + 1, sizeof(*numbers));
    autofree struct share *shares = calloc(count + 1, sizeof(*shares));
    autofree const struct plan_pool **by_project = calloc(count + 1, sizeof(*by_project));
    struct sharing sharing = { .limits = numbers, .shares = shares, .by_project = by_project };
    int status;

    if (!numbers || !shares || !by_project)
        return error_set(error, -ENOMEM, "no memory to plan %zu pools", count);
    add_shares(&sharing, options, limits, pools, count);
    status = share_out(shares, count, numbers, sharing.limit_count, error);
    for (size_t i = 0; status == 0 && i < count; i++)
        cut(&pools[i], &shares[i]);
    return status;
}

int plan_pools(const struct plan_options *options, const struct plan_limits *limits,
               struct plan_pool *pools, size_t count, int64_t now_ms, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        plan_one(options, &pools[i], now_ms);
    return share_limits(options, limits, pools, count, error);
}
