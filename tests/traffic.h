/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic on the bus: boots as the captures tell of them, each with ids of its own, published as
 * services do, and confirmed by the broker.
 */
#ifndef LARDER_TESTS_TRAFFIC_H
#define LARDER_TESTS_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/store.h"

#define TRAFFIC_VOLUME_EVERY 4 /* so many boots have one from a volume among them */

/* The messages of a boot. */
struct traffic;
struct traffic *traffic_load(const char *directory); /* of captures; the program's until it ends */
size_t traffic_messages(const struct traffic *traffic, int64_t boot);

struct traffic_message {
    const char *exchange, *routing_key;
    const char *body; /* until the next one is made */
    size_t length;
};
/* The message 'index' of boot number 'boot'. */
void traffic_make(struct traffic *traffic, int64_t boot, size_t index,
                  struct traffic_message *ret_message);
/* The id of a boot's instance. */
void traffic_instance(int64_t boot, char ret_id[static ID_SIZE]);

/* How much of what 'boots' boots tell is not in the store, and how much is there twice. */
int64_t traffic_lost(struct store *store, int64_t boots);

/* A publisher; functions return 0, or -1 when the connection is of no use any more. */
struct feed;
struct feed *feed_open(const char *transport_url); /* NULL: cannot connect; makes the exchanges */
void feed_close(struct feed *feed);
int feed_publish(struct feed *feed, const char *exchange, const char *routing_key,
                 const char *body, size_t length);
int feed_confirm(struct feed *feed); /* waits until the broker has all of it */
/* All messages of the boots from 'from' until before 'until'; reconnects and repeats until the
 * broker has confirmed each.  '*feed' may be NULL. */
void feed_boots(struct feed **feed, const char *transport_url, struct traffic *traffic,
                int64_t from, int64_t until);
/* Makes a queue that is bound as the listener's is. */
void feed_queue(struct feed *feed, const char *queue);
/* Receives and acknowledges 'count' messages and does nothing with them; returns the seconds. */
double feed_drain(const char *transport_url, const char *queue, int64_t count, int64_t batch);
/* How many messages wait in a queue; -1: it cannot be asked. */
int64_t feed_count(struct feed *feed, const char *queue);
/* Deletes a queue; returns how many messages were in it. */
int64_t feed_delete(struct feed *feed, const char *queue);
/* Whether the queue is a quorum queue that has no other arguments. */
bool feed_is_quorum(const char *transport_url, const char *queue);

/* Kills or starts a server of the test: again("kill", "rabbitmq"). */
void again(const char *what, const char *server);

#endif
