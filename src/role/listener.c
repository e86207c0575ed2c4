/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener's thread.  A turn makes sure of the store, then of the connection, takes a batch,
 * stores it and acknowledges it.  Whatever fails, the connection to the broker is given up, so that
 * the messages go to another listener or come again, and the next turn begins after a while.
 */
#include "role/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/random.h"
#include "bus/decode.h"
#include "role/sink.h"
#include "store/gap.h"

LOG_MODULE("listener");

#define IDLE_MS 500       /* a loop that is to stop is noticed so late */
#define QUIET_MS 20       /* a batch is over when nothing has come for so long */
#define TEND_MS 15000     /* between two looks at the queue and its bindings */
#define WATCH_MS 5000     /* between two notes that the bus is watched */
#define COMPLAIN_MS 10000 /* between two lines about messages that were dropped */

static const struct backoff pauses = { .first_ms = 500, .most_ms = 30000 };

enum message_outcome { MESSAGE_STORED, MESSAGE_IGNORED, MESSAGE_DROPPED };
static DEFINE_COUNTER(messages, "larder_bus_messages_total",
                      "Notifications taken from the bus: stored, of no interest, or dropped and "
                      "why.", { "outcome", "stored|ignored|malformed|oversized|refused" });
static DEFINE_COUNTER(connections, "larder_bus_connections_total",
                      "Connections made to the broker.");
static DEFINE_GAUGE(waiting_messages, "larder_bus_waiting_messages",
                    "Messages in the queue when it was last looked at.");
static DEFINE_GAUGE(bus_up, "larder_bus_up", "Whether this listener is connected to the broker.");
static const int64_t lag_bounds_ms[] = { 100, 250, 500, 1000, 2500, 5000, 15000, 60000, 300000,
                                         3600000 };
static DEFINE_HISTOGRAM(lag, "larder_bus_lag_seconds",
                        "Age of the newest notification of a batch when the store has it.",
                        lag_bounds_ms);

enum dropped { DROPPED_MALFORMED, DROPPED_OVERSIZED, DROPPED_REFUSED, DROPPED_KINDS };

struct listener {
    struct listener_setup setup;
    struct loop *loop;
    struct bus *bus;
    int failures; /* in a row */
    char pool_project[ID_SIZE];
    struct boot_event *events; /* of the batch; room for all of its messages */
    size_t count, received;
    int64_t newest_ms;       /* of the events so far */
    int64_t complained_ms;   /* monotonic, like the next two */
    int64_t tended_ms, watched_ms;
    int64_t quiet;           /* dropped since the last complaint */
    struct gap gap;          /* to be noted; from_ms 0: none */
    atomic_llong total, stored, dropped[DROPPED_KINDS], connects, waiting;
    atomic_bool connected;
};

/* ---- messages ---- */

/* What is dropped is told, but no flood of it can fill the log.  The sentence quotes nothing. */
static void drop(struct listener *listener, enum dropped kind, const char *why)
{
    int64_t now_ms = clock_monotonic_ms();

    atomic_fetch_add(&listener->dropped[kind], 1);
    metric_count(&messages, MESSAGE_DROPPED + (int)kind, 0);
    listener->quiet++;
    if (listener->complained_ms && now_ms - listener->complained_ms < COMPLAIN_MS)
        return;
    log_warning("message dropped, %" PRId64 " since the last such line: %s", listener->quiet, why);
    listener->complained_ms = now_ms;
    listener->quiet = 0;
}

static void take_message(struct listener *listener, const struct bus_message *message,
                         int64_t now_ms)
{
    struct boot_event *event = &listener->events[listener->count];
    struct error error = { 0 };
    int status = bus_decode(message->body, message->length, event, &error);

    listener->received++;
    atomic_fetch_add_explicit(&listener->total, 1, memory_order_relaxed);
    if (status < 0) {
        drop(listener, status == -E2BIG ? DROPPED_OVERSIZED : DROPPED_MALFORMED, error.message);
    } else if (status > 0) {
        event_sober(event, now_ms);
        if (event->at_ms > listener->newest_ms)
            listener->newest_ms = event->at_ms;
        listener->count++;
    } else {
        metric_count(&messages, MESSAGE_IGNORED, 0);
    }
}

/* Waits for a first message; what comes within the batch's time goes with it. */
static int take_batch(struct listener *listener, struct error *error)
{
    const struct bus_options *options = listener->setup.options;
    int64_t now_ms = clock_now_ms(), end_ms = 0;

    listener->count = listener->received = 0;
    while (listener->received < (size_t)options->batch && !loop_is_stopping(listener->loop)) {
        int64_t left_ms = end_ms ? end_ms - clock_monotonic_ms() : IDLE_MS;
        struct bus_message message;
        int status;

        if (left_ms < 0)
            break;
        status = bus_next(listener->bus, end_ms && left_ms > QUIET_MS ? QUIET_MS : left_ms,
                          &message, error);
        if (status <= 0)
            return status;
        if (!end_ms)
            end_ms = clock_monotonic_ms() + options->batch_ms;
        take_message(listener, &message, now_ms);
    }
    return 0;
}

