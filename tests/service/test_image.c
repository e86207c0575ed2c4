/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images in the hosts' caches: rows from what Nova says in any order, and the keeper against a
 * fake Nova with the aggregates 1 (hosts one, two) and 2 (host three).
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bootstrap/image.h"
#include "store/image_host.h"
#include "store/image_pool.h"
#include "store/query.h"
#include "tests/service/rig.h"

#define IMAGE "a4579584-5a20-47e7-b506-a1a73a519ea3"
#define OTHER "b4579584-5a20-47e7-b506-a1a73a519ea3"
#define NOW 1000000000
#define MINUTE 60000

#define execute(sql, ...)                                                                          \
    must(query_run(service_store, sql, VALUES(__VA_ARGS__), NULL, &error))

/* ---- rows ---- */

static void put_hosts(void)
{
    const struct compute_host hosts[] = { { "one", 1 }, { "two", 1 }, { "three", 0 } };
    const struct aggregate_host members[] = { { 1, "one", "a" }, { 1, "two", "a" },
                                              { 2, "three", "b" } };

    must(compute_hosts_put(service_store, hosts, 3, NOW, &error));
    must(aggregate_hosts_put(service_store, members, 3, NOW, &error));
}

static void answer(const char *image, const char *host, bool cached, int64_t at_ms)
{
    struct image_answer answer = { .cached = cached, .at_ms = at_ms };

    text_copy(answer.image_id, ID_SIZE, image);
    text_copy(answer.host, NAME_SIZE, host);
    must(image_hosts_answered(service_store, &answer, 1, &error));
}

static struct image_host row_of(const char *image, const char *host)
{
    const struct image_host_filter filter = { .image_id = image, .host = host, .state = -1 };
    struct image_host row;
    size_t count = 0;

    must(image_host_list(service_store, &filter, 1, &row, &count, &error));
    return count ? row : (struct image_host){ .state = -1 };
}

static void check_state(const char *image, const char *host, int state)
{
    struct image_host row = row_of(image, host);

    ck_assert_msg((int)row.state == state, "%s on %s is %s: %s", image, host,
                  image_state_name(row.state), row.reason);
}

static struct image_standing standing_at(int64_t now_ms)
{
    const struct image_key key = { .image_id = IMAGE, .aggregate_id = 1 };
    const struct image_patience patience = { .refresh_ms = 60 * MINUTE, .retry_ms = MINUTE };
    struct image_standing standing;

    must(image_pool_standing(service_store, &key, &patience, now_ms, &standing, &error));
    return standing;
}

START_TEST(what_was_asked_becomes_warm)
{
    struct warm_host warm[4];
    size_t count = 0;

    put_hosts();
    must(image_hosts_want(service_store, IMAGE, 1, NOW, &error));
    check_state(IMAGE, "one", IMAGE_WANTED);
    ck_assert_int_eq(standing_at(NOW).due, 2);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    check_state(IMAGE, "one", IMAGE_CACHING);
    ck_assert_int_eq(standing_at(NOW).due, 0);
    ck_assert_int_eq(standing_at(NOW).asked, 2);
    answer(IMAGE, "one", true, NOW + 500);
    answer(IMAGE, "one", true, NOW + 500); /* said twice */
    answer(IMAGE, "two", true, NOW + 900);
    ck_assert_int_eq(standing_at(NOW).took_ms, 900);
    ck_assert_int_eq(standing_at(NOW).asked, 0);
    must(image_host_warm(service_store, IMAGE, 4, warm, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(warm[0].name, "two");
    must(image_host_warm(service_store, IMAGE, 1, warm, &count, &error));
    ck_assert_uint_eq(count, 1);
    must(image_host_warm(service_store, OTHER, 4, warm, &count, &error));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(what_is_warm_stays_so_while_it_is_refreshed)
{
    put_hosts();
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    answer(IMAGE, "one", true, NOW);
    answer(IMAGE, "two", true, NOW);
    ck_assert_int_eq(standing_at(NOW + 60 * MINUTE - 1).due, 0);
    ck_assert_int_eq(standing_at(NOW + 60 * MINUTE).due, 2);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW + 60 * MINUTE, &error));
    check_state(IMAGE, "one", IMAGE_WARM);
    ck_assert_int_eq(standing_at(NOW + 60 * MINUTE).asked, 2);
    answer(IMAGE, "one", true, NOW + 61 * MINUTE);
    answer(IMAGE, "one", true, NOW + 1); /* an older word, late */
    ck_assert_int_eq(row_of(IMAGE, "one").warmed_ms, NOW + 61 * MINUTE);
}
END_TEST

START_TEST(failures_are_tried_again_less_and_less)
{
    put_hosts();
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    answer(IMAGE, "one", false, NOW);
    answer(IMAGE, "one", false, NOW); /* said twice, counted once */
    answer(IMAGE, "two", true, NOW);
    check_state(IMAGE, "one", IMAGE_FAILED);
    ck_assert_int_eq(row_of(IMAGE, "one").failures, 1);
    ck_assert_int_eq(standing_at(NOW + MINUTE - 1).due, 0);
    ck_assert_int_eq(standing_at(NOW + MINUTE).due, 1);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW + MINUTE, &error));
    answer(IMAGE, "one", false, NOW + MINUTE);
    answer(IMAGE, "two", true, NOW + MINUTE);
    ck_assert_int_eq(standing_at(NOW + 3 * MINUTE - 1).due, 0);
    ck_assert_int_eq(standing_at(NOW + 3 * MINUTE).due, 1);
    answer(IMAGE, "one", true, NOW + 4 * MINUTE); /* someone else had it cached */
    check_state(IMAGE, "one", IMAGE_WARM);
    ck_assert_int_eq(row_of(IMAGE, "one").failures, 0);
}
END_TEST

