/* SPDX-License-Identifier: Apache-2.0 */
/* A bell: a counter of rings under a condition variable, so that no ring is missed. */
#include "base/bell.h"

#include <errno.h>
#include <time.h>

/* The condition waits by the monotonic clock: a step of the wall clock must not stop a thread. */
int bell_init(struct bell *bell)
{
    pthread_condattr_t attributes;
    int status;

    *bell = (struct bell){ 0 };
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    status = pthread_mutex_init(&bell->lock, NULL);
    if (!status)
        status = pthread_cond_init(&bell->rung, &attributes);
    pthread_condattr_destroy(&attributes);
    return -status;
}

void bell_destroy(struct bell *bell)
{
    pthread_cond_destroy(&bell->rung);
    pthread_mutex_destroy(&bell->lock);
}

static void touch(struct bell *bell, bool close)
{
    pthread_mutex_lock(&bell->lock);
    bell->rings++;
    bell->closed |= close;
    pthread_cond_broadcast(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

void bell_ring(struct bell *bell)
{
    touch(bell, false);
}

void bell_close(struct bell *bell)
{
    touch(bell, true);
}

bool bell_is_closed(struct bell *bell)
{
    bool closed;

    pthread_mutex_lock(&bell->lock);
    closed = bell->closed;
    pthread_mutex_unlock(&bell->lock);
    return closed;
}

static struct timespec deadline_in(int64_t ms)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += ms / 1000;
    deadline.tv_nsec += ms % 1000 * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

bool bell_wait(struct bell *bell, uint64_t *seen, int64_t most_ms)
{
    struct timespec deadline = deadline_in(most_ms);
    int status = 0;
    bool open;

    pthread_mutex_lock(&bell->lock);
    while (!bell->closed && bell->rings == *seen && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&bell->rung, &bell->lock, &deadline);
    *seen = bell->rings;
    open = !bell->closed;
    pthread_mutex_unlock(&bell->lock);
    return open;
}

void bell_pause(struct bell *bell, int64_t ms)
{
    struct timespec deadline = deadline_in(ms);
    int status = 0;

    pthread_mutex_lock(&bell->lock);
    while (!bell->closed && status != ETIMEDOUT)
        status = pthread_cond_timedwait(&bell->rung, &bell->lock, &deadline);
    pthread_mutex_unlock(&bell->lock);
}
