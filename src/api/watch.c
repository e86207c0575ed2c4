/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that ends the connections of slow clients; see watch.h. */
#include "api/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 500

struct watched {
    LIST_ENTRY(watched) link;
    struct watch *watch;
    int socket;       /* our own descriptor: the server may close its own at any moment */
    int64_t since_ms; /* monotonic; 0: at rest */
};

struct watch {
    pthread_mutex_t lock;
    pthread_cond_t stop;
    pthread_t thread;
    bool stopping;
    int64_t most_ms;
    LIST_HEAD(, watched) connections;
};

/* The connection's thread sees the end of the stream, and cleans up. */
static void end_slow_ones(struct watch *watch, int64_t now_ms)
{
    struct watched *watched;

    LIST_FOREACH(watched, &watch->connections, link) {
        if (!watched->since_ms || now_ms - watched->since_ms < watch->most_ms)
            continue;
        shutdown(watched->socket, SHUT_RDWR);
        watched->since_ms = 0;
    }
}

static void *run(void *context)
{
    struct watch *watch = context;
    struct timespec until;

    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        end_slow_ones(watch, clock_monotonic_ms());
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_EVERY_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&watch->stop, &watch->lock, &until);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

int watch_new(int64_t most_ms, struct watch **ret_watch)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    pthread_condattr_t attributes;
    int status;

    if (!watch)
        return -ENOMEM;
    watch->most_ms = most_ms;
    LIST_INIT(&watch->connections);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    status = pthread_create(&watch->thread, NULL, run, watch);
    if (status) {
        free(watch);
        return -status;
    }
    *ret_watch = watch;
    return 0;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_signal(&watch->stop);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stop);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

struct watched *watch_add(struct watch *watch, int socket)
{
    struct watched *watched = calloc(1, sizeof(*watched));

    if (!watched)
        return NULL;
    watched->watch = watch;
    watched->socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    watched->since_ms = clock_monotonic_ms();
    if (watched->socket < 0) {
        free(watched);
        return NULL;
    }
    pthread_mutex_lock(&watch->lock);
    LIST_INSERT_HEAD(&watch->connections, watched, link);
    pthread_mutex_unlock(&watch->lock);
    return watched;
}

void watch_remove(struct watched *watched)
{
    if (!watched)
        return;
    pthread_mutex_lock(&watched->watch->lock);
    LIST_REMOVE(watched, link);
    pthread_mutex_unlock(&watched->watch->lock);
    close(watched->socket);
    free(watched);
}

static void set_since(struct watched *watched, int64_t since_ms)
{
    if (!watched)
        return;
    pthread_mutex_lock(&watched->watch->lock);
    watched->since_ms = since_ms;
    pthread_mutex_unlock(&watched->watch->lock);
}

void watch_rest(struct watched *watched)
{
    set_since(watched, 0);
}

void watch_restart(struct watched *watched)
{
    set_since(watched, clock_monotonic_ms());
}
