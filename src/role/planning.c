/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of the planner: read, choose tiers, decide, write; see planner.h. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "role/planner.h"
#include "store/tier.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_LOOK_MS DAY_MS     /* of a planner that has just begun to lead */
#define PURGE_EVERY_MS INT64_C(3600000)
#define PURGE_MOST 10000

/* What tiers are chosen by. */
struct basis {
    struct tier_rule *rules;
    struct pool_user *users; /* ordered by pool */
    size_t rule_count, user_count;
};

static int read_basis(struct planning *planning, struct store *store, int64_t now_ms,
                      struct basis *ret_basis, struct error *error)
{
    int64_t since_ms = now_ms - planning->options.user_age_s * 1000;
    int status;

    if (planning->noted_ms == 0)
        planning->noted_ms = now_ms - FIRST_LOOK_MS;
    status = pool_users_note(store, planning->noted_ms, error);
    if (status >= 0) {
        planning->noted_ms = now_ms;
        status = tier_rules_read(store, &ret_basis->rules, &ret_basis->rule_count, error);
    }
    if (status >= 0)
        status = pool_users_read(store, since_ms, &ret_basis->users, &ret_basis->user_count,
                                 error);
    return status;
}

/* Rows come kind by kind, each in id order, and users in id order too: two walks side by side. */
static size_t users_of(const struct plan_row *row, const struct basis *basis, size_t *at)
{
    size_t first;

    while (*at < basis->user_count && strcmp(basis->users[*at].pool_id, row->id) < 0)
        ++*at;
    for (first = *at; *at < basis->user_count; ++*at)
        if (!text_equal(basis->users[*at].pool_id, row->id))
            break;
    return *at - first;
}

/* A port pool that no boot has claimed from yet is for its key's project all the same. */
static struct tier_choice choose_tier(const struct tier_rules *rules, const struct plan_row *row,
                                      const struct tier_user *users, size_t count)
{
    struct tier_user owner = { 0 };

    if (count || !*row->pool.project_id)
        return tier_of_pool(rules, row->id, users, count);
    text_copy(owner.project_id, sizeof(owner.project_id), row->pool.project_id);
    return tier_of_pool(rules, row->id, &owner, 1);
}

static int choose_tiers(const struct planning *planning, const struct basis *basis,
                        struct plan_row *rows, size_t count, struct error *error)
{
    struct tier_rules rules = { basis->rules, basis->rule_count, TIER_PROBABILISTIC };
    autofree struct tier_user *users = calloc(basis->user_count + 1, sizeof(*users));
    size_t at = 0;

    if (!users)
        return error_set(error, -ENOMEM, "no memory for the users of %zu pools", count);
    if (tier_from_name(planning->options.tier, &rules.fallback) < 0)
        return error_set(error, -EINVAL, "There is no tier %s", planning->options.tier);
    for (size_t i = 0; i < basis->user_count; i++)
        users[i] = basis->users[i].user;
    for (size_t i = 0; i < count; i++) {
        size_t used;

        if (i > 0 && strcmp(rows[i].id, rows[i - 1].id) < 0)
            at = 0;
        used = users_of(&rows[i], basis, &at);
        rows[i].pool.tier = choose_tier(&rules, &rows[i], users + at - used, used);
    }
    return 0;
}

/* plan_pools() takes an array of pools; the rows have more about them. */
static int decide(const struct planning *planning, struct plan_row *rows, size_t count,
                  int64_t now_ms, struct error *error)
{
    autofree struct plan_pool *pools = calloc(count + 1, sizeof(*pools));
    int status;

    if (!pools)
        return error_set(error, -ENOMEM, "no memory to plan %zu pools", count);
    for (size_t i = 0; i < count; i++)
        pools[i] = rows[i].pool;
    status = plan_pools(&planning->options, &planning->limits, pools, count, now_ms, error);
    for (size_t i = 0; i < count; i++)
        rows[i].pool = pools[i];
    return status;
}

static int forget_old(struct planning *planning, struct store *store, int64_t now_ms,
                      struct error *error)
{
    int64_t removed = PURGE_MOST;
    int status;

    if (now_ms - planning->purged_ms < PURGE_EVERY_MS)
        return 0;
    status = pool_users_forget(store, now_ms - planning->options.user_age_s * 1000, error);
    if (status >= 0)
        status = decisions_purge(store, now_ms - planning->options.keep_days * DAY_MS, PURGE_MOST,
                                 &removed, error);
    if (status >= 0 && removed < PURGE_MOST)
        planning->purged_ms = now_ms;
    return status;
}

int planning_pass(struct planning *planning, struct store *store, int64_t now_ms,
                  struct error *error)
{
    const struct plan_lease lease = { PLANNER_LEASE, planning->owner,
                                      planning->options.lease_s * 1000 };
    struct basis basis = { 0 };
    struct plan_row *rows = NULL;
    size_t count = 0;
    int status = read_basis(planning, store, now_ms, &basis, error);

    if (status >= 0)
        status = plan_read(store, planning->options.review_s * 1000, &rows, &count, error);
    if (status >= 0)
        status = choose_tiers(planning, &basis, rows, count, error);
    if (status >= 0)
        status = decide(planning, rows, count, now_ms, error);
    if (status >= 0)
        status = plan_write(store, &lease, rows, count, now_ms, &planning->changed, error);
    if (status >= 0)
        status = forget_old(planning, store, now_ms, error);
    planning->pools = (int64_t)count;
    free(rows);
    free(basis.rules);
    free(basis.users);
    return status;
}
