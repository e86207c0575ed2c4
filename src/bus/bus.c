/* SPDX-License-Identifier: Apache-2.0 */
/* Consumes: one message after the other, acknowledged many at a time. */
#include "bus/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/log.h"
#include "bus/bus_private.h"

LOG_MODULE("bus");

#define PREFETCH_MOST 65535

int bus_open(const struct bus_options *options, struct bus **ret_bus, struct error *error)
{
    auto_bus *bus = calloc(1, sizeof(*bus));
    int status;

    if (!bus)
        return error_set(error, -ENOMEM, "no memory for the bus");
    bus->options = *options;
    status = transport_parse(options->transport_url, &bus->transport, error);
    if (status < 0)
        return status;
    bus->transport.tls = bus->transport.tls || options->ssl;
    *ret_bus = steal(&bus);
    return 0;
}

void bus_close(struct bus *bus)
{
    if (!bus)
        return;
    bus_disconnect(bus);
    explicit_bzero(bus, sizeof(*bus));
    free(bus);
}

/* ---- connecting ---- */

static void forget_envelope(struct bus *bus)
{
    if (bus->has_envelope)
        amqp_destroy_envelope(&bus->envelope);
    bus->has_envelope = false;
}

/* No farewell to the broker: it would wait for one that may be gone, and a closed socket says the
 * same. */
void bus_disconnect(struct bus *bus)
{
    forget_envelope(bus);
    if (bus->connection)
        amqp_destroy_connection(bus->connection);
    bus->connection = NULL;
    bus->last_tag = 0;
}

bool bus_is_connected(const struct bus *bus)
{
    return bus->connection != NULL;
}

/* Twice a batch: while one goes to the store, the next one comes in. */
static int consume(struct bus *bus, struct error *error)
{
    int64_t prefetch = bus->options.batch * 2;
    int status;

    amqp_basic_qos(bus->connection, CHANNEL_CONSUME, 0,
                   (uint16_t)(prefetch < PREFETCH_MOST ? prefetch : PREFETCH_MOST), false);
    status = answer_error(amqp_get_rpc_reply(bus->connection), "setting the prefetch", error);
    if (status < 0)
        return status;
    amqp_basic_consume(bus->connection, CHANNEL_CONSUME, amqp_cstring_bytes(bus->options.queue),
                       amqp_empty_bytes, false, false, false, amqp_empty_table);
    return answer_error(amqp_get_rpc_reply(bus->connection), "consuming", error);
}

/* Without the messages that a consumer has been given. */
static int look(struct bus *bus, struct bus_state *state, struct error *error)
{
    int status = queue_bind(bus, &state->missing, error);

    if (status >= 0)
        status = queue_count(bus, &state->waiting, error);
    state->full = bus->options.max_length && state->waiting >= bus->options.max_length;
    return status;
}

static int set_up(struct bus *bus, struct bus_state *state, struct error *error)
{
    int status = queue_prepare(bus, &state->made, error);

    if (status >= 0)
        status = look(bus, state, error);
    if (status >= 0)
        status = consume(bus, error);
    return status;
}

int bus_connect(struct bus *bus, struct bus_state *ret_state, struct error *error)
{
    int status = -ENOTCONN;

    bus_disconnect(bus);
    for (size_t i = 0; i < bus->transport.host_count; i++) {
        const struct transport_host *host = &bus->transport.hosts[bus->host];

        *ret_state = (struct bus_state){ 0 };
        status = connect_host(bus, host, error);
        if (status >= 0)
            status = set_up(bus, ret_state, error);
        if (status >= 0) {
            log_info("listening host=%s port=%d queue=%s", host->name, (int)host->port,
                     bus->options.queue);
            return 0;
        }
        bus_disconnect(bus);
        bus->host = (bus->host + 1) % bus->transport.host_count;
    }
    return status;
}

/* ---- messages ---- */

static int lost(struct bus *bus, int status)
{
    bus_disconnect(bus);
    bus->host = (bus->host + 1) % bus->transport.host_count;
    return status;
}

/* Another method than a delivery: the channel or the connection was closed, or the queue deleted
 * under us.  All of it is set up anew. */
static int odd_frame(struct bus *bus, struct error *error)
{
    struct timeval now = { 0 };
    amqp_frame_t frame;

    if (amqp_simple_wait_frame_noblock(bus->connection, &frame, &now) == AMQP_STATUS_OK &&
        frame.frame_type == AMQP_FRAME_METHOD)
        return lost(bus, error_set(error, -ECONNRESET, "RabbitMQ sent %s instead of a message",
                                   amqp_method_name(frame.payload.method.id)));
    return lost(bus, error_set(error, -ECONNRESET, "RabbitMQ sent an odd frame"));
}

int bus_next(struct bus *bus, int64_t timeout_ms, struct bus_message *ret_message,
             struct error *error)
{
    struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
    amqp_rpc_reply_t reply;

    forget_envelope(bus);
    amqp_maybe_release_buffers(bus->connection);
    reply = amqp_consume_message(bus->connection, &bus->envelope, &limit, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        bus->has_envelope = true;
        bus->last_tag = bus->envelope.delivery_tag;
        ret_message->body = bus->envelope.message.body.bytes;
        ret_message->length = bus->envelope.message.body.len;
        return 1;
    }
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        reply.library_error == AMQP_STATUS_TIMEOUT)
        return 0;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        reply.library_error == AMQP_STATUS_UNEXPECTED_STATE)
        return odd_frame(bus, error);
    return lost(bus, answer_error(reply, "receiving", error));
}

int bus_acknowledge(struct bus *bus, struct error *error)
{
    int status;

    forget_envelope(bus);
    if (!bus->last_tag)
        return 0;
    status = amqp_basic_ack(bus->connection, CHANNEL_CONSUME, bus->last_tag, true);
    if (status != AMQP_STATUS_OK)
        return lost(bus, error_set(error, -ECONNRESET, "acknowledging: %s",
                                   amqp_error_string2(status)));
    bus->last_tag = 0;
    return 0;
}

int bus_tend(struct bus *bus, struct bus_state *ret_state, struct error *error)
{
    int status;

    *ret_state = (struct bus_state){ 0 };
    status = look(bus, ret_state, error);
    return status < 0 ? lost(bus, status) : 0;
}
