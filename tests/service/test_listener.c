/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener with a real RabbitMQ and a real MariaDB: duplicates, disorder, garbage, and each of
 * the three killed while it works.  Nothing is lost, nothing is there twice.
 */
#include "role/listener.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/options.h"
#include "bus/transport.h"
#include "store/gap.h"
#include "store/query.h"
#include "tests/service/service.h"
#include "tests/traffic.h"

#define QUEUE "larder-test"
#define PATIENCE_MS 60000

static struct traffic *traffic;
static struct feed *feed;
static struct listener *listener;

static const char *rabbit(void)
{
    const char *url = getenv("LARDER_TEST_RABBIT");

    ck_assert_msg(url != NULL, "LARDER_TEST_RABBIT is not set; use tests/service/run");
    return url;
}

static struct bus_options options(void)
{
    static const char *const exchanges[] = { "nova", "neutron", "cinder", "glance", "nowhere" };
    static const char *const topics[] = { "notifications", "versioned_notifications" };
    struct bus_options made = { .queue = QUEUE, .batch = 100, .batch_ms = 50, .heartbeat_s = 10,
                                .connect_timeout_s = 5 };

    text_copy(made.transport_url, sizeof(made.transport_url), rabbit());
    for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
        text_copy(made.exchanges.items[made.exchanges.count++], 256, exchanges[i]);
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
        text_copy(made.topics.items[made.topics.count++], 256, topics[i]);
    return made;
}

static struct listener *start(const struct bus_options *with)
{
    const struct listener_setup setup = { .options = with, .database = service_database };
    struct listener *started = NULL;

    must(listener_start(&setup, &started, &error));
    return started;
}

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20 * 1000 * 1000 }, NULL);
}

static void wait_received(struct listener *who, int64_t count)
{
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct listener_counts counts;

    for (;;) {
        listener_count(who, &counts);
        if (counts.connected && counts.received >= count)
            return;
        ck_assert_msg(clock_monotonic_ms() < end_ms, "%lld of %lld messages",
                      (long long)counts.received, (long long)count);
        nap();
    }
}

/* Until the store says so; a database that is down says nothing. */
static void wait_number(const char *sql, int64_t wanted)
{
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS, there = -1;

    while (there != wanted) {
        query_read_int(service_store, sql, NO_VALUES, &there, NULL);
        ck_assert_msg(clock_monotonic_ms() < end_ms, "%s: %lld, not %lld", sql, (long long)there,
                      (long long)wanted);
        nap();
    }
}

static void begin(void)
{
    traffic = traffic_load(SOURCE_DIR "/tests/data/captures");
    feed = feed_open(rabbit());
    ck_assert_ptr_nonnull(feed);
    feed_delete(feed, QUEUE);
}

static void begin_listening(const struct bus_options *with)
{
    begin();
    listener = start(with);
    wait_received(listener, 0);
}

/* Until the queue is empty and a second has brought nothing new. */
static void wait_drained(struct listener *who)
{
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS, quiet_ms = clock_monotonic_ms();
    struct listener_counts counts, before = { 0 };

    while (clock_monotonic_ms() - quiet_ms < 1000) {
        ck_assert_msg(clock_monotonic_ms() < end_ms, "messages still come");
        listener_count(who, &counts);
        if (counts.received != before.received || feed_count(feed, QUEUE) != 0)
            quiet_ms = clock_monotonic_ms();
        before = counts;
        nap();
    }
}

static void stop(struct listener *who)
{
    ck_assert_int_eq(listener_stop(who, 20000), 0);
}

#define DELETED "SELECT COUNT(*) FROM boots WHERE deleted_ms > 0 AND outcome = 'active'"

/* ---- what comes in ---- */

START_TEST(test_boots_are_stored_once)
{
    struct bus_options with = options();

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 60);
    feed_boots(&feed, rabbit(), traffic, 20, 40); /* again */
    wait_number(DELETED, 60);
    wait_drained(listener);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 60), 0);
    ck_assert_int_eq(feed_delete(feed, QUEUE), 0); /* all was acknowledged */
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM series WHERE kind = 'port'"), 60);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM series WHERE kind = 'capacity'"), 20);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM gaps"), 0);
}
END_TEST

static void publish_backwards(int64_t boots)
{
    for (int64_t boot = boots - 1; boot >= 0; boot--) {
        for (size_t i = traffic_messages(traffic, boot); i-- > 0;) {
            struct traffic_message message;

            traffic_make(traffic, boot, i, &message);
            ck_assert_int_eq(feed_publish(feed, message.exchange, message.routing_key,
                                          message.body, message.length), 0);
        }
    }
    ck_assert_int_eq(feed_confirm(feed), 0);
}

