/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiers: how sure the boots of a project, of a flavor or from a pool want to be.  Rules give them,
 * the most specific wins; a pool that several use has the strongest of theirs.  Pure.
 */
#ifndef LARDER_RESERVE_TIER_H
#define LARDER_RESERVE_TIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum tier { TIER_GUARANTEED, TIER_PROBABILISTIC, TIER_ON_DEMAND }; /* the strongest first */
#define TIER_CHOICES "guaranteed|probabilistic|on-demand"
const char *tier_name(enum tier tier);
int tier_from_name(const char *name, enum tier *ret_tier); /* -EINVAL */

/* What it costs that a boot finds no item, and that an item lies idle until the next review: only
 * their relation counts. */
struct tier_costs {
    double miss, idle; /* > 0 */
};

/* The probability that a boot should find its item: guaranteed: 'guaranteed'; probabilistic: the
 * newsvendor's critical fractile, miss / (miss + idle) (Arrow, Harris, Marschak 1951); on-demand:
 * 0, nothing is held for it. */
double tier_level(enum tier tier, double guaranteed, const struct tier_costs *costs);

/* Members that are "" say: whatever it is. */
struct tier_rule {
    char id[ID_SIZE];
    char pool_id[ID_SIZE];
    char project_id[ID_SIZE];
    char flavor_id[NAME_SIZE];
    enum tier tier;
    double service_level; /* of guaranteed; 0: the configured one */
    int64_t created_ms;
};

/* Puts rules into the order in which tier_find() and tier_of_pool() need them. */
void tier_rules_sort(struct tier_rule *rules, size_t count);
struct tier_rules {
    const struct tier_rule *rules; /* sorted; no two of the same scope */
    size_t count;
    enum tier fallback; /* where no rule fits */
};

/* The tier that one has, and by which rule; NULL: by none. */
struct tier_choice {
    enum tier tier;
    double service_level; /* 0: the configured one */
    const struct tier_rule *rule;
};

/* By the most specific rule for boots of this project and flavor: both, flavor, project. */
struct tier_choice tier_find(const struct tier_rules *rules, const char *project_id,
                             const char *flavor_id);

/* Whose boots were served from a pool lately. */
struct tier_user {
    char project_id[ID_SIZE];
    char flavor_id[NAME_SIZE]; /* "": not known */
};

/* The pool's own rule, else the strongest that its users have, else the fallback. */
struct tier_choice tier_of_pool(const struct tier_rules *rules, const char *pool_id,
                                const struct tier_user *users, size_t count);

#endif