static void refuse(const char *image, const char *host, int64_t at_ms)
{
    must(image_hosts_ask(service_store, image, 1, 7, at_ms, &error));
    answer(image, host, false, at_ms);
}

START_TEST(a_host_that_never_can_is_learned)
{
    put_hosts();
    refuse(IMAGE, "one", NOW);
    refuse(IMAGE, "one", NOW + 1);
    must(image_hosts_learn(service_store, 60 * MINUTE, NOW + 2, &error));
    check_state(IMAGE, "one", IMAGE_FAILED); /* it may be the image */
    answer(IMAGE, "two", true, NOW + 2);
    must(image_hosts_learn(service_store, 60 * MINUTE, NOW + 3, &error));
    check_state(IMAGE, "one", IMAGE_UNABLE);
    check_state(IMAGE, "two", IMAGE_WARM);
    ck_assert_int_eq(standing_at(NOW + 300 * MINUTE).able, 1);
    must(image_hosts_want(service_store, OTHER, 1, NOW + 3, &error));
    check_state(OTHER, "one", IMAGE_UNABLE);
    must(image_hosts_learn(service_store, 60 * MINUTE, NOW + 61 * MINUTE, &error));
    ck_assert_int_eq((int)row_of(IMAGE, "one").state, -1); /* it is tried again */
    ck_assert_int_eq(standing_at(NOW + 61 * MINUTE).able, 2);
}
END_TEST

START_TEST(two_images_tell_of_a_host_too)
{
    put_hosts();
    refuse(IMAGE, "one", NOW);
    refuse(OTHER, "one", NOW + 1);
    must(image_hosts_learn(service_store, 60 * MINUTE, NOW + 2, &error));
    check_state(IMAGE, "one", IMAGE_UNABLE);
}
END_TEST

START_TEST(a_host_that_was_down_is_not_unable)
{
    const struct compute_host hosts[] = { { "one", 0 }, { "two", 1 } };

    put_hosts();
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    must(image_hosts_ask(service_store, OTHER, 1, 7, NOW, &error));
    must(compute_hosts_put(service_store, hosts, 2, NOW + 1, &error));
    answer(IMAGE, "one", false, NOW + 2);
    answer(OTHER, "one", false, NOW + 2);
    must(image_hosts_learn(service_store, 60 * MINUTE, NOW + 3, &error));
    check_state(IMAGE, "one", IMAGE_FAILED);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW + 4, &error));
    check_state(IMAGE, "one", IMAGE_FAILED); /* it is down: not asked */
}
END_TEST