/* ---- the store ---- */

static int store_some(struct listener *listener, struct store *store, size_t from, size_t count,
                      struct error *error)
{
    const struct harvest harvest = { .events = listener->events + from, .count = count,
                                     .pool_project = listener->pool_project,
                                     .now_ms = clock_now_ms() };

    return sinks_take(store, &harvest, error);
}

static bool is_refusal(int status)
{
    return status == -EINVAL || status == -ERANGE;
}

/* Where the store refuses a value that passed all checks, one message must not hold up all. */
static int store_singly(struct listener *listener, struct store *store, struct error *error)
{
    for (size_t i = 0; i < listener->count; i++) {
        struct error failure = { 0 };
        int status = store_some(listener, store, i, 1, &failure);

        if (is_refusal(status)) {
            drop(listener, DROPPED_REFUSED, failure.message);
        } else if (status < 0) {
            if (error)
                *error = failure;
            return status;
        }
    }
    return 0;
}

static int store_batch(struct listener *listener, struct store *store, struct error *error)
{
    struct error failure = { 0 };
    int status = store_some(listener, store, 0, listener->count, &failure);

    if (is_refusal(status))
        return store_singly(listener, store, error);
    if (status < 0 && error)
        *error = failure;
    return status;
}

/* Until when all is known: until now when the queue is empty, else as far as it was read. */
static int note_watch(struct listener *listener, struct store *store, struct error *error)
{
    bool behind = listener->received >= (size_t)listener->setup.options->batch;
    int64_t now_ms = clock_monotonic_ms();
    int status;

    if (listener->watched_ms && now_ms - listener->watched_ms < WATCH_MS)
        return 0;
    if (behind && !listener->newest_ms)
        return 0;
    status = watch_note(store, SOURCE_BUS, behind ? listener->newest_ms : clock_now_ms(), error);
    if (status >= 0)
        listener->watched_ms = now_ms;
    return status;
}

/* ---- gaps ---- */

/* Told of a gap, the listener keeps it until the store has it. */
static int note_gap(struct listener *listener, struct store *store, struct error *error)
{
    struct gap *gap = &listener->gap;
    int status;

    if (!gap->from_ms)
        return 0;
    status = gap_note(store, SOURCE_BUS, gap->from_ms, gap->until_ms, gap->reason, error);
    if (status < 0)
        return status;
    log_warning("what was told in %" PRId64 " s until now is not known: %s",
                (gap->until_ms - gap->from_ms) / 1000, gap->reason);
    gap->from_ms = 0;
    return 0;
}

static void keep_gap(struct listener *listener, int64_t from_ms, const char *reason)
{
    struct gap *gap = &listener->gap;

    if (!from_ms)
        return;
    if (!gap->from_ms || from_ms < gap->from_ms)
        gap->from_ms = from_ms;
    gap->until_ms = clock_now_ms();
    text_copy(gap->reason, sizeof(gap->reason), reason);
}

/* How far the bus was read before; 0 when it never was. */
static int watched_until(struct store *store, int64_t *ret_until_ms, struct error *error)
{
    struct watch watch = { 0 };
    struct error failure = { 0 };
    int status = watch_get(store, SOURCE_BUS, &watch, &failure);

    *ret_until_ms = watch.until_ms;
    if (status < 0 && status != -ENOENT && error)
        *error = failure;
    return status == -ENOENT ? 0 : status;
}

/* ---- the connection ---- */

static int find_project(struct listener *listener, struct error *error)
{
    auto_client *client = NULL;
    int status;

    if (!listener->setup.cloud || listener->pool_project[0])
        return 0;
    status = client_open(listener->setup.cloud, &client, error);
    return status < 0 ? status : client_project_id(client, listener->pool_project, error);
}

static int take_state(struct listener *listener, const struct bus_state *state, int64_t until_ms,
                      struct store *store, struct error *error)
{
    if (state->made)
        keep_gap(listener, until_ms, "the queue had to be made anew");
    if (state->full)
        keep_gap(listener, until_ms, "the queue was full, its oldest messages were dropped");
    if (state->missing)
        log_debug("exchanges that do not exist yet=%" PRId64, state->missing);
    atomic_store(&listener->waiting, state->waiting);
    metric_set(&waiting_messages, state->waiting, 0, 0);
    listener->tended_ms = clock_monotonic_ms();
    return note_gap(listener, store, error);
}

