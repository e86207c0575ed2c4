/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes on RabbitMQ and waits for its confirmation; and a consumer that does nothing else. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "bus/transport.h"
#include "bus/bus_private.h"
#include "tests/traffic.h"

#define CHANNEL 1
#define WINDOW 65536 /* most messages that wait for the broker's word */
#define CHUNK_BOOTS 20 /* published before one waits for the broker's word */

struct feed {
    amqp_connection_state_t connection;
    uint64_t published;
    uint64_t confirmed;     /* all up to this one */
    bool ahead[WINDOW];     /* confirmed before those below them */
};

static const char *const exchanges[] = { "nova", "neutron", "cinder", "glance" };

/* ---- connections ---- */

static int failed(struct feed *feed)
{
    return amqp_get_rpc_reply(feed->connection).reply_type == AMQP_RESPONSE_NORMAL ? 0 : -1;
}

static int log_in(struct feed *feed, const struct transport *transport)
{
    const struct transport_host *host = &transport->hosts[0];
    struct timeval limit = { .tv_sec = 10 };
    amqp_socket_t *socket = amqp_tcp_socket_new(feed->connection);

    amqp_set_handshake_timeout(feed->connection, &limit);
    amqp_set_rpc_timeout(feed->connection, &limit);
    if (!socket || amqp_socket_open_noblock(socket, host->name, (int)host->port, &limit))
        return -1;
    if (amqp_login(feed->connection, transport->virtual_host, 2, 131072, 60,
                   AMQP_SASL_METHOD_PLAIN, host->user, host->password).reply_type !=
        AMQP_RESPONSE_NORMAL)
        return -1;
    amqp_channel_open(feed->connection, CHANNEL);
    return failed(feed);
}

static struct feed *connect_feed(const char *transport_url)
{
    struct feed *feed = calloc(1, sizeof(*feed));
    struct transport transport;

    if (!feed || transport_parse(transport_url, &transport, NULL) < 0)
        errx(1, "no transport_url");
    feed->connection = amqp_new_connection();
    if (feed->connection && log_in(feed, &transport) == 0)
        return feed;
    feed_close(feed);
    return NULL;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    if (feed->connection)
        amqp_destroy_connection(feed->connection);
    free(feed);
}

/* Not durable, as oslo.messaging makes them. */
struct feed *feed_open(const char *transport_url)
{
    struct feed *feed = connect_feed(transport_url);

    if (!feed)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
        amqp_exchange_declare(feed->connection, CHANNEL, amqp_cstring_bytes(exchanges[i]),
                              amqp_cstring_bytes("topic"), false, true, false, false,
                              amqp_empty_table);
    amqp_confirm_select(feed->connection, CHANNEL);
    if (failed(feed) == 0)
        return feed;
    feed_close(feed);
    return NULL;
}

/* ---- publishing ---- */

int feed_publish(struct feed *feed, const char *exchange, const char *routing_key,
                 const char *body, size_t length)
{
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = 2,
    };
    const amqp_bytes_t bytes = { .len = length, .bytes = (void *)body };

    feed->published++;
    return amqp_basic_publish(feed->connection, CHANNEL, amqp_cstring_bytes(exchange),
                              amqp_cstring_bytes(routing_key), false, false, &properties, bytes)
           == AMQP_STATUS_OK ? 0 : -1;
}

static void take_ack(struct feed *feed, const amqp_basic_ack_t *ack)
{
    if (ack->multiple) {
        for (; feed->confirmed < ack->delivery_tag; feed->confirmed++)
            feed->ahead[(feed->confirmed + 1) % WINDOW] = false;
    } else {
        feed->ahead[ack->delivery_tag % WINDOW] = true;
    }
    for (; feed->ahead[(feed->confirmed + 1) % WINDOW]; feed->confirmed++)
        feed->ahead[(feed->confirmed + 1) % WINDOW] = false;
}

int feed_confirm(struct feed *feed)
{
    while (feed->confirmed < feed->published) {
        struct timeval limit = { .tv_sec = 30 };
        amqp_frame_t frame;

        amqp_maybe_release_buffers(feed->connection);
        if (amqp_simple_wait_frame_noblock(feed->connection, &frame, &limit) != AMQP_STATUS_OK ||
            frame.frame_type != AMQP_FRAME_METHOD ||
            frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            return -1;
        take_ack(feed, frame.payload.method.decoded);
    }
    return 0;
}

static int publish_boots(struct feed *feed, struct traffic *traffic, int64_t from, int64_t until)
{
    for (int64_t boot = from; boot < until; boot++) {
        for (size_t i = 0; i < traffic_messages(traffic, boot); i++) {
            struct traffic_message message;

            traffic_make(traffic, boot, i, &message);
            if (feed_publish(feed, message.exchange, message.routing_key, message.body,
                             message.length) < 0)
                return -1;
        }
    }
    return feed_confirm(feed);
}

static void publish_surely(struct feed **feed, const char *transport_url, struct traffic *traffic,
                           int64_t from, int64_t until)
{
    int64_t end_ms = clock_monotonic_ms() + 120000;

    while (!*feed || publish_boots(*feed, traffic, from, until) < 0) {
        struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };

        if (clock_monotonic_ms() > end_ms)
            errx(1, "RabbitMQ takes nothing any more");
        feed_close(*feed);
        *feed = feed_open(transport_url);
        if (!*feed)
            nanosleep(&pause, NULL);
    }
}

