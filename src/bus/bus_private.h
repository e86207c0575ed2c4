/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share of a connection to RabbitMQ. */
#ifndef LARDER_BUS_BUS_PRIVATE_H
#define LARDER_BUS_BUS_PRIVATE_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#include "bus/bus.h"
#include "bus/transport.h"

#define CHANNEL_CONSUME 1
#define CHANNEL_ASK 2 /* what may be refused, which closes the channel */

struct bus {
    struct bus_options options;
    struct transport transport;
    size_t host; /* whose turn it is */
    amqp_connection_state_t connection; /* NULL: not connected */
    amqp_envelope_t envelope;
    bool has_envelope;
    uint64_t last_tag; /* newest message given out; 0: none */
};

/* Connects to one host and logs in (connect.c). */
int connect_host(struct bus *bus, const struct transport_host *host, struct error *error);
/* What the broker or the library has against the last call; 0 when nothing. */
int answer_error(amqp_rpc_reply_t reply, const char *doing, struct error *error);

/* Makes the queue where there is none (queue.c). */
int queue_prepare(struct bus *bus, bool *ret_made, struct error *error);
/* Binds it to what there is; 'ret_missing' counts the exchanges that do not exist. */
int queue_bind(struct bus *bus, int64_t *ret_missing, struct error *error);
int queue_count(struct bus *bus, int64_t *ret_waiting, struct error *error);

#endif
