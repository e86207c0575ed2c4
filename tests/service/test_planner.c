/* SPDX-License-Identifier: Apache-2.0 */
/* The planner on a real database: targets that follow forecasts, tiers, who leads. */
#include "role/planner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/forecast.h"
#include "store/query.h"
#include "store/tier.h"
#include "tests/service/claims.h"
#include "tests/unit/exponential.h"

#define MINUTE INT64_C(60000)
#define FLAVOR "m1.small"

static const struct plan_options reserve = {
    .tier = "probabilistic", .service_level = 0.99, .miss_cost = { 49, 49 }, .idle_cost = { 1, 1 },
    .review_s = 30, .idle_age_s = 1800, .forecast_age_s = 3600, .user_age_s = 86400, .lease_s = 3,
    .keep_days = 30,
};

static struct planning planning = { .owner = "one" };

/* ---- what is planned ---- */

static void forecast_row(const char *pool_id, int64_t length_s, double mean, int64_t made_ms)
{
    struct forecast made = { .subject = FORECAST_SERIES, .length_s = length_s, .from_ms = made_ms,
                             .made_ms = made_ms, .model_version = 7,
                             .distribution = exponential(mean) };
    int64_t series_id = 0;

    must(query_run(service_store, "INSERT IGNORE INTO series (kind, digest, began_ms, last_ms)"
                   " SELECT kind, key_digest, 0, 0 FROM pools WHERE id = ?",
                   VALUES(TEXT(pool_id)), NULL, &error));
    must(query_read_int(service_store, "SELECT s.id FROM series s JOIN pools p"
                        " ON p.key_digest = s.digest WHERE p.id = ?", VALUES(TEXT(pool_id)),
                        &series_id, &error));
    snprintf(made.subject_id, sizeof(made.subject_id), "%lld", (long long)series_id);
    must(forecasts_write(service_store, &made, 1, &error));
}

static void pass(int64_t now_ms)
{
    planning.options = reserve;
    must(planning_pass(&planning, service_store, now_ms, &error));
}

static void new_pool(int number, char ret_id[static ID_SIZE])
{
    struct ask ask;

    service_port_ask(number, &ask);
    service_pool(&ask, 0, ret_id);
    must(query_run(service_store, "UPDATE pools SET floor = 0, ceiling = 100 WHERE id = ?",
                   VALUES(TEXT(ret_id)), NULL, &error));
}

static int64_t target_of(const char *id)
{
    struct pool pool;

    must(pool_get(service_store, id, &pool, &error));
    return pool.target;
}

static struct decision last_decision(const char *pool_id)
{
    struct decision decision;
    size_t count = 0;

    must(decision_list(service_store, pool_id, 0, 1, &decision, &count, &error));
    ck_assert_uint_eq(count, 1);
    return decision;
}

