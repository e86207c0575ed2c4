/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the listener makes of the bus's traffic; for tests/bench/run bus, which starts the servers.
 *
 *   bus_bench share [ROUNDS [BOOTS]]   its rate, and that of a consumer that only receives and acks
 *   bus_bench lost [MESSAGES]          what is missing after broker, database and listener were
 *                                      killed three times each
 *   bus_bench listen                   listens until it is killed
 *
 * Prints JSON.
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "bus/decode.h"
#include "role/listener.h"
#include "store/query.h"
#include "tests/traffic.h"

#define QUEUE "larder"
#define BARE "bare"
#define BATCH 1000
#define ROUNDS_MOST 32
#define BACKLOG_MOST 20000
#define FAULTS 9
#define PATIENCE_MS 300000

static struct traffic *traffic;
static const char *rabbit;
static struct database *database;
static struct bus_options options = { .queue = QUEUE, .batch = BATCH, .batch_ms = 200,
                                      .heartbeat_s = 30, .connect_timeout_s = 5 };

/* ---- what both need ---- */

static const char *needed(const char *name)
{
    const char *value = getenv(name);

    if (!value)
        errx(2, "%s is not set; use tests/bench/run bus", name);
    return value;
}

static void fill_options(void)
{
    static const char *const exchanges[] = { "nova", "neutron", "cinder", "glance" };
    static const char *const topics[] = { "notifications", "versioned_notifications" };

    text_copy(options.transport_url, sizeof(options.transport_url), rabbit);
    for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
        text_copy(options.exchanges.items[options.exchanges.count++], 256, exchanges[i]);
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
        text_copy(options.topics.items[options.topics.count++], 256, topics[i]);
}

static void open_database(void)
{
    struct store_options store = { .max_connections = 8, .connect_timeout_s = 5,
                                   .query_timeout_s = 30, .borrow_timeout_ms = 10000 };
    struct error error = { 0 };

    text_copy(store.connection, sizeof(store.connection), needed("LARDER_TEST_DATABASE"));
    if (database_open(&store, &database, &error) < 0)
        errx(2, "%s", error.message);
}

static void sync_schema(void)
{
    auto_store *store = NULL;
    struct error error = { 0 };

    if (store_borrow(database, &store, &error) < 0 || schema_sync(store, &error) < 0)
        errx(2, "%s", error.message);
}

/* What an earlier measurement has left. */
static void empty_tables(void)
{
    static const char *const deletes[] = { "DELETE FROM boots", "DELETE FROM sightings",
                                           "DELETE FROM series" };
    auto_store *store = NULL;
    struct error error = { 0 };

    if (store_borrow(database, &store, &error) < 0)
        errx(2, "%s", error.message);
    for (size_t i = 0; i < ARRAY_SIZE(deletes); i++)
        if (query_run(store, deletes[i], NO_VALUES, NULL, &error) < 0)
            errx(2, "%s", error.message);
}

static struct listener *listen_now(void)
{
    const struct listener_setup setup = { .options = &options, .database = database };
    struct listener *listener = NULL;
    struct error error = { 0 };

    if (listener_start(&setup, &listener, &error) < 0)
        errx(2, "%s", error.message);
    return listener;
}

