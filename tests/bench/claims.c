/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks as clients of the API, and bare clients of the same database beside them; for
 * tests/bench/run claims|memory, which starts the servers.
 *
 *   claims fill POOLS ITEMS               pools of ports with so many ready items each
 *   claims api PAIRS CLIENTS POOLS RATE   claims and adopts from the pools by turns, RATE a second
 *                                         (0: as fast as it goes)
 *   claims bare PAIRS CLIENTS             two compare-and-swap transactions a pair, each durable
 *
 * Prints JSON.  The database is LARDER_TEST_DATABASE, the API LARDER_BENCH_API, where the hooks'
 * token is LARDER_BENCH_TOKEN.
 */
#include <curl/curl.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/pool.h"
#include "store/query.h"

#define CLIENTS_MOST 64
#define BODY_SIZE 1024
#define ANSWER_MOST 16384

static struct database *database;

#define must(call)                                                                                 \
    do {                                                                                           \
        struct error error = { 0 };                                                                \
                                                                                                   \
        if ((call) < 0)                                                                            \
            errx(1, "%s: %s", #call, error.message);                                               \
    } while (0)

static const char *needed(const char *name)
{
    const char *value = getenv(name);

    if (!value)
        errx(2, "%s is not set; use tests/bench/run claims", name);
    return value;
}

static int64_t number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* ---- the boots ---- */

/* What boots from pool 'pool' ask for. */
static void ask_of(int64_t pool, struct ask *ret_ask)
{
    unsigned int id = (unsigned int)pool % 1000000;

    *ret_ask = (struct ask){ .kind = KIND_PORT, .group_count = 1 };
    snprintf(ret_ask->project_id, ID_SIZE, "%032x", 0xa0000 + id / 10);
    snprintf(ret_ask->network_id, ID_SIZE, "bbbbbbbb-0000-4000-8000-%012u", id);
    snprintf(ret_ask->groups[0], ID_SIZE, "cccccccc-0000-4000-8000-%012u", id);
}

static void fill(int64_t pools, int64_t items)
{
    static const char insert[] =
        "INSERT INTO items (id, pool_id, kind, state, reason, holder_id, resource_id, fingerprint,"
        " created_ms, changed_ms, ready_ms)"
        " SELECT UUID(), ?, 'port', 'ready', 'made', MD5(1), UUID(), SHA2(seq, 256), 0, 0, seq"
        " FROM seq_1_to_1000000 WHERE seq <= ?";
    const struct pool_defaults defaults = { .ceiling = 1000000, .pools_per_project = 1000000 };
    auto_store *store = NULL;

    must(store_borrow(database, &store, &error));
    for (int64_t i = 0; i < pools; i++) {
        struct ask ask;
        struct key key;
        char pool[ID_SIZE];

        ask_of(i, &ask);
        key_of_port_ask(&ask, ask.group_count, ask.groups, &key);
        must(pool_learn(store, &ask, &key, &defaults, clock_now_ms(), pool, &error));
        must(query_run(store, insert, VALUES(TEXT(pool), INT(items)), NULL, &error));
    }
    printf("{\"pools\": %lld}\n", (long long)pools);
}

/* ---- clients ---- */

struct client {
    pthread_t thread;
    CURL *curl;
    struct store *store;
    char answer[ANSWER_MOST];
    size_t answer_length;
};

static struct {
    int64_t pairs, clients, pools;
    double rate;
    int64_t began_us;
    atomic_llong next, missed;
    float *claim_ms, *adoption_ms; /* of each pair */
    char claims_url[256], adoptions_url[256];
    struct curl_slist *headers;
    void (*pair)(struct client *client, int64_t pair);
} run;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t keep_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct client *client = context;

    if (client->answer_length + size * count >= ANSWER_MOST)
        return 0;
    memcpy(client->answer + client->answer_length, bytes, size * count);
    client->answer_length += size * count;
    client->answer[client->answer_length] = '\0';
    return size * count;
}

/* The status of the answer: 2xx, or 409 when there is no item. */
static long post(struct client *client, const char *url, const char *body)
{
    long status = 0;
    CURLcode code;

    client->answer_length = 0;
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
    code = curl_easy_perform(client->curl);
    if (code)
        errx(1, "%s: %s", url, curl_easy_strerror(code));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 300 && status != 409)
        errx(1, "%s: %ld %s", url, status, client->answer);
    return status;
}

/* When a pair is due; at full speed, now. */
static int64_t due_us(int64_t pair)
{
    int64_t now = now_us(), due = run.began_us + (int64_t)((double)pair / run.rate * 1e6);
    struct timespec pause;

    if (run.rate <= 0)
        return now;
    if (due > now) {
        pause = (struct timespec){ (due - now) / 1000000, (due - now) % 1000000 * 1000 };
        nanosleep(&pause, NULL);
    }
    return due;
}

static const char claim_format[] =
    "{\"claim\":{\"request_id\":\"req-%s\",\"project_id\":\"%s\",\"image_id\":null,"
    "\"flavor_id\":\"small\",\"availability_zone\":null,\"servers\":1,\"volumes\":[],"
    "\"ports\":[{\"count\":1,\"network_id\":\"%s\",\"security_groups\":[\"%s\"]}]}}";
static const char adoption_format[] =
    "{\"adoption\":{\"request_id\":\"req-%s\",\"project_id\":\"%s\",\"kind\":\"port\","
    "\"instance_id\":\"%s\","
    "\"port\":{\"network_id\":\"%s\",\"security_groups\":[\"%s\"]}}}";