START_TEST(targets_follow_forecasts)
{
    struct decision decision;
    char id[ID_SIZE], silent[ID_SIZE];

    new_pool(1, id);
    new_pool(2, silent);
    pass(NOW);
    ck_assert_int_eq(target_of(id), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM decisions"), 0);
    forecast_row(id, 300, 2, NOW);
    forecast_row(id, 3600, 20, NOW);
    pass(NOW);
    ck_assert_int_eq(target_of(id), 8); /* 2 ln 50 = 7.8 */
    ck_assert_int_eq(target_of(silent), 0);
    decision = last_decision(id);
    ck_assert_int_eq(decision.target, 8);
    ck_assert_int_eq(decision.previous, 0);
    ck_assert_int_eq(decision.tier, TIER_PROBABILISTIC);
    ck_assert_int_eq(decision.interval_ms, 300000);
    ck_assert_int_eq(decision.model_version, 7);
    ck_assert_double_eq_tol(decision.service_level, 0.98, 1e-12);
    ck_assert_double_eq_tol(decision.mean, 2, 1e-12);
    ck_assert_str_eq(decision.reason, "8 cover what comes in 5.0 min with probability 0.98 "
                     "(probabilistic), 2 are expected");
    pass(NOW + 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM decisions"), 1);
}
END_TEST

START_TEST(the_forecast_covers_the_protection_interval)
{
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 1, NOW);
    forecast_row(id, 600, 2, NOW);
    forecast_row(id, 3600, 10, NOW);
    must(query_run(service_store, "UPDATE pools SET lead_time_ms = 270000", NO_VALUES, NULL,
                   &error)); /* and 30 s of review: 300 s */
    pass(NOW);
    ck_assert_int_eq(target_of(id), 4); /* ln 50 = 3.9 */
    must(query_run(service_store, "UPDATE pools SET lead_time_ms = 270001", NO_VALUES, NULL,
                   &error));
    pass(NOW);
    ck_assert_int_eq(target_of(id), 8);
    must(query_run(service_store, "UPDATE pools SET lead_time_ms = 1, lead_time_high_ms = 570001",
                   NO_VALUES, NULL, &error));
    pass(NOW);
    ck_assert_int_eq(target_of(id), 40); /* the high one counts */
    must(query_run(service_store, "UPDATE pools SET lead_time_ms = 36000000", NO_VALUES, NULL,
                   &error));
    pass(NOW);
    ck_assert_int_eq(target_of(id), 40); /* the longest there is */
}
END_TEST

START_TEST(targets_fall_after_the_idle_age)
{
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 4, NOW);
    pass(NOW);
    forecast_row(id, 300, 1, NOW + MINUTE);
    pass(NOW + MINUTE);
    ck_assert_int_eq(target_of(id), 16);
    pass(NOW + 30 * MINUTE);
    ck_assert_int_eq(target_of(id), 16);
    pass(NOW + 31 * MINUTE);
    ck_assert_int_eq(target_of(id), 4);
    ck_assert_int_eq(last_decision(id).previous, 16);
    forecast_row(id, 300, 4, NOW + 32 * MINUTE);
    pass(NOW + 32 * MINUTE);
    ck_assert_int_eq(target_of(id), 16);
}
END_TEST

START_TEST(floors_and_ceilings_hold)
{
    const struct pool_change floor = { .floor = 20, .ceiling = -1, .target = -1, .state = -1 };
    const struct pool_change ceiling = { .floor = 0, .ceiling = 5, .target = -1, .state = -1 };
    struct pool pool;
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 2, NOW);
    must(pool_change(service_store, id, &floor, NOW, &error));
    pass(NOW);
    must(pool_get(service_store, id, &pool, &error));
    ck_assert_int_eq(pool.target, 8);
    ck_assert_int_eq(pool_goal(&pool), 20);
    must(pool_change(service_store, id, &ceiling, NOW, &error));
    pass(NOW + 1);
    must(pool_get(service_store, id, &pool, &error));
    ck_assert_int_eq(pool.target, 5);
    ck_assert_int_eq(pool_goal(&pool), 5);
    ck_assert_ptr_nonnull(strstr(last_decision(id).reason, "the ceiling allows 5"));
}
END_TEST

START_TEST(shared_limits_are_shared)
{
    char ids[2][ID_SIZE];

    new_pool(1, ids[0]);
    new_pool(2, ids[1]);
    forecast_row(ids[0], 300, 1, NOW);
    forecast_row(ids[1], 300, 9, NOW);
    planning.limits.items_in_all = 10;
    pass(NOW);
    ck_assert_int_eq(target_of(ids[0]), 1);
    ck_assert_int_eq(target_of(ids[1]), 9);
    ck_assert_ptr_nonnull(strstr(last_decision(ids[1]).reason, "shared limits leave 9"));
}
END_TEST

START_TEST(old_forecasts_change_nothing)
{
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 2, NOW);
    pass(NOW);
    forecast_row(id, 300, 20, NOW);
    pass(NOW + 61 * MINUTE);
    ck_assert_int_eq(target_of(id), 8);
}
END_TEST

