/* SPDX-License-Identifier: Apache-2.0 */
/* Workers on a real database and a fake cloud; see rig.h. */
#include "tests/service/rig.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define WAIT_MS 60000

struct bootstrap_options rig_options;
const struct claim_options rig_claim_options = { .lifetime_s = 300, .adoption_timeout_s = 60 };
struct bootstrap rig_bootstrap;

static struct workers *workers;

static struct cloud_options cloud_options(const char *url)
{
    struct cloud_options options = { .connect_timeout_s = 2, .retries = 0, .token_cache_s = 60 };

    snprintf(options.auth_url, sizeof(options.auth_url), "%s/identity/v3", url);
    text_copy(options.auth_type, sizeof(options.auth_type), "password");
    text_copy(options.username, NAME_SIZE, "larder");
    text_copy(options.password, NAME_SIZE, "secret");
    text_copy(options.user_domain_name, NAME_SIZE, "Default");
    text_copy(options.project_name, NAME_SIZE, "larder");
    text_copy(options.project_domain_name, NAME_SIZE, "Default");
    text_copy(options.interface, sizeof(options.interface), "internal");
    for (int i = 0; i < SERVICES; i++)
        options.services[i].timeout_s = 2;
    return options;
}

void rig_open(void)
{
    struct cloud_options options = cloud_options(fake_cloud_start());

    rig_options = (struct bootstrap_options){ .workers = 4, .ceiling_project = 1000,
                                              .ceiling_all = 1000, .lease_s = 3, .attempts = 5,
                                              .review_s = 1, .reconcile_s = 1000 };
    rig_bootstrap = (struct bootstrap){ .options = &rig_options,
                                        .claim_options = &rig_claim_options,
                                        .key = &service_seal_key,
                                        .database = service_database };
    must(cloud_open(&options, &rig_bootstrap.cloud, &error));
}

void rig_close(void)
{
    cloud_close(rig_bootstrap.cloud);
    fake_cloud_stop();
}

void rig_start(void)
{
    must(workers_start(&rig_bootstrap, &workers, &error));
}

void rig_stop(void)
{
    ck_assert_int_eq(workers_stop(workers, 20000), 0);
    workers = NULL;
}

void rig_wait(const char *sql, int64_t number)
{
    const struct timespec moment = { .tv_nsec = 20 * 1000000 };
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS, now = service_number(sql);

    while (now != number && clock_monotonic_ms() < end_ms) {
        nanosleep(&moment, NULL);
        now = service_number(sql);
    }
    ck_assert_msg(now == number, "%s: %ld, not %ld", sql, (long)now, (long)number);
}

void rig_change(const char *pool_id, int64_t floor, int state)
{
    const struct pool_change change = { .floor = floor, .ceiling = -1, .target = -1,
                                        .state = state };

    must(pool_change(service_store, pool_id, &change, clock_now_ms(), &error));
}

void rig_pool(const struct ask *ask, int64_t floor, char ret_pool_id[static ID_SIZE])
{
    service_pool(ask, 0, ret_pool_id);
    rig_change(ret_pool_id, floor, -1);
}

void rig_stock(const struct ask *ask, int64_t count, char ret_pool_id[static ID_SIZE])
{
    rig_pool(ask, count, ret_pool_id);
    rig_start();
    rig_wait(READY, count);
    rig_wait(UNDER_WAY, 0);
    rig_stop();
}

struct item rig_item(enum item_state state)
{
    struct item item;
    size_t count = 0;

    must(item_list(service_store, NULL, 1u << state, "", 1, &item, &count, &error));
    ck_assert_msg(count == 1, "no item is %s", item_state_name(state));
    return item;
}
