/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long one pass of the planner takes: over 10 000 pools with series and forecasts, on the
 * database LARDER_TEST_DATABASE.  Prints JSON: the first pass, in which all targets change, passes
 * after all forecasts changed by a slot's noise, and passes after nothing changed.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "role/planner.h"
#include "store/forecast.h"
#include "store/query.h"
#include "tests/unit/exponential.h"

#define POOLS 10000
#define PASSES 9

static const struct plan_options reserve = {
    .tier = "probabilistic", .service_level = 0.99, .miss_cost = { 49, 49 }, .idle_cost = { 1, 1 },
    .review_s = 30, .idle_age_s = 1800, .forecast_age_s = 3600, .user_age_s = 86400, .lease_s = 60,
    .keep_days = 30,
};

static struct store *store;

#define must(call)                                                                                 \
    do {                                                                                           \
        struct error error = { 0 };                                                                \
                                                                                                   \
        if ((call) < 0) {                                                                          \
            fprintf(stderr, "%s: %s\n", #call, error.message);                                     \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

/* ---- what is planned ---- */

static const char *const filling[] = {
    "INSERT INTO pools (id, kind, key_digest, key_json, project_id, begun_by, state, floor,"
    " ceiling, lead_time_ms, created_ms, updated_ms)"
    " SELECT UUID(), IF(seq % 2, 'port', 'volume'), SHA2(seq, 256),"
    " CONCAT('{\"image_id\":\"', UUID(), '\",\"size\":', 1 + seq % 100, '}'),"
    " IF(seq % 2, MD5(seq % 500), ''), MD5(seq % 500), 'active', 0, 100, 5000 + seq % 60000, 0, 0"
    " FROM seq_1_to_10000",
    "INSERT INTO series (kind, digest, began_ms, last_ms) SELECT kind, key_digest, 0, 0 FROM pools",
    "INSERT INTO pool_users SELECT p.id, MD5(s.seq), CONCAT('flavor', (s.seq + p.ceiling) % 20),"
    " UNIX_TIMESTAMP() * 1000 FROM pools p JOIN seq_1_to_3 s",
    "INSERT INTO tier_rules SELECT UUID(), '', MD5(seq % 500), CONCAT('flavor', seq % 20),"
    " ELT(1 + seq % 3, 'guaranteed', 'probabilistic', 'on-demand'), 0, 0 FROM seq_1_to_100",
};

static void fill(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(filling); i++)
        must(query_run(store, filling[i], NO_VALUES, NULL, &error));
}

/* A slot later every series has three new forecasts; means from 0.1 to 20, most of them small. */
static void forecast_all(int round)
{
    static const int64_t lengths[] = { 300, 600, 3600 };
    autofree struct forecast *rows = calloc(3 * 1000, sizeof(*rows));
    int64_t now_ms = clock_now_ms(), first = 0;

    must(query_read_int(store, "SELECT MIN(id) FROM series", NO_VALUES, &first, &error));
    for (int64_t i = 0; i < POOLS; i++) {
        double mean = 0.1 * pow(200, (double)(i * 7919 % POOLS) / POOLS)
                      * (1 + 0.1 * sin((double)(i + 13 * round)));

        for (int k = 0; k < 3; k++) {
            struct forecast *row = &rows[i % 1000 * 3 + k];

            *row = (struct forecast){ .length_s = lengths[k], .from_ms = now_ms, .made_ms = now_ms,
                                      .model_version = 1 };
            row->distribution = exponential(mean * (double)lengths[k] / 300);
            snprintf(row->subject_id, sizeof(row->subject_id), "%lld", (long long)(first + i));
        }
        if (i % 1000 == 999)
            must(forecasts_write(store, rows, 3000, &error));
    }
}

/* ---- passes ---- */

static struct planning planning = { .options = reserve, .owner = "bench",
                                    .limits = { 200000, 2000, 10000000 } };

static double now_s(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pass(void)
{
    double began_s = now_s(CLOCK_MONOTONIC), cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID);

    must(planning_pass(&planning, store, clock_now_ms(), &error));
    printf("{\"seconds\": %.4f, \"cpu\": %.4f, \"changed\": %lld}",
           now_s(CLOCK_MONOTONIC) - began_s, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s,
           (long long)planning.changed);
}

static void passes(const char *name, bool with_new_forecasts)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < PASSES; i++) {
        if (with_new_forecasts)
            forecast_all(i + 1);
        printf("%s", i ? ", " : "");
        pass();
    }
    printf("]");
}

int main(void)
{
    struct store_options options = { .max_connections = 2, .connect_timeout_s = 5,
                                     .query_timeout_s = 60, .borrow_timeout_ms = 10000 };
    struct database *database = NULL;

    text_copy(options.connection, sizeof(options.connection), getenv("LARDER_TEST_DATABASE"));
    must(database_open(&options, &database, &error));
    must(store_borrow(database, &store, &error));
    must(schema_sync(store, &error));
    fill();
    forecast_all(0);
    printf("{\"pools\": %d, \"first\": [", POOLS);
    pass();
    printf("]");
    passes("slot", true);
    passes("idle", false);
    printf("}\n");
    store_return(store);
    database_close(database);
    return EXIT_SUCCESS;
}
