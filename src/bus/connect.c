/* SPDX-License-Identifier: Apache-2.0 */
/* Connects and logs in to one host of a broker's cluster. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "bus/bus_private.h"

#define FRAME_BYTES 131072
#define PRODUCT "larder"

/* ---- what went wrong ---- */

static int closed_error(const amqp_method_t *method, const char *doing, struct error *error)
{
    const amqp_channel_close_t *channel = method->decoded;
    const amqp_connection_close_t *connection = method->decoded;
    bool is_channel = method->id == AMQP_CHANNEL_CLOSE_METHOD;
    amqp_bytes_t text;
    int code;

    if (!is_channel && method->id != AMQP_CONNECTION_CLOSE_METHOD)
        return error_set(error, -EPROTO, "%s: RabbitMQ answered with method 0x%08X", doing,
                         method->id);
    text = is_channel ? channel->reply_text : connection->reply_text;
    code = is_channel ? channel->reply_code : connection->reply_code;
    return error_set(error, code == AMQP_NOT_FOUND ? -ENOENT : -EACCES, "%s: RabbitMQ says %d %.*s",
                     doing, code, (int)text.len, (const char *)text.bytes);
}

int answer_error(amqp_rpc_reply_t reply, const char *doing, struct error *error)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return closed_error(&reply.reply, doing, error);
    default:
        return error_set(error, -ECONNRESET, "%s: %s", doing,
                         amqp_error_string2(reply.library_error));
    }
}

/* ---- the socket ---- */

static int set_up_tls(const struct bus_options *options, amqp_socket_t *socket,
                      struct error *error)
{
    bool verify = options->ssl_ca_file[0] != '\0';

    amqp_ssl_socket_set_verify_peer(socket, verify);
    amqp_ssl_socket_set_verify_hostname(socket, verify);
    if (verify && amqp_ssl_socket_set_cacert(socket, options->ssl_ca_file))
        return error_set(error, -EINVAL, "[listener] ssl_ca_file %s cannot be used",
                         options->ssl_ca_file);
    if (options->ssl_cert_file[0] &&
        amqp_ssl_socket_set_key(socket, options->ssl_cert_file, options->ssl_key_file))
        return error_set(error, -EINVAL, "[listener] ssl_cert_file %s and ssl_key_file %s cannot "
                         "be used", options->ssl_cert_file, options->ssl_key_file);
    return 0;
}

/* A peer that is gone without a word is noticed as soon as its heartbeats would be missed. */
static void bound_sending(struct bus *bus)
{
    int fd = amqp_get_sockfd(bus->connection);
    unsigned int limit_ms = (unsigned int)(bus->options.heartbeat_s * 2000);

    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
}

static int open_socket(struct bus *bus, const struct transport_host *host, struct error *error)
{
    struct timeval limit = { .tv_sec = bus->options.connect_timeout_s };
    amqp_socket_t *socket = bus->transport.tls ? amqp_ssl_socket_new(bus->connection)
                                               : amqp_tcp_socket_new(bus->connection);
    int status;

    if (!socket)
        return error_set(error, -ENOMEM, "no memory for a connection to RabbitMQ");
    if (bus->transport.tls) {
        status = set_up_tls(&bus->options, socket, error);
        if (status < 0)
            return status;
    }
    status = amqp_socket_open_noblock(socket, host->name, (int)host->port, &limit);
    if (status != AMQP_STATUS_OK)
        return error_set(error, -ECONNREFUSED, "RabbitMQ at %s:%d cannot be reached: %s",
                         host->name, (int)host->port, amqp_error_string2(status));
    bound_sending(bus);
    return 0;
}

/* ---- logging in ---- */

static int login(struct bus *bus, const struct transport_host *host, struct error *error)
{
    /* The broker is to say so when the queue is deleted under us. */
    amqp_table_entry_t cancel = {
        .key = amqp_cstring_bytes("consumer_cancel_notify"),
        .value = { .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = true },
    };
    amqp_table_entry_t entries[] = {
        { .key = amqp_cstring_bytes("product"),
          .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(PRODUCT) } },
        { .key = amqp_cstring_bytes("capabilities"),
          .value = { .kind = AMQP_FIELD_KIND_TABLE,
                     .value.table = { .num_entries = 1, .entries = &cancel } } },
    };
    const amqp_table_t properties = { .num_entries = ARRAY_SIZE(entries), .entries = entries };
    amqp_rpc_reply_t reply = amqp_login_with_properties(
        bus->connection, bus->transport.virtual_host, AMQP_DEFAULT_MAX_CHANNELS, FRAME_BYTES,
        (int)bus->options.heartbeat_s, &properties, AMQP_SASL_METHOD_PLAIN, host->user,
        host->password);

    /* RabbitMQ closes the socket without a word where it dislikes a name or password. */
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
        return error_set(error, -EACCES, "RabbitMQ at %s:%d does not let user %s in: %s",
                         host->name, (int)host->port, host->user,
                         amqp_error_string2(reply.library_error));
    return answer_error(reply, "logging in", error);
}

static int open_channels(struct bus *bus, struct error *error)
{
    int status = 0;

    for (amqp_channel_t channel = CHANNEL_CONSUME; channel <= CHANNEL_ASK && !status; channel++) {
        amqp_channel_open(bus->connection, channel);
        status = answer_error(amqp_get_rpc_reply(bus->connection), "opening a channel", error);
    }
    return status;
}

int connect_host(struct bus *bus, const struct transport_host *host, struct error *error)
{
    struct timeval limit = { .tv_sec = bus->options.connect_timeout_s };
    int status;

    bus->connection = amqp_new_connection();
    if (!bus->connection)
        return error_set(error, -ENOMEM, "no memory for a connection to RabbitMQ");
    amqp_set_handshake_timeout(bus->connection, &limit);
    amqp_set_rpc_timeout(bus->connection, &limit);
    status = open_socket(bus, host, error);
    if (!status)
        status = login(bus, host, error);
    if (!status)
        status = open_channels(bus, error);
    return status;
}
