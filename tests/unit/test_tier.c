/* SPDX-License-Identifier: Apache-2.0 */
/* Which tier one has, by which rule, and the service level that follows. */
#include "reserve/tier.h"

#include <errno.h>

#include "base/cleanup.h"
#include "unit.h"

#define POOL "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

static struct tier_rule rule_rows[] = {
    { .id = "flavor", .flavor_id = "f", .tier = TIER_ON_DEMAND },
    { .id = "project", .project_id = "p", .tier = TIER_PROBABILISTIC },
    { .id = "both", .project_id = "p", .flavor_id = "f", .tier = TIER_GUARANTEED,
      .service_level = 0.995 },
    { .id = "pool", .pool_id = POOL, .tier = TIER_ON_DEMAND },
    { .id = "sure", .project_id = "q", .tier = TIER_GUARANTEED, .service_level = 0.999 },
};

static struct tier_rules rules(void)
{
    tier_rules_sort(rule_rows, ARRAY_SIZE(rule_rows));
    return (struct tier_rules){ rule_rows, ARRAY_SIZE(rule_rows), TIER_PROBABILISTIC };
}

START_TEST(levels_follow_from_tier_and_costs)
{
    const struct tier_costs costs = { .miss = 49, .idle = 1 };

    ck_assert_double_eq_tol(tier_level(TIER_GUARANTEED, 0.995, &costs), 0.995, 1e-15);
    ck_assert_double_eq_tol(tier_level(TIER_PROBABILISTIC, 0.995, &costs), 0.98, 1e-15);
    ck_assert_double_eq_tol(tier_level(TIER_ON_DEMAND, 0.995, &costs), 0, 1e-15);
}
END_TEST

START_TEST(names_lead_there_and_back)
{
    enum tier tier;

    for (int i = TIER_GUARANTEED; i <= TIER_ON_DEMAND; i++) {
        ck_assert_int_eq(tier_from_name(tier_name((enum tier)i), &tier), 0);
        ck_assert_int_eq((int)tier, i);
    }
    ck_assert_int_eq(tier_from_name("gold", &tier), -EINVAL);
}
END_TEST

START_TEST(the_most_specific_rule_wins)
{
    static const struct {
        const char *project, *flavor, *rule;
        enum tier tier;
    } cases[] = {
        { "p", "f", "both", TIER_GUARANTEED },  { "p", "g", "project", TIER_PROBABILISTIC },
        { "r", "f", "flavor", TIER_ON_DEMAND }, { "r", "g", NULL, TIER_PROBABILISTIC },
        { "p", "", "project", TIER_PROBABILISTIC },
    };
    struct tier_rules all = rules();

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct tier_choice found = tier_find(&all, cases[i].project, cases[i].flavor);

        ck_assert_int_eq(found.tier, cases[i].tier);
        if (cases[i].rule)
            ck_assert_str_eq(found.rule->id, cases[i].rule);
        else
            ck_assert_ptr_null(found.rule);
    }
}
END_TEST

START_TEST(a_pool_has_its_own_rule_or_the_strongest_of_its_users)
{
    static const struct tier_user users[] = { { "r", "f" }, { "p", "f" }, { "p", "g" } };
    static const struct tier_user sure[] = { { "p", "f" }, { "q", "g" } };
    static const struct tier_user thrifty[] = { { "r", "f" } };
    struct tier_rules all = rules();
    struct tier_choice found = tier_of_pool(&all, POOL, users, ARRAY_SIZE(users));

    ck_assert_str_eq(found.rule->id, "pool");
    found = tier_of_pool(&all, "another", users, ARRAY_SIZE(users));
    ck_assert_str_eq(found.rule->id, "both");
    ck_assert_double_eq_tol(found.service_level, 0.995, 1e-15);
    found = tier_of_pool(&all, "another", sure, ARRAY_SIZE(sure));
    ck_assert_str_eq(found.rule->id, "sure");
    found = tier_of_pool(&all, "another", thrifty, ARRAY_SIZE(thrifty));
    ck_assert_int_eq(found.tier, TIER_ON_DEMAND);
    found = tier_of_pool(&all, "another", NULL, 0);
    ck_assert_ptr_null(found.rule);
    ck_assert_int_eq(found.tier, TIER_PROBABILISTIC);
}
END_TEST

UNIT_MAIN("tier", levels_follow_from_tier_and_costs, names_lead_there_and_back,
          the_most_specific_rule_wins, a_pool_has_its_own_rule_or_the_strongest_of_its_users)