static void claim_and_adopt(struct client *client, int64_t pair)
{
    char request[ID_SIZE], instance[ID_SIZE], body[BODY_SIZE];
    int64_t due = due_us(pair), between;
    struct ask ask;

    ask_of(pair % run.pools, &ask);
    text_make_uuid(request);
    text_make_uuid(instance);
    snprintf(body, sizeof(body), claim_format, request, ask.project_id, ask.network_id,
             ask.groups[0]);
    post(client, run.claims_url, body);
    between = now_us();
    snprintf(body, sizeof(body), adoption_format, request, ask.project_id, instance,
             ask.network_id, ask.groups[0]);
    if (post(client, run.adoptions_url, body) != 201)
        atomic_fetch_add(&run.missed, 1);
    run.claim_ms[pair] = (float)(between - due) / 1000;
    run.adoption_ms[pair] = (float)(now_us() - between) / 1000;
}

static void swap(struct client *client, int64_t row)
{
    int64_t changed = 0;

    must(query_run(client->store,
                   "UPDATE bare SET holder = holder + 1 WHERE id = ? AND holder = 0",
                   VALUES(INT(row)), &changed, &error));
    if (changed != 1)
        errx(1, "row %lld was not there", (long long)row);
}

static void swap_twice(struct client *client, int64_t pair)
{
    int64_t began = now_us(), between;

    swap(client, 1 + 2 * pair);
    between = now_us();
    swap(client, 2 + 2 * pair);
    run.claim_ms[pair] = (float)(between - began) / 1000;
    run.adoption_ms[pair] = (float)(now_us() - between) / 1000;
}

static void *serve(void *context)
{
    struct client *client = context;
    int64_t pair;

    while ((pair = atomic_fetch_add(&run.next, 1)) < run.pairs)
        run.pair(client, pair);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;

    return (left > right) - (left < right);
}

static void print_times(const char *name, float *ms)
{
    qsort(ms, (size_t)run.pairs, sizeof(*ms), compare);
    printf(", \"%s_ms_p50\": %.3f, \"%s_ms_p99\": %.3f", name, ms[run.pairs / 2], name,
           ms[run.pairs * 99 / 100]);
}

static void go(struct client *clients)
{
    double seconds;

    run.claim_ms = calloc((size_t)run.pairs, sizeof(float));
    run.adoption_ms = calloc((size_t)run.pairs, sizeof(float));
    if (!run.claim_ms || !run.adoption_ms)
        errx(1, "no memory");
    run.began_us = now_us();
    for (int64_t i = 0; i < run.clients; i++)
        if (pthread_create(&clients[i].thread, NULL, serve, &clients[i]))
            errx(1, "no thread could be made");
    for (int64_t i = 0; i < run.clients; i++)
        pthread_join(clients[i].thread, NULL);
    seconds = (double)(now_us() - run.began_us) / 1e6;
    printf("{\"pairs\": %lld, \"seconds\": %.3f, \"missed\": %lld", (long long)run.pairs, seconds,
           (long long)run.missed);
    print_times("claim", run.claim_ms);
    print_times("adoption", run.adoption_ms);
    printf("}\n");
}

static void add_header(const char *name, const char *value)
{
    char line[8192];

    snprintf(line, sizeof(line), "%s: %s", name, value);
    run.headers = curl_slist_append(run.headers, line);
}

static void run_api(struct client *clients)
{
    const char *api = needed("LARDER_BENCH_API");

    snprintf(run.claims_url, sizeof(run.claims_url), "%s/v1/claims", api);
    snprintf(run.adoptions_url, sizeof(run.adoptions_url), "%s/v1/adoptions", api);
    curl_global_init(CURL_GLOBAL_ALL);
    add_header("X-Auth-Token", needed("LARDER_BENCH_TOKEN"));
    add_header("Content-Type", "application/json");
    for (int64_t i = 0; i < run.clients; i++) {
        CURL *curl = clients[i].curl = curl_easy_init();

        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, run.headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_answer);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &clients[i]);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    }
    run.pair = claim_and_adopt;
    go(clients);
}

static void run_bare(struct client *clients)
{
    static const char *const statements[] = {
        "CREATE OR REPLACE TABLE bare (id BIGINT PRIMARY KEY, holder BIGINT NOT NULL)"
        " ENGINE=InnoDB",
        "INSERT INTO bare SELECT seq, 0 FROM seq_1_to_1000000",
    };

    for (int64_t i = 0; i < run.clients; i++)
        must(store_borrow(database, &clients[i].store, &error));
    for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
        must(query_run(clients[0].store, statements[i], NO_VALUES, NULL, &error));
    run.pair = swap_twice;
    go(clients);
    must(query_run(clients[0].store, "DROP TABLE bare", NO_VALUES, NULL, &error));
    for (int64_t i = 0; i < run.clients; i++)
        store_return(clients[i].store);
}

static void open_database(void)
{
    struct store_options options = { .max_connections = CLIENTS_MOST, .connect_timeout_s = 5,
                                     .query_timeout_s = 120, .borrow_timeout_ms = 10000 };

    text_copy(options.connection, sizeof(options.connection), needed("LARDER_TEST_DATABASE"));
    must(database_open(&options, &database, &error));
}

static void run_clients(int argc, char **argv)
{
    static struct client clients[CLIENTS_MOST];

    run.pairs = number(argv[2]);
    run.clients = number(argv[3]);
    if (run.pairs < 1 || run.clients < 1 || run.clients > CLIENTS_MOST)
        errx(2, "from 1 pair, and from 1 to %d clients", CLIENTS_MOST);
    if (argc == 4) {
        run_bare(clients);
        return;
    }
    run.pools = number(argv[4]);
    run.rate = strtod(argv[5], NULL);
    run_api(clients);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6)
        errx(2, "use tests/bench/run claims");
    open_database();
    if (text_equal(argv[1], "fill"))
        fill(number(argv[2]), number(argv[3]));
    else
        run_clients(argc, argv);
    database_close(database);
    return 0;
}
