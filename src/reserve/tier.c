/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers and the rules that give them: sorted by scope, found by bisection; see tier.h. */
#include "reserve/tier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const names[] = { "guaranteed", "probabilistic", "on-demand" };

const char *tier_name(enum tier tier)
{
    return (size_t)tier < ARRAY_SIZE(names) ? names[tier] : "";
}

int tier_from_name(const char *name, enum tier *ret_tier)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (text_equal(names[i], name)) {
            *ret_tier = (enum tier)i;
            return 0;
        }
    }
    return -EINVAL;
}

double tier_level(enum tier tier, double guaranteed, const struct tier_costs *costs)
{
    switch (tier) {
    case TIER_GUARANTEED:
        return guaranteed;
    case TIER_PROBABILISTIC:
        return costs->miss / (costs->miss + costs->idle);
    case TIER_ON_DEMAND:
        break;
    }
    return 0;
}

/* ---- rules ---- */

static int compare_scopes(const void *a, const void *b)
{
    const struct tier_rule *left = a, *right = b;
    int order = strcmp(left->pool_id, right->pool_id);

    if (order == 0)
        order = strcmp(left->project_id, right->project_id);
    return order ? order : strcmp(left->flavor_id, right->flavor_id);
}

void tier_rules_sort(struct tier_rule *rules, size_t count)
{
    if (count)
        qsort(rules, count, sizeof(*rules), compare_scopes);
}

static const struct tier_rule *find_scope(const struct tier_rules *rules, const char *pool_id,
                                          const char *project_id, const char *flavor_id)
{
    struct tier_rule scope = { 0 };

    text_copy(scope.pool_id, sizeof(scope.pool_id), pool_id);
    text_copy(scope.project_id, sizeof(scope.project_id), project_id);
    text_copy(scope.flavor_id, sizeof(scope.flavor_id), flavor_id);
    if (!rules->count)
        return NULL;
    return bsearch(&scope, rules->rules, rules->count, sizeof(scope), compare_scopes);
}

static struct tier_choice choice_of(const struct tier_rules *rules, const struct tier_rule *rule)
{
    return rule ? (struct tier_choice){ rule->tier, rule->service_level, rule }
                : (struct tier_choice){ rules->fallback, 0, NULL };
}

struct tier_choice tier_find(const struct tier_rules *rules, const char *project_id,
                             const char *flavor_id)
{
    const struct tier_rule *rule = NULL;

    if (*project_id && *flavor_id)
        rule = find_scope(rules, "", project_id, flavor_id);
    if (!rule && *flavor_id)
        rule = find_scope(rules, "", "", flavor_id);
    if (!rule && *project_id)
        rule = find_scope(rules, "", project_id, "");
    return choice_of(rules, rule);
}

/* Of two that are guaranteed the higher level is the stronger; what the configured level is, is not
 * known here, so a rule that names one goes before. */
static bool is_stronger(const struct tier_choice *a, const struct tier_choice *b)
{
    if (a->tier != b->tier)
        return a->tier < b->tier;
    return a->tier == TIER_GUARANTEED && a->service_level > b->service_level;
}

struct tier_choice tier_of_pool(const struct tier_rules *rules, const char *pool_id,
                                const struct tier_user *users, size_t count)
{
    struct tier_choice best = choice_of(rules, find_scope(rules, pool_id, "", ""));

    for (size_t i = 0; !(best.rule && *best.rule->pool_id) && i < count; i++) {
        struct tier_choice choice = tier_find(rules, users[i].project_id, users[i].flavor_id);

        if (i == 0 || is_stronger(&choice, &best))
            best = choice;
    }
    return best;
}
