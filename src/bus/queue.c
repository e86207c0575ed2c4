/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our queue.  Exchanges are never declared here: whoever does so first decides on their kind, and
 * a service that finds another kind than it wants would fail.  One that is missing is bound later.
 */
#include <errno.h>
#include <stdio.h>

#include "bus/bus_private.h"

#define ARGUMENTS_MOST 4

/* What is refused closes its channel, so it is asked for on one of its own. */
static int reopen_channel(struct bus *bus, struct error *error)
{
    amqp_channel_open(bus->connection, CHANNEL_ASK);
    return answer_error(amqp_get_rpc_reply(bus->connection), "opening a channel", error);
}

/* The broker waits for a word on the channel that it closed. */
static int after_refusal(struct bus *bus, int status, struct error *error)
{
    amqp_channel_close_ok_t done = { 0 };

    if (status != -ENOENT && status != -EACCES)
        return status;
    if (amqp_send_method(bus->connection, CHANNEL_ASK, AMQP_CHANNEL_CLOSE_OK_METHOD, &done))
        return error_set(error, -ECONNRESET, "the connection to RabbitMQ is lost");
    return reopen_channel(bus, error) < 0 ? -ECONNRESET : status;
}

/* ---- making it ---- */

static void add_number(amqp_table_entry_t *entries, int *count, const char *name, int64_t value)
{
    entries[(*count)++] = (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = value },
    };
}

static void add_text(amqp_table_entry_t *entries, int *count, const char *name, const char *value)
{
    entries[(*count)++] = (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = { .kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(value) },
    };
}

static int declare(struct bus *bus, bool passive, int64_t *ret_waiting, struct error *error)
{
    const struct bus_options *options = &bus->options;
    amqp_table_entry_t entries[ARGUMENTS_MOST];
    amqp_table_t arguments = { .entries = entries };
    amqp_queue_declare_ok_t *answer;

    if (options->quorum)
        add_text(entries, &arguments.num_entries, "x-queue-type", "quorum");
    if (options->max_length)
        add_number(entries, &arguments.num_entries, "x-max-length", options->max_length);
    if (options->expires_s)
        add_number(entries, &arguments.num_entries, "x-expires", options->expires_s * 1000);
    answer = amqp_queue_declare(bus->connection, CHANNEL_ASK, amqp_cstring_bytes(options->queue),
                                passive, true, false, false,
                                passive ? amqp_empty_table : arguments);
    if (answer)
        *ret_waiting = answer->message_count;
    return answer_error(amqp_get_rpc_reply(bus->connection), passive ? "looking at the queue"
                                                                     : "making the queue", error);
}

int queue_count(struct bus *bus, int64_t *ret_waiting, struct error *error)
{
    return declare(bus, true, ret_waiting, error);
}

/* Two that make it at once both do: it is the same queue. */
int queue_prepare(struct bus *bus, bool *ret_made, struct error *error)
{
    int64_t waiting;
    int status = after_refusal(bus, declare(bus, true, &waiting, error), error);

    *ret_made = status == -ENOENT;
    return *ret_made ? declare(bus, false, &waiting, error) : status;
}

/* ---- binding it ---- */

static int bind_topic(struct bus *bus, const char *exchange, const char *topic, const char *level,
                      struct error *error)
{
    char key[NAME_SIZE + 16];

    snprintf(key, sizeof(key), "%s.%s", topic, level);
    amqp_queue_bind(bus->connection, CHANNEL_ASK, amqp_cstring_bytes(bus->options.queue),
                    amqp_cstring_bytes(exchange), amqp_cstring_bytes(key), amqp_empty_table);
    return answer_error(amqp_get_rpc_reply(bus->connection), "binding the queue", error);
}

static int bind_exchange(struct bus *bus, const char *exchange, struct error *error)
{
    static const char *const levels[] = { "info", "warn", "error" };
    int status = 0;

    for (size_t i = 0; i < bus->options.topics.count && !status; i++)
        for (size_t level = 0; level < ARRAY_SIZE(levels) && !status; level++)
            status = bind_topic(bus, exchange, bus->options.topics.items[i], levels[level], error);
    return status;
}

int queue_bind(struct bus *bus, int64_t *ret_missing, struct error *error)
{
    int64_t missing = 0;

    for (size_t i = 0; i < bus->options.exchanges.count; i++) {
        const char *exchange = bus->options.exchanges.items[i];
        int status = after_refusal(bus, bind_exchange(bus, exchange, error), error);

        if (status == -ENOENT)
            missing++;
        else if (status < 0)
            return status;
    }
    *ret_missing = missing;
    return 0;
}