START_TEST(test_disorder_does_no_harm)
{
    struct bus_options with = options();

    with.batch = 7; /* so that a boot's messages come in several batches */
    begin_listening(&with);
    publish_backwards(30);
    wait_number(DELETED, 30);
    wait_number("SELECT COUNT(*) FROM sightings WHERE kind = 'port'", 30);
    wait_number("SELECT COUNT(*) FROM boots WHERE request_id <> ''", 30);
    wait_number("SELECT COUNT(*) FROM sightings WHERE kind = 'port' AND request_id <> ''", 30);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 30), 0);
}
END_TEST

START_TEST(test_garbage_is_dropped)
{
    static const char *const bodies[] = {
        "", "garbage", "{\"event_type\": \"image.delete\", \"payload\": []}", "\xff\xff",
        "{\"oslo.message\": \"{\\\"event_type\\\": \\\"port.create.end\\\", "
        "\\\"payload\\\": {\\\"port\\\": 1}}\"}",
    };
    size_t size = 3 << 20;
    autofree char *large = calloc(1, size);
    struct bus_options with = options();
    struct listener_counts counts;

    begin_listening(&with);
    for (int round = 0; round < 50; round++)
        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
            feed_publish(feed, "nova", "notifications.info", bodies[i], strlen(bodies[i]));
    feed_publish(feed, "nova", "notifications.error", large, size);
    ck_assert_int_eq(feed_confirm(feed), 0);
    feed_boots(&feed, rabbit(), traffic, 0, 10);
    wait_number(DELETED, 10);
    listener_count(listener, &counts);
    ck_assert_int_eq(counts.malformed, 250);
    ck_assert_int_eq(counts.oversized, 1);
    wait_drained(listener);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 10), 0);
    ck_assert_int_eq(feed_delete(feed, QUEUE), 0);
}
END_TEST

START_TEST(test_two_share_a_queue)
{
    struct bus_options with = options();
    struct listener *other;
    struct listener_counts counts;

    begin_listening(&with);
    other = start(&with);
    wait_received(other, 0);
    feed_boots(&feed, rabbit(), traffic, 0, 200);
    wait_number(DELETED, 200);
    listener_count(other, &counts);
    ck_assert_int_gt(counts.received, 0);
    wait_drained(listener);
    wait_drained(other);
    stop(other);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 200), 0);
}
END_TEST

/* ---- faults ---- */

START_TEST(test_broker_is_killed)
{
    struct bus_options with = options();

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 100);
    again("kill", "rabbitmq");
    again("start", "rabbitmq");
    feed_boots(&feed, rabbit(), traffic, 100, 200);
    wait_number(DELETED, 200);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 200), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM gaps"), 0);
}
END_TEST

START_TEST(test_database_is_killed)
{
    struct bus_options with = options();

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 50);
    again("kill", "mariadb");
    feed_boots(&feed, rabbit(), traffic, 50, 150);
    again("start", "mariadb");
    wait_number(DELETED, 150);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 150), 0);
}
END_TEST

/* A process that listens until it is killed. */
static pid_t fork_listener(const struct bus_options *with)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct store_options store = service_options();
        struct listener_setup setup = { .options = with };
        struct listener *started = NULL;

        if (database_open(&store, &setup.database, NULL) < 0 ||
            listener_start(&setup, &started, NULL) < 0)
            _exit(1);
        for (;;)
            nap();
    }
    return pid;
}

START_TEST(test_listener_is_killed)
{
    struct bus_options with = options();

    begin_listening(&with); /* makes the queue */
    stop(listener);
    for (int round = 0; round < 5; round++) {
        pid_t pid = fork_listener(&with);

        feed_boots(&feed, rabbit(), traffic, round * 60, round * 60 + 60);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    listener = start(&with);
    wait_number(DELETED, 300);
    wait_drained(listener);
    stop(listener);
    ck_assert_int_eq(traffic_lost(service_store, 300), 0);
    ck_assert_int_eq(feed_delete(feed, QUEUE), 0);
}
END_TEST

/* ---- gaps ---- */

START_TEST(test_queue_made_anew_is_a_gap)
{
    struct bus_options with = options();

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 5);
    wait_number(DELETED, 5);
    wait_number("SELECT COUNT(*) FROM watches WHERE source = 'bus'", 1);
    stop(listener);
    feed_delete(feed, QUEUE);
    feed_boots(&feed, rabbit(), traffic, 5, 10); /* nobody hears of them */
    listener = start(&with);
    wait_number("SELECT COUNT(*) FROM gaps WHERE source = 'bus' AND until_ms > from_ms", 1);
    stop(listener);
    ck_assert_int_eq(service_number(DELETED), 5);
}
END_TEST