START_TEST(more_pools_than_a_page)
{
    must(query_run(service_store, "INSERT INTO pools (id, kind, key_digest, key_json, begun_by,"
                   " state, floor, ceiling, created_ms, updated_ms)"
                   " SELECT UUID(), IF(seq % 2, 'port', 'volume'), SHA2(seq, 256),"
                   " '{\"size\": 3}', 'p', 'active', 0, 100, 0, 0 FROM seq_1_to_2500", NO_VALUES,
                   NULL, &error));
    must(query_run(service_store, "INSERT INTO series (kind, digest, began_ms, last_ms)"
                   " SELECT kind, key_digest, 0, 0 FROM pools", NO_VALUES, NULL, &error));
    must(query_run(service_store, "INSERT INTO forecasts SELECT 'series', id, 300, ?, ?, 1, 1, 1,"
                   " REPEAT(UNHEX('000000000000F03F'), 32) FROM series", VALUES(INT(NOW), INT(NOW)),
                   NULL, &error));
    pass(NOW);
    ck_assert_int_eq(planning.pools, 2500);
    ck_assert_int_eq(planning.changed, 2500);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools WHERE target = 1"), 2500);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM decisions"), 2500);
    planning.limits.gigabytes = 300;
    pass(NOW + 1);
    ck_assert_int_eq(service_number("SELECT SUM(target) FROM pools WHERE kind = 'volume'"), 100);
    ck_assert_int_eq(service_number("SELECT SUM(target) FROM pools WHERE kind = 'port'"), 1250);
}
END_TEST

/* ---- what the keeper does with a target ---- */

static int64_t trim(const char *id, int64_t now_ms)
{
    int64_t released = -1;

    must(pool_trim(service_store, id, 60000, now_ms, &released, &error));
    return released;
}

/* Of four ready ones two are a minute old; the target fell from 4 to 1 just now. */
START_TEST(the_keeper_spares_what_is_young_when_the_target_fell)
{
    const int64_t now_ms = 1000000;
    struct ask ask;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 4, id);
    must(query_run(service_store, "UPDATE items SET ready_ms = ? WHERE state = 'ready'",
                   VALUES(INT(now_ms - 1000)), NULL, &error));
    must(query_run(service_store, "UPDATE items SET ready_ms = ? WHERE state = 'ready' LIMIT 2",
                   VALUES(INT(now_ms - 60000)), NULL, &error));
    must(query_run(service_store, "UPDATE pools SET floor = 0, ceiling = 10, target = 1,"
                   " target_since_ms = ?", VALUES(INT(now_ms)), NULL, &error));
    ck_assert_int_eq(trim(id, now_ms), 2);
    ck_assert_int_eq(service_number("SELECT MIN(ready_ms) FROM items WHERE state = 'ready'"),
                     now_ms - 1000);
    ck_assert_int_eq(trim(id, now_ms + 58999), 0);
    ck_assert_int_eq(trim(id, now_ms + 59000), 1);
}
END_TEST

START_TEST(the_keeper_spares_nothing_from_ceilings_and_operators)
{
    const int64_t now_ms = 1000000;
    struct ask ask;
    char id[ID_SIZE];

    service_port_ask(1, &ask);
    service_pool(&ask, 6, id);
    must(query_run(service_store, "UPDATE items SET ready_ms = ? WHERE state = 'ready'",
                   VALUES(INT(now_ms)), NULL, &error));
    must(query_run(service_store, "UPDATE pools SET floor = 0, ceiling = 4, target = 2,"
                   " target_since_ms = ?", VALUES(INT(now_ms)), NULL, &error));
    ck_assert_int_eq(trim(id, now_ms), 2); /* down to the ceiling, no further */
    must(query_run(service_store, "UPDATE pools SET floor = 0, target_since_ms = ?",
                   VALUES(INT(now_ms - 60000)), NULL, &error));
    ck_assert_int_eq(trim(id, now_ms), 2); /* the target has stood for long: the floor fell */
}
END_TEST