static int tend(struct listener *listener, struct store *store, struct error *error)
{
    struct bus_state state;
    int64_t until_ms;
    int status = bus_tend(listener->bus, &state, error);

    if (status >= 0)
        status = watched_until(store, &until_ms, error);
    return status < 0 ? status : take_state(listener, &state, until_ms, store, error);
}

static int connect_bus(struct listener *listener, struct store *store, struct error *error)
{
    struct bus_state state;
    int64_t until_ms = 0;
    int status = watched_until(store, &until_ms, error);

    if (status >= 0)
        status = find_project(listener, error);
    if (status >= 0)
        status = bus_connect(listener->bus, &state, error);
    if (status < 0)
        return status;
    atomic_fetch_add(&listener->connects, 1);
    metric_count(&connections, 0, 0);
    return take_state(listener, &state, until_ms, store, error);
}

static int prepare(struct listener *listener, struct store *store, struct error *error)
{
    if (!bus_is_connected(listener->bus))
        return connect_bus(listener, store, error);
    if (clock_monotonic_ms() - listener->tended_ms < TEND_MS)
        return 0;
    return tend(listener, store, error);
}

/* ---- the turn ---- */

static void note_stored(const struct listener *listener)
{
    if (!listener->count)
        return;
    metric_add(&messages, (int64_t)listener->count, MESSAGE_STORED, 0);
    metric_observe(&lag, clock_now_ms() - listener->newest_ms, 0, 0);
}

static int receive(struct listener *listener, struct store *store, struct error *error)
{
    int status = take_batch(listener, error);

    if (status >= 0)
        status = store_batch(listener, store, error);
    if (status >= 0)
        status = bus_acknowledge(listener->bus, error);
    if (status < 0)
        return status;
    atomic_fetch_add_explicit(&listener->stored, (long long)listener->count, memory_order_relaxed);
    note_stored(listener);
    return note_watch(listener, store, error);
}

/* The first failures are ordinary: a broker or a database that restarts. */
static int64_t back_off(struct listener *listener, const struct error *error)
{
    int64_t delay_ms = backoff_delay_ms(&pauses, ++listener->failures, random_below(UINT32_MAX));

    bus_disconnect(listener->bus);
    log_write(listener->failures > 3 ? LOG_ERROR : LOG_WARNING, log_module_,
              "not listening, next try in %" PRId64 " ms: %s", delay_ms, error->message);
    return delay_ms;
}

static int64_t turn(struct loop *loop, void *context)
{
    struct listener *listener = context;
    struct error error = { 0 };
    auto_store *store = NULL;
    int status;

    listener->loop = loop;
    status = store_borrow(listener->setup.database, &store, &error);
    if (status >= 0)
        status = prepare(listener, store, &error);
    if (status >= 0)
        status = receive(listener, store, &error);
    atomic_store(&listener->connected, status >= 0);
    metric_set(&bus_up, status >= 0, 0, 0);
    if (status < 0)
        return back_off(listener, &error);
    listener->failures = 0;
    return 0;
}

/* ---- start and stop ---- */

static void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    bus_close(listener->bus);
    free(listener->events);
    free(listener);
}

DEFINE_CLEANUP(listener, struct listener *, listener_free);
#define auto_listener __attribute__((cleanup(listener_cleanup))) struct listener

int listener_start(const struct listener_setup *setup, struct listener **ret_listener,
                   struct error *error)
{
    auto_listener *listener = calloc(1, sizeof(*listener));
    int status;

    if (listener)
        listener->events = calloc((size_t)setup->options->batch, sizeof(*listener->events));
    if (!listener || !listener->events)
        return error_set(error, -ENOMEM, "no memory for the listener");
    listener->setup = *setup;
    status = bus_open(setup->options, &listener->bus, error);
    if (status >= 0)
        status = loop_start("listener", turn, listener, &listener->loop, error);
    if (status < 0)
        return status;
    *ret_listener = steal(&listener);
    return 0;
}

int listener_stop(struct listener *listener, int64_t grace_ms)
{
    if (!listener)
        return 0;
    if (loop_stop(listener->loop, grace_ms) < 0)
        return -ETIMEDOUT;
    listener_free(listener);
    return 0;
}

void listener_count(struct listener *listener, struct listener_counts *ret_counts)
{
    *ret_counts = (struct listener_counts){
        .received = atomic_load(&listener->total),
        .events = atomic_load(&listener->stored),
        .malformed = atomic_load(&listener->dropped[DROPPED_MALFORMED]),
        .oversized = atomic_load(&listener->dropped[DROPPED_OVERSIZED]),
        .refused = atomic_load(&listener->dropped[DROPPED_REFUSED]),
        .connects = atomic_load(&listener->connects),
        .waiting = atomic_load(&listener->waiting),
        .connected = atomic_load(&listener->connected),
    };
}