START_TEST(silence_has_an_end)
{
    const struct image_ages ages = { .patience_ms = 10 * MINUTE, .unused_ms = 1000 * MINUTE,
                                     .forget_ms = 2000 * MINUTE };

    put_hosts();
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    answer(IMAGE, "one", true, NOW + 5);
    must(image_hosts_ended(service_store, 2, NOW + 6, &error)); /* another aggregate */
    check_state(IMAGE, "two", IMAGE_CACHING);
    must(image_hosts_ended(service_store, 1, NOW + 6, &error));
    check_state(IMAGE, "two", IMAGE_FAILED);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW + 7, &error));
    must(image_hosts_ended(service_store, 1, NOW + 7, &error)); /* of what was before */
    check_state(IMAGE, "two", IMAGE_CACHING);
    must(image_hosts_age(service_store, &ages, NOW + 11 * MINUTE, &error));
    check_state(IMAGE, "two", IMAGE_FAILED);
    check_state(IMAGE, "one", IMAGE_WARM);
    must(image_hosts_age(service_store, &ages, NOW + 1001 * MINUTE, &error));
    ck_assert_int_eq((int)row_of(IMAGE, "one").state, -1); /* evicted */
    must(image_hosts_age(service_store, &ages, NOW + 3000 * MINUTE, &error));
    ck_assert_int_eq((int)row_of(IMAGE, "two").state, -1); /* forgotten */
}
END_TEST

static void boot(const char *id, const char *image, const char *host, const char *outcome,
                 int64_t at_ms)
{
    execute("INSERT INTO boots (instance_id, image_id, host, outcome, asked_ms, finished_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)", TEXT(id), TEXT(image), TEXT(host), TEXT(outcome),
            INT(at_ms), INT(at_ms + 9));
}

START_TEST(a_boot_makes_its_host_warm)
{
    put_hosts();
    boot("i1", IMAGE, "one", "active", NOW);
    boot("i2", IMAGE, "two", "failed", NOW);
    boot("i3", "", "one", "active", NOW); /* from a volume */
    must(image_hosts_note_used(service_store, NOW - 1, &error));
    must(image_hosts_note_used(service_store, NOW - 1, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM image_hosts"), 1);
    check_state(IMAGE, "one", IMAGE_WARM);
    ck_assert_int_eq(row_of(IMAGE, "one").used_ms, NOW + 9);
    ck_assert_int_eq(standing_at(NOW).used, 1);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW + 10, &error));
    answer(IMAGE, "one", false, NOW + 11);
    must(image_hosts_note_used(service_store, NOW - 1, &error)); /* nothing new */
    check_state(IMAGE, "one", IMAGE_FAILED);
}
END_TEST