/* The queue is deleted under a listener: it makes it again, and says what it missed. */
START_TEST(test_queue_deleted_while_listening)
{
    struct bus_options with = options();

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 5);
    wait_number("SELECT COUNT(*) FROM watches WHERE source = 'bus'", 1);
    wait_number(DELETED, 5);
    feed_delete(feed, QUEUE);
    wait_number("SELECT COUNT(*) FROM gaps", 1);
    feed_boots(&feed, rabbit(), traffic, 5, 10);
    wait_number(DELETED, 10);
    stop(listener);
}
END_TEST

START_TEST(test_full_queue_is_a_gap)
{
    struct bus_options with = options();

    with.max_length = 100;
    with.expires_s = 3600;
    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 3);
    wait_number(DELETED, 3);
    wait_number("SELECT COUNT(*) FROM watches WHERE source = 'bus'", 1);
    stop(listener);
    feed_boots(&feed, rabbit(), traffic, 3, 30);
    listener = start(&with);
    wait_number("SELECT COUNT(*) FROM gaps WHERE reason LIKE 'the queue was full%'", 1);
    stop(listener);
}
END_TEST

START_TEST(test_hosts_that_are_down_are_passed_over)
{
    struct bus_options with = options();
    struct transport transport;

    must(transport_parse(rabbit(), &transport, &error));
    snprintf(with.transport_url, sizeof(with.transport_url),
             "rabbit://a:b@127.0.0.1:1,%s:%s@127.0.0.1:%lld,a:b@127.0.0.1:1/",
             transport.hosts[0].user, transport.hosts[0].password,
             (long long)transport.hosts[0].port);
    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 5);
    wait_number(DELETED, 5);
    stop(listener);
}
END_TEST

/* ---- how one connects ---- */

static struct bus_options tls_options(const char *host)
{
    struct bus_options with = options();
    struct transport transport;

    must(transport_parse(rabbit(), &transport, &error));
    snprintf(with.transport_url, sizeof(with.transport_url), "amqps://%s:%s@%s:%s/",
             transport.hosts[0].user, transport.hosts[0].password, host,
             getenv("LARDER_TEST_RABBIT_TLS_PORT"));
    text_copy(with.ssl_ca_file, sizeof(with.ssl_ca_file), getenv("LARDER_TEST_RABBIT_CA"));
    return with;
}

START_TEST(test_boots_come_by_tls)
{
    struct bus_options with = tls_options("localhost");

    begin_listening(&with);
    feed_boots(&feed, rabbit(), traffic, 0, 20);
    wait_number(DELETED, 20);
    stop(listener);
}
END_TEST

/* What the certificate is not for, and what another authority has signed, gets no password. */
static void check_refused(const struct bus_options *with)
{
    struct error failure = { 0 };
    struct bus_state state;
    auto_bus *bus = NULL;

    must(bus_open(with, &bus, &error));
    ck_assert_int_lt(bus_connect(bus, &state, &failure), 0);
    ck_assert(!bus_is_connected(bus));
    ck_assert_msg(strstr(failure.message, "cannot be reached") != NULL, "%s", failure.message);
    ck_assert_ptr_null(strstr(failure.message, getenv("LARDER_TEST_PASSWORD")));
}

START_TEST(test_a_broker_that_is_another_is_refused)
{
    struct bus_options by_address = tls_options("127.0.0.1"), other = tls_options("localhost");

    begin();
    check_refused(&by_address);
    text_copy(other.ssl_ca_file, sizeof(other.ssl_ca_file), getenv("LARDER_TEST_DATABASE_CA"));
    check_refused(&other);
}
END_TEST

START_TEST(test_the_queue_is_replicated_where_asked)
{
    struct bus_options with = options();

    begin_listening(&with);
    ck_assert(!feed_is_quorum(rabbit(), QUEUE));
    stop(listener);
    feed_delete(feed, QUEUE);
    with.quorum = true;
    listener = start(&with);
    wait_received(listener, 0);
    ck_assert(feed_is_quorum(rabbit(), QUEUE));
    feed_boots(&feed, rabbit(), traffic, 0, 20);
    wait_number(DELETED, 20);
    stop(listener);
    feed_delete(feed, QUEUE);
}
END_TEST

SERVICE_MAIN("listener", test_boots_are_stored_once, test_disorder_does_no_harm,
             test_garbage_is_dropped, test_two_share_a_queue, test_broker_is_killed,
             test_database_is_killed, test_listener_is_killed, test_queue_made_anew_is_a_gap,
             test_queue_deleted_while_listening, test_full_queue_is_a_gap,
             test_hosts_that_are_down_are_passed_over, test_boots_come_by_tls,
             test_a_broker_that_is_another_is_refused, test_the_queue_is_replicated_where_asked)