/* ---- tiers ---- */

static void rule(const char *pool_id, const char *project_id, const char *flavor_id,
                 enum tier tier, double level)
{
    struct tier_rule made = { .tier = tier, .service_level = level };

    text_copy(made.pool_id, sizeof(made.pool_id), pool_id);
    text_copy(made.project_id, sizeof(made.project_id), project_id);
    text_copy(made.flavor_id, sizeof(made.flavor_id), flavor_id);
    must(tier_rule_set(service_store, &made, NOW, &error));
}

START_TEST(tiers_come_from_rules)
{
    struct claim_request request;
    struct ask ask;
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 10, NOW);
    service_port_ask(1, &ask);
    rule("", ask.project_id, "", TIER_GUARANTEED, 0);
    pass(NOW);
    ck_assert_int_eq(target_of(id), 47); /* 10 ln 100 = 46.05 */
    rule("", "", FLAVOR, TIER_GUARANTEED, 0.999);
    pass(NOW);
    ck_assert_int_eq(target_of(id), 47);
    request = request_for(1, &ask, 1);
    text_copy(request.flavor_id, NAME_SIZE, FLAVOR);
    make_claim(&request, NOW, true);
    pass(NOW + 1);
    ck_assert_int_eq(target_of(id), 70); /* 10 ln 1000 = 69.1 */
    rule(id, "", "", TIER_ON_DEMAND, 0);
    pass(NOW + 2);
    pass(NOW + 2 + 30 * MINUTE);
    ck_assert_int_eq(target_of(id), 0);
    ck_assert_str_eq(last_decision(id).reason, "the tier on-demand holds nothing ready; "
                     "no more were asked for in the last 30.0 min");
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools p JOIN tier_rules t"
                                    " ON t.id = p.tier_rule AND t.pool_id = p.id"
                                    " WHERE p.tier = 'on-demand'"), 1);
}
END_TEST