void feed_boots(struct feed **feed, const char *transport_url, struct traffic *traffic,
                int64_t from, int64_t until)
{
    for (int64_t at = from; at < until; at += CHUNK_BOOTS)
        publish_surely(feed, transport_url, traffic, at,
                       until - at < CHUNK_BOOTS ? until : at + CHUNK_BOOTS);
}

/* ---- queues ---- */

void feed_queue(struct feed *feed, const char *queue)
{
    static const char *const keys[] = { "notifications.info", "versioned_notifications.info" };

    amqp_queue_declare(feed->connection, CHANNEL, amqp_cstring_bytes(queue), false, true, false,
                       false, amqp_empty_table);
    for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
        for (size_t key = 0; key < ARRAY_SIZE(keys); key++)
            amqp_queue_bind(feed->connection, CHANNEL, amqp_cstring_bytes(queue),
                            amqp_cstring_bytes(exchanges[i]), amqp_cstring_bytes(keys[key]),
                            amqp_empty_table);
    if (failed(feed))
        errx(1, "the queue %s cannot be made", queue);
}

int64_t feed_count(struct feed *feed, const char *queue)
{
    amqp_queue_declare_ok_t *answer = amqp_queue_declare(feed->connection, CHANNEL,
                                                         amqp_cstring_bytes(queue), true, true,
                                                         false, false, amqp_empty_table);

    return answer ? (int64_t)answer->message_count : -1;
}

int64_t feed_delete(struct feed *feed, const char *queue)
{
    amqp_queue_delete_ok_t *answer = amqp_queue_delete(feed->connection, CHANNEL,
                                                       amqp_cstring_bytes(queue), false, false);

    return answer ? (int64_t)answer->message_count : -1;
}

static int64_t receive(struct feed *feed, int64_t count, int64_t batch)
{
    int64_t begin_ms = clock_monotonic_ms();

    for (int64_t received = 1; received <= count; received++) {
        struct timeval limit = { .tv_sec = 60 };
        amqp_envelope_t envelope;

        amqp_maybe_release_buffers(feed->connection);
        if (amqp_consume_message(feed->connection, &envelope, &limit, 0).reply_type !=
            AMQP_RESPONSE_NORMAL)
            errx(1, "only %lld messages came", (long long)received - 1);
        if (received % batch == 0 || received == count)
            amqp_basic_ack(feed->connection, CHANNEL, envelope.delivery_tag, true);
        amqp_destroy_envelope(&envelope);
    }
    return clock_monotonic_ms() - begin_ms;
}

double feed_drain(const char *transport_url, const char *queue, int64_t count, int64_t batch)
{
    struct feed *feed = connect_feed(transport_url);
    int64_t took_ms;

    if (!feed)
        errx(1, "RabbitMQ cannot be reached");
    amqp_basic_qos(feed->connection, CHANNEL, 0, (uint16_t)(batch * 2), false);
    amqp_basic_consume(feed->connection, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes,
                       false, false, false, amqp_empty_table);
    if (failed(feed))
        errx(1, "the queue %s cannot be consumed", queue);
    took_ms = receive(feed, count, batch);
    feed_close(feed);
    return (double)took_ms / 1000;
}

/* ---- faults ---- */

void again(const char *what, const char *server)
{
    char command[1024];

    snprintf(command, sizeof(command), "'%s' %s %s", getenv("LARDER_TEST_AGAIN"), what, server);
    if (!getenv("LARDER_TEST_AGAIN") || system(command) != 0)
        errx(1, "%s %s failed", what, server);
}

/* To make a queue that is there already is refused where it is of another type. */
bool feed_is_quorum(const char *transport_url, const char *queue)
{
    struct feed *feed = connect_feed(transport_url);
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("quorum") },
    };
    const amqp_table_t arguments = { .num_entries = 1, .entries = &entry };
    bool same;

    if (!feed)
        errx(1, "no connection to look at the queue %s", queue);
    amqp_queue_declare(feed->connection, CHANNEL, amqp_cstring_bytes(queue), false, true, false,
                       false, arguments);
    same = failed(feed) == 0;
    feed_close(feed);
    return same;
}
