/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that give tiers, and whose boots the pools serve: what reserve/tier.h decides by. */
#ifndef LARDER_STORE_TIER_H
#define LARDER_STORE_TIER_H

#include "reserve/tier.h"
#include "store/store.h"

#define TIER_RULES_MOST 10000

/* In id order, behind 'marker' ("": from the start). */
int tier_rule_list(struct store *store, const char *marker, size_t most,
                   struct tier_rule *ret_rules, size_t *ret_count, struct error *error);
int tier_rule_get(struct store *store, const char *id, struct tier_rule *ret_rule,
                  struct error *error);
/* Makes the rule of this scope, or changes it: 'rule' gets the id that it has.  -EINVAL: it has no
 * scope, or that of a pool and more; -ENOENT: there is no such pool; -EDQUOT: there are too many
 * rules. */
int tier_rule_set(struct store *store, struct tier_rule *rule, int64_t now_ms,
                  struct error *error);
int tier_rule_unset(struct store *store, const char *id, struct error *error); /* -ENOENT */

/* All rules, sorted as reserve/tier.h has it; to be freed. */
int tier_rules_read(struct store *store, struct tier_rule **ret_rules, size_t *ret_count,
                    struct error *error);

/* A pool, and who used it. */
struct pool_user {
    char pool_id[ID_SIZE];
    struct tier_user user;
    int64_t last_ms;
};
/* Notes who made claims on the pools; those count that are over after 'since_ms', so that nothing
 * is missed when it is the time of the last call. */
int pool_users_note(struct store *store, int64_t since_ms, struct error *error);
/* Those that used a pool after 'since_ms', ordered by pool; to be freed. */
int pool_users_read(struct store *store, int64_t since_ms, struct pool_user **ret_users,
                    size_t *ret_count, struct error *error);
int pool_users_forget(struct store *store, int64_t before_ms, struct error *error);

#endif
