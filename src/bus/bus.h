/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notification bus: a queue of our own beside Ceilometer's, bound to the exchanges and topics
 * where services publish.  Any number of processes compete on one queue.  A bus belongs to one
 * thread; every call ends in time, and heartbeats are sent while it is in one of them.
 */
#ifndef LARDER_BUS_BUS_H
#define LARDER_BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/options.h"
#include "base/text.h"

struct bus_options {
    char transport_url[2048];
    struct option_list exchanges; /* as services name theirs: control_exchange */
    struct option_list topics;    /* notifications, versioned_notifications */
    char queue[NAME_SIZE];
    bool quorum;        /* when the queue is made: replicated */
    int64_t max_length; /* when it is made: the oldest messages beyond are dropped; 0: no limit */
    int64_t expires_s;  /* when it is made: unused for so long, it goes; 0: never */
    int64_t batch;      /* messages that go to the store together, at most */
    int64_t batch_ms;   /* time in which they gather */
    int64_t heartbeat_s;
    int64_t connect_timeout_s; /* also for each answer of the broker */
    bool ssl;
    char ssl_ca_file[512]; /* "": the broker's certificate is not verified */
    char ssl_cert_file[512], ssl_key_file[512];
};

struct bus;

/* Checks the options; nobody is called yet. */
int bus_open(const struct bus_options *options, struct bus **ret_bus, struct error *error);
void bus_close(struct bus *bus); /* NULL is fine; what was not acknowledged is delivered again */
DEFINE_CLEANUP(bus, struct bus *, bus_close);
#define auto_bus __attribute__((cleanup(bus_cleanup))) struct bus

struct bus_state {
    int64_t waiting; /* messages */
    int64_t missing; /* exchanges that do not exist yet */
    bool full; /* as many wait as the queue may hold: the oldest are being dropped */
    bool made; /* the queue had to be made: what was published since it vanished is lost */
};

/* Connects to one host of the URL after the other, from the last one that did not fail on; makes
 * the queue where there is none, binds it, and begins to consume. */
int bus_connect(struct bus *bus, struct bus_state *ret_state, struct error *error);
void bus_disconnect(struct bus *bus);
bool bus_is_connected(const struct bus *bus);

struct bus_message {
    const char *body; /* until bus_acknowledge(), bus_disconnect() or the next bus_next() */
    size_t length;
};
/* 1: a message; 0: none in time; negative: the connection is of no use any more, and closed. */
int bus_next(struct bus *bus, int64_t timeout_ms, struct bus_message *ret_message,
             struct error *error);
/* All messages that bus_next() gave so far. */
int bus_acknowledge(struct bus *bus, struct error *error);

/* Binds once more, since an exchange may have come into being, and tells how many messages wait and
 * how many exchanges are missing.  To be called now and then. */
int bus_tend(struct bus *bus, struct bus_state *ret_state, struct error *error);

#endif