START_TEST(rules_are_one_a_scope)
{
    struct tier_rule first = { .project_id = "p", .tier = TIER_GUARANTEED, .service_level = 0.995 };
    struct tier_rule second = { .project_id = "p", .tier = TIER_ON_DEMAND, .service_level = 0.5 };
    struct tier_rule none = { .tier = TIER_ON_DEMAND };
    struct tier_rule both = { .pool_id = "x", .project_id = "p" };
    struct tier_rule stranger = { .pool_id = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9" };
    struct tier_rule rules[4];
    size_t count = 0;

    must(tier_rule_set(service_store, &first, NOW, &error));
    must(tier_rule_set(service_store, &second, NOW + 1, &error));
    ck_assert_str_eq(first.id, second.id);
    must(tier_rule_list(service_store, "", 4, rules, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(rules[0].tier, TIER_ON_DEMAND);
    ck_assert_double_eq_tol(rules[0].service_level, 0, 1e-15);
    must_fail(-EINVAL, tier_rule_set(service_store, &none, NOW, &error));
    must_fail(-EINVAL, tier_rule_set(service_store, &both, NOW, &error));
    must_fail(-ENOENT, tier_rule_set(service_store, &stranger, NOW, &error));
    must(tier_rule_unset(service_store, first.id, &error));
    must_fail(-ENOENT, tier_rule_unset(service_store, first.id, &error));
    must_fail(-ENOENT, tier_rule_get(service_store, first.id, &rules[0], &error));
}
END_TEST

START_TEST(users_of_a_pool_are_forgotten)
{
    char id[ID_SIZE];

    new_pool(1, id);
    must(query_run(service_store, "INSERT INTO pool_users VALUES (?, 'p', 'f', ?),"
                   " (?, 'q', 'f', ?)",
                   VALUES(TEXT(id), INT(NOW - 86400001), TEXT(id), INT(NOW - 1000)), NULL,
                   &error));
    pass(NOW);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pool_users"), 1);
}
END_TEST

/* ---- who leads ---- */

START_TEST(who_lost_the_lease_writes_nothing)
{
    char id[ID_SIZE];

    new_pool(1, id);
    forecast_row(id, 300, 2, NOW);
    ck_assert_int_eq(lease_take(service_store, PLANNER_LEASE, "two", 60000, NOW, NULL), 1);
    planning.options = reserve;
    must_fail(-ESTALE, planning_pass(&planning, service_store, NOW, &error));
    ck_assert_int_eq(target_of(id), 0);
    pass(NOW + 60000);
    ck_assert_int_eq(target_of(id), 8);
}
END_TEST

/* As the others, but looking each second. */
static struct plan_options eager(void)
{
    struct plan_options options = reserve;

    options.review_s = 1;
    return options;
}

static _Noreturn void plan_until_killed(void)
{
    struct plan_options eagerly = eager();
    struct store_options options = service_options();
    struct plan_limits limits = { 0 };
    struct database *database = NULL;
    struct planner *planner = NULL;

    must(database_open(&options, &database, &error));
    must(planner_start(&eagerly, &limits, database, NULL, NULL, &planner, &error));
    while (true)
        pause();
}

static int64_t wait_for_target(const char *id, int64_t target, int64_t most_ms)
{
    int64_t began_ms = clock_monotonic_ms();

    while (target_of(id) != target) {
        ck_assert_msg(clock_monotonic_ms() - began_ms < most_ms, "the target of %s stays %lld", id,
                      (long long)target_of(id));
        usleep(20000);
    }
    return clock_monotonic_ms() - began_ms;
}

static void check_takeover(int signal_of_end)
{
    struct plan_options eagerly = eager();
    struct store_options options = service_options();
    struct plan_limits limits = { 0 };
    struct planner *planner = NULL;
    struct database *database = NULL;
    char id[ID_SIZE];
    pid_t first = fork();

    if (first == 0)
        plan_until_killed();
    new_pool(1, id);
    forecast_row(id, 300, 2, clock_now_ms());
    wait_for_target(id, 8, 5000);
    must(database_open(&options, &database, &error));
    must(planner_start(&eagerly, &limits, database, NULL, NULL, &planner, &error));
    usleep(500000);
    ck_assert_int_eq(kill(first, signal_of_end), 0);
    forecast_row(id, 300, 4, clock_now_ms());
    ck_assert_int_le(wait_for_target(id, 16, 10000), 2 * 1000 * reserve.lease_s);
    ck_assert_int_eq(kill(first, SIGCONT), 0);
    forecast_row(id, 300, 8, clock_now_ms());
    planner_wake(planner);
    wait_for_target(id, 32, 5000);
    ck_assert_int_eq(planner_stop(planner, 5000), 0);
    database_close(database);
    kill(first, SIGKILL);
    waitpid(first, NULL, 0);
}

START_TEST(another_takes_over_from_a_dead_planner)
{
    check_takeover(SIGKILL);
}
END_TEST

START_TEST(another_takes_over_from_a_hung_planner)
{
    check_takeover(SIGSTOP);
}
END_TEST

SERVICE_MAIN("planner", targets_follow_forecasts, the_forecast_covers_the_protection_interval,
             targets_fall_after_the_idle_age, floors_and_ceilings_hold, shared_limits_are_shared,
             old_forecasts_change_nothing, more_pools_than_a_page,
             the_keeper_spares_what_is_young_when_the_target_fell,
             the_keeper_spares_nothing_from_ceilings_and_operators, tiers_come_from_rules,
             rules_are_one_a_scope, users_of_a_pool_are_forgotten,
             who_lost_the_lease_writes_nothing, another_takes_over_from_a_dead_planner,
             another_takes_over_from_a_hung_planner)