START_TEST(rows_are_listed_in_pages)
{
    struct image_host_filter filter = { .state = -1 };
    struct image_host rows[2];
    size_t count = 0, all = 0;

    put_hosts();
    must(image_hosts_want(service_store, IMAGE, 1, NOW, &error));
    must(image_hosts_want(service_store, OTHER, 1, NOW, &error));
    do {
        must(image_host_list(service_store, &filter, 2, rows, &count, &error));
        all += count;
        if (count)
            filter.after = rows[count - 1].id;
    } while (count == 2);
    ck_assert_uint_eq(all, 4);
    filter = (struct image_host_filter){ .image_id = OTHER, .state = IMAGE_WARM };
    must(image_host_list(service_store, &filter, 2, rows, &count, &error));
    ck_assert_uint_eq(count, 0);
    must(image_hosts_unwant(service_store, IMAGE, 1, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM image_hosts"), 2);
}
END_TEST

/* ---- pools ---- */

static void begin_pool(int64_t aggregate_id, int64_t floor, char ret_id[static ID_SIZE])
{
    const struct image_key key = { .image_id = IMAGE, .aggregate_id = aggregate_id };

    must(image_pool_begin(service_store, &key, floor, clock_now_ms(), ret_id, &error));
}

START_TEST(a_pool_counts_hosts_and_is_never_stocked)
{
    const struct stock_limits limits = { 100, 100 };
    char id[ID_SIZE], again[ID_SIZE];
    struct pool pool;
    int64_t made = 0;

    put_hosts();
    begin_pool(1, 2, id);
    begin_pool(1, 5, again);
    ck_assert_str_eq(id, again);
    must(image_hosts_ask(service_store, IMAGE, 1, 7, NOW, &error));
    answer(IMAGE, "one", true, NOW + 1);
    must(pool_get(service_store, id, &pool, &error));
    ck_assert_int_eq(pool.key.kind, KIND_IMAGE);
    ck_assert_int_eq(pool.key.image.aggregate_id, 1);
    ck_assert_int_eq(pool.floor, 2);
    ck_assert_int_eq(pool.ready, 1);
    ck_assert_int_eq(pool.creating, 1);
    must(pool_stock(service_store, id, &limits, NOW, &made, &error));
    ck_assert_int_eq(made, 0);
    rig_change(id, -1, POOL_DRAINING);
    must(pool_trim(service_store, id, 0, NOW, &made, &error));
    ck_assert_int_eq(made, 0);
    must_fail(-ENOENT, image_pool_check_aggregate(service_store, 5, &error));
    must(image_pool_check_aggregate(service_store, 2, &error));
}
END_TEST

/* ---- the keeper ---- */

static struct image_options options;
static struct image_keeper *keeper;

#define IN_STATE(state) "SELECT COUNT(*) FROM image_hosts WHERE state = '" state "'"

static void begin(void)
{
    rig_open();
    options = (struct image_options){
        .enabled = true,
        .rules = { .least_boots = 1, .disk_gb = 10, .requests = 1 },
        .glance_cache = true, .review_s = 1, .survey_s = 1, .patience_s = 100, .retry_s = 1,
        .refresh_s = 3600, .unused_age_s = 86400, .unable_s = 3600,
    };
}

static void start_keeper(void)
{
    must(image_keeper_start(&options, service_database, rig_bootstrap.cloud, &keeper, &error));
}

static void stop_keeper(void)
{
    ck_assert_int_eq(image_keeper_stop(keeper, 20000), 0);
    keeper = NULL;
}

static void end(void)
{
    stop_keeper();
    rig_close();
}

static void forecast(const char *image, double mean)
{
    execute("INSERT INTO series (kind, digest, image_id, began_ms, last_ms)"
            " VALUES ('image', ?, ?, 1, 1)", TEXT(image), TEXT(image));
    execute("INSERT INTO forecasts (subject, subject_id, length_s, from_ms, made_ms,"
            " model_version, mean, variance, quantiles) SELECT 'series', id, 3600, 1, ?, 1, ?, 1,"
            " '' FROM series WHERE image_id = ?", INT(clock_now_ms()), FLOAT(mean), TEXT(image));
}

static void wait_cached(const char *expected)
{
    const struct timespec moment = { .tv_nsec = 20 * 1000000 };
    int64_t end_ms = clock_monotonic_ms() + 20000;
    const char *seen = fake_cloud_say("cached");

    while (strcmp(seen, expected) && clock_monotonic_ms() < end_ms) {
        nanosleep(&moment, NULL);
        seen = fake_cloud_say("cached");
    }
    ck_assert_str_eq(seen, expected);
}

START_TEST(a_floor_has_it_cached_on_one_aggregate_after_the_other)
{
    char one[ID_SIZE], two[ID_SIZE];
    struct pool pool;

    begin();
    begin_pool(1, 1, one);
    begin_pool(2, 1, two);
    start_keeper();
    rig_wait(IN_STATE("caching") " OR state = 'wanted'", 3);
    rig_wait("SELECT COUNT(DISTINCT asked_ms) FROM image_hosts WHERE asked_ms > 0", 1);
    ck_assert_uint_eq(strlen(fake_cloud_say("cached")), strlen("1:" IMAGE));
    answer(IMAGE, "one", true, clock_now_ms());
    answer(IMAGE, "two", true, clock_now_ms());
    answer(IMAGE, "three", true, clock_now_ms());
    rig_wait(IN_STATE("warm"), 3);
    rig_wait("SELECT target FROM pools ORDER BY target DESC LIMIT 1", 2);
    must(pool_get(service_store, one, &pool, &error));
    ck_assert_int_eq(pool.ready, 2);
    end();
}
END_TEST

START_TEST(what_is_forecast_is_cached_where_it_was_used)
{
    begin();
    start_keeper();
    rig_wait("SELECT COUNT(*) FROM aggregate_hosts", 3);
    forecast(IMAGE, 5);
    forecast(OTHER, 0.4); /* too little */
    boot("i", IMAGE, "one", "active", clock_now_ms());
    wait_cached("1:" IMAGE);
    ck_assert_str_eq(fake_cloud_say("glance-cached"), "1");
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM pools"), 1);
    check_state(IMAGE, "one", IMAGE_WARM);
    check_state(IMAGE, "two", IMAGE_CACHING);
    end();
}
END_TEST

START_TEST(what_must_not_be_cached_is_not)
{
    static const char *const faults[] = { "set image deactivated", "set image_size 99999999999",
                                          "fault 404 1000 GET /image/v2/images" };
    static const char *const healed[] = { "set image active", "set image_size 1", "heal" };

    for (size_t i = 0; i < 3; i++) {
        char id[ID_SIZE];

        begin();
        begin_pool(1, 1, id);
        fake_cloud_say("%s", faults[i]);
        start_keeper();
        rig_wait("SELECT COUNT(*) FROM pools WHERE last_error <> ''", 1);
        ck_assert_str_eq(fake_cloud_say("cached"), "-");
        fake_cloud_say("%s", healed[i]);
        execute("UPDATE pools SET not_before_ms = 0 WHERE ?", INT(1));
        wait_cached("1:" IMAGE);
        rig_wait("SELECT COUNT(*) FROM pools WHERE last_error = ''", 1);
        end();
        execute("DELETE FROM pools WHERE ?", INT(1));
        execute("DELETE FROM image_hosts WHERE ?", INT(1));
        execute("DELETE FROM leases WHERE ?", INT(1));
    }
}
END_TEST

START_TEST(nova_may_refuse)
{
    char id[ID_SIZE];

    begin();
    begin_pool(1, 1, id);
    fake_cloud_say("fault 400 1 POST /compute");
    fake_cloud_say("fault 404 1 PUT /image/v2/cache");
    start_keeper();
    rig_wait("SELECT COUNT(*) FROM pools WHERE last_error <> '' AND not_before_ms > 0", 1);
    rig_wait("SELECT COUNT(*) FROM image_hosts WHERE asked_ms > 0", 0);
    execute("UPDATE pools SET not_before_ms = 0 WHERE ?", INT(1));
    wait_cached("1:" IMAGE);
    end();
}
END_TEST

START_TEST(an_image_is_asked_for_again_before_it_is_evicted)
{
    char id[ID_SIZE];

    begin();
    options.refresh_s = 2;
    options.unused_age_s = 4;
    begin_pool(2, 1, id);
    start_keeper();
    wait_cached("2:" IMAGE);
    answer(IMAGE, "three", true, clock_now_ms());
    wait_cached("2:" IMAGE " 2:" IMAGE);
    check_state(IMAGE, "three", IMAGE_WARM);
    end();
}
END_TEST

START_TEST(one_keeper_leads_and_another_takes_over)
{
    struct image_keeper *second = NULL;
    char id[ID_SIZE];

    begin();
    start_keeper();
    rig_wait("SELECT COUNT(*) FROM leases WHERE name = 'image'", 1);
    must(image_keeper_start(&options, service_database, rig_bootstrap.cloud, &second, &error));
    begin_pool(1, 1, id);
    wait_cached("1:" IMAGE);
    stop_keeper();
    answer(IMAGE, "one", true, clock_now_ms());
    answer(IMAGE, "two", true, clock_now_ms());
    begin_pool(2, 1, id);
    wait_cached("1:" IMAGE " 2:" IMAGE);
    keeper = second;
    end();
}
END_TEST

START_TEST(an_aggregate_that_is_gone_takes_its_pool_along)
{
    char id[ID_SIZE];

    begin();
    begin_pool(2, 1, id);
    fake_cloud_say("drop-aggregate 2");
    start_keeper();
    rig_wait("SELECT COUNT(*) FROM compute_hosts", 2);
    rig_wait("SELECT COUNT(*) FROM image_hosts", 0);
    ck_assert_str_eq(fake_cloud_say("cached"), "-");
    end();
}
END_TEST

SERVICE_MAIN("image", what_was_asked_becomes_warm, what_is_warm_stays_so_while_it_is_refreshed,
             failures_are_tried_again_less_and_less, a_host_that_never_can_is_learned,
             two_images_tell_of_a_host_too, a_host_that_was_down_is_not_unable,
             silence_has_an_end, a_boot_makes_its_host_warm, rows_are_listed_in_pages,
             a_pool_counts_hosts_and_is_never_stocked,
             a_floor_has_it_cached_on_one_aggregate_after_the_other,
             what_is_forecast_is_cached_where_it_was_used, what_must_not_be_cached_is_not,
             nova_may_refuse, an_image_is_asked_for_again_before_it_is_evicted,
             one_keeper_leads_and_another_takes_over,
             an_aggregate_that_is_gone_takes_its_pool_along)