static void nap(int64_t ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static struct feed *open_feed(void)
{
    struct feed *feed = feed_open(rabbit);

    if (!feed)
        errx(2, "RabbitMQ cannot be reached");
    return feed;
}

/* ---- the rate ---- */

struct load {
    int64_t from, boots;
    int64_t messages, events;
};

static void count_load(struct load *load)
{
    static struct boot_event event;

    for (int64_t boot = load->from; boot < load->from + load->boots; boot++) {
        for (size_t i = 0; i < traffic_messages(traffic, boot); i++) {
            struct traffic_message message;

            traffic_make(traffic, boot, i, &message);
            load->events += bus_decode(message.body, message.length, &event, NULL) == 1;
            load->messages++;
        }
    }
}

static double listen_to(const struct load *load)
{
    int64_t begin_ms = clock_monotonic_ms();
    struct listener *listener = listen_now();
    struct listener_counts counts = { 0 };
    double seconds;

    while (counts.events < load->events) {
        nap(2);
        listener_count(listener, &counts);
        if (clock_monotonic_ms() - begin_ms > PATIENCE_MS)
            errx(1, "only %lld of %lld events", (long long)counts.events,
                 (long long)load->events);
    }
    seconds = (double)(clock_monotonic_ms() - begin_ms) / 1000;
    if (listener_stop(listener, 20000) < 0)
        errx(1, "the listener does not stop");
    return seconds;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Both find the broker in the same state: with these messages, just published, and no others. */
static void publish_load(struct feed **feed, const char *queue, const struct load *load)
{
    feed_queue(*feed, queue);
    feed_boots(feed, rabbit, traffic, load->from, load->from + load->boots);
    nap(1000); /* the broker settles */
}

static double bare_seconds(struct feed **feed, const struct load *load)
{
    double seconds;

    publish_load(feed, BARE, load);
    seconds = feed_drain(rabbit, BARE, load->messages, BATCH);
    feed_delete(*feed, BARE);
    return seconds;
}

static double listener_seconds(struct feed **feed, const struct load *load)
{
    double seconds;

    publish_load(feed, QUEUE, load);
    seconds = listen_to(load);
    feed_delete(*feed, QUEUE);
    return seconds;
}

static void share_round(struct feed **feed, int64_t round, int64_t boots, double *ret_bare,
                        double *ret_rate)
{
    struct load load = { .from = round * boots, .boots = boots };
    bool bare_first = round % 2 == 0;
    double bare_s = 0, listener_s;

    count_load(&load);
    if (bare_first)
        bare_s = bare_seconds(feed, &load);
    listener_s = listener_seconds(feed, &load);
    if (!bare_first)
        bare_s = bare_seconds(feed, &load);
    *ret_bare = (double)load.messages / bare_s;
    *ret_rate = (double)load.messages / listener_s;
    fprintf(stderr, "round %lld: %lld messages, %lld events; bare %.0f/s, listener %.0f/s: %.2f\n",
            (long long)round, (long long)load.messages, (long long)load.events, *ret_bare,
            *ret_rate, *ret_rate / *ret_bare);
}

static int share(size_t rounds, int64_t boots)
{
    double bare[ROUNDS_MOST], rate[ROUNDS_MOST], shares[ROUNDS_MOST];
    struct feed *feed;

    sync_schema();
    feed = open_feed();
    for (size_t i = 0; i < rounds; i++) {
        share_round(&feed, (int64_t)i, boots, &bare[i], &rate[i]);
        shares[i] = rate[i] / bare[i];
    }
    feed_close(feed);
    printf("{\"bus_share\": %.3f, \"bus_bare_per_s\": %.0f, \"bus_listener_per_s\": %.0f}\n",
           median(shares, rounds), median(bare, rounds), median(rate, rounds));
    return 0;
}

/* ---- losses ---- */

static atomic_llong published; /* boots */
static int64_t boots_in_all;
static pid_t listener_pid;

static void fork_listener(void)
{
    listener_pid = fork();
    if (listener_pid < 0)
        err(2, "fork");
    if (listener_pid == 0) {
        execl("/proc/self/exe", "bus_bench", "listen", (char *)NULL);
        _exit(127);
    }
}

static void kill_listener(void)
{
    kill(listener_pid, SIGKILL);
    waitpid(listener_pid, NULL, 0);
}

static void fault(int number)
{
    static const char *const servers[] = { "rabbitmq", "mariadb", NULL };
    const char *server = servers[number % 3];

    fprintf(stderr, "fault %d of %d at boot %lld of %lld: %s\n", number + 1, FAULTS,
            (long long)atomic_load(&published), (long long)boots_in_all,
            server ? server : "listener");
    if (server)
        again("kill", server);
    else
        kill_listener();
    nap(1000);
    if (server)
        again("start", server);
    else
        fork_listener();
}

static void *make_faults(void *unused)
{
    for (int number = 0; number < FAULTS; number++) {
        while (atomic_load(&published) < boots_in_all * (number + 1) / (FAULTS + 1))
            nap(50);
        fault(number);
    }
    return unused;
}

/* No broker holds so many in memory for long; -1 (it is down) is no reason to wait. */
static void hold_back(struct feed *feed)
{
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (feed && feed_count(feed, QUEUE) > BACKLOG_MOST) {
        if (clock_monotonic_ms() > end_ms)
            errx(1, "nobody takes the messages");
        nap(100);
    }
}

static void publish_all(void)
{
    struct feed *feed = NULL;

    for (int64_t boot = 0; boot < boots_in_all; boot += 100) {
        int64_t until = boot + 100 < boots_in_all ? boot + 100 : boots_in_all;

        feed_boots(&feed, rabbit, traffic, boot, until);
        atomic_store(&published, until);
        hold_back(feed);
    }
    feed_close(feed);
}

/* Until the queue is empty and stays so after the listener is gone. */
static void wait_for_end(void)
{
    struct feed *feed = open_feed();
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;

    do {
        nap(2000);
        if (clock_monotonic_ms() > end_ms)
            errx(1, "the queue does not become empty");
    } while (feed_count(feed, QUEUE) != 0);
    nap(3000); /* the last batch */
    kill_listener();
    nap(1000);
    if (feed_count(feed, QUEUE) != 0)
        warnx("messages were not acknowledged");
    feed_close(feed);
}

static int lost(int64_t messages)
{
    struct feed *feed;
    auto_store *store = NULL;
    pthread_t thread;
    int64_t missing;

    boots_in_all = messages * TRAFFIC_VOLUME_EVERY /
                   (int64_t)(traffic_messages(traffic, 0) +
                             (TRAFFIC_VOLUME_EVERY - 1) * traffic_messages(traffic, 1)) + 1;
    sync_schema();
    empty_tables();
    feed = open_feed();
    feed_queue(feed, QUEUE);
    feed_close(feed);
    fork_listener();
    if (pthread_create(&thread, NULL, make_faults, NULL))
        errx(2, "no thread");
    publish_all();
    pthread_join(thread, NULL);
    wait_for_end();
    if (store_borrow(database, &store, NULL) < 0)
        errx(1, "the database cannot be asked");
    missing = traffic_lost(store, boots_in_all);
    printf("{\"bus_lost\": %lld, \"bus_lost_of\": %lld}\n", (long long)missing,
           (long long)messages);
    return 0;
}

/* ---- the program ---- */

static int64_t number(char **argv, int argc, int at, int64_t otherwise)
{
    int64_t value = otherwise;

    if (at < argc && text_to_int(argv[at], 1, 100000000, &value) < 0)
        errx(2, "%s is no number", argv[at]);
    return value;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    rabbit = needed("LARDER_TEST_RABBIT");
    fill_options();
    open_database();
    if (strcmp(what, "listen") == 0) {
        listen_now();
        for (;;)
            nap(1000);
    }
    traffic = traffic_load(SOURCE_DIR "/tests/data/captures");
    if (strcmp(what, "share") == 0) {
        int64_t rounds = number(argv, argc, 2, 5);

        return share(rounds < ROUNDS_MOST ? (size_t)rounds : ROUNDS_MOST,
                     number(argv, argc, 3, 600));
    }
    if (strcmp(what, "lost") == 0)
        return lost(number(argv, argc, 2, 200000));
    errx(2, "usage: bus_bench share|lost|listen");
}
