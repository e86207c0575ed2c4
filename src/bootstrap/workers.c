/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of the Dynamic Bootstrapping Service: started, woken, given new options, stopped. */
#include "bootstrap/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

LOG_MODULE("bootstrap");

struct thread {
    pthread_t thread;
    void (*run)(struct hand *hand);
    struct hand hand;
};

struct workers {
    struct bell item_bell;   /* workers wait on it */
    struct bell pool_bell;   /* the keeper waits on it */
    struct bell change_bell; /* the inspector waits on it, until the end */
    pthread_mutex_t lock;    /* of options */
    struct bootstrap_options options;
    size_t count;            /* threads that run */
    struct thread threads[]; /* the first is the keeper, the second the inspector */
};

enum role { KEEPER, INSPECTOR, WORKER };
static const struct {
    const char *name;
    void (*run)(struct hand *hand);
    size_t bell;
} roles[] = {
    [KEEPER] = { "keeper", keeper_run, offsetof(struct workers, pool_bell) },
    [INSPECTOR] = { "inspector", inspector_run, offsetof(struct workers, change_bell) },
    [WORKER] = { "worker", worker_run, offsetof(struct workers, item_bell) },
};

void workers_options(struct workers *workers, struct bootstrap_options *ret_options)
{
    pthread_mutex_lock(&workers->lock);
    *ret_options = workers->options;
    pthread_mutex_unlock(&workers->lock);
}

void workers_reload(struct workers *workers, const struct bootstrap_options *options)
{
    pthread_mutex_lock(&workers->lock);
    workers->options = *options;
    pthread_mutex_unlock(&workers->lock);
    workers_wake(workers);
}

void workers_wake(struct workers *workers)
{
    bell_ring(&workers->pool_bell);
}

void workers_call(struct workers *workers)
{
    bell_ring(&workers->item_bell);
}

void hand_complain(struct hand *hand, const char *what, const struct error *error)
{
    if (text_equal(hand->last_error.message, error->message))
        return;
    log_warning("%s: %s", what, error->message);
    hand->last_error = *error;
}

static void *thread_main(void *context)
{
    struct thread *thread = context;

    thread->run(&thread->hand);
    pulse_close(thread->hand.pulse);
    return NULL;
}

static int start_thread(struct workers *workers, const struct bootstrap *bootstrap,
                        struct error *error)
{
    struct thread *thread = &workers->threads[workers->count];
    enum role role = workers->count < WORKER ? (enum role)workers->count : WORKER;
    int status;

    thread->run = roles[role].run;
    thread->hand.workers = workers;
    thread->hand.bootstrap = bootstrap;
    thread->hand.bell = (struct bell *)((char *)workers + roles[role].bell);
    text_make_uuid(thread->hand.owner);
    thread->hand.pulse = pulse_open(roles[role].name);
    status = client_open(bootstrap->cloud, &thread->hand.client, error);
    if (status < 0) {
        pulse_close(thread->hand.pulse);
        return status;
    }
    status = pthread_create(&thread->thread, NULL, thread_main, thread);
    if (status) {
        pulse_close(thread->hand.pulse);
        client_close(thread->hand.client);
        return error_set(error, -status, "cannot start a worker thread: %s", strerror(status));
    }
    workers->count++;
    return 0;
}

static struct workers *new_workers(const struct bootstrap *bootstrap, size_t threads)
{
    struct workers *workers = calloc(1, sizeof(*workers) + threads * sizeof(struct thread));

    if (!workers)
        return NULL;
    workers->options = *bootstrap->options;
    if (pthread_mutex_init(&workers->lock, NULL) || bell_init(&workers->item_bell) ||
        bell_init(&workers->pool_bell) || bell_init(&workers->change_bell)) {
        free(workers);
        return NULL;
    }
    return workers;
}

int workers_start(const struct bootstrap *bootstrap, struct workers **ret_workers,
                  struct error *error)
{
    const struct bootstrap_options *options = bootstrap->options;
    size_t threads = options->observe ? 1 : 2 + (size_t)options->workers;
    struct workers *workers = new_workers(bootstrap, threads);
    int status = 0;

    if (!workers)
        return error_set(error, -ENOMEM, "no memory for %zu worker threads", threads);
    while (workers->count < threads && status >= 0)
        status = start_thread(workers, bootstrap, error);
    if (status < 0) {
        workers_stop(workers, INT32_MAX);
        return status;
    }
    log_info("%zu worker threads and the keeper run", options->observe ? 0 : threads - 2);
    *ret_workers = workers;
    return 0;
}

static int join_until(struct thread *thread, const struct timespec *deadline)
{
    if (pthread_timedjoin_np(thread->thread, NULL, deadline))
        return -ETIMEDOUT;
    client_close(thread->hand.client);
    return 0;
}

int workers_stop(struct workers *workers, int64_t grace_ms)
{
    struct timespec deadline;
    int status = 0;

    if (!workers)
        return 0;
    bell_close(&workers->item_bell);
    bell_close(&workers->pool_bell);
    bell_close(&workers->change_bell);
    clock_gettime(CLOCK_REALTIME, &deadline); /* what pthread_timedjoin_np() goes by */
    deadline.tv_sec += grace_ms / 1000;
    for (size_t i = 0; i < workers->count; i++)
        if (join_until(&workers->threads[i], &deadline) < 0)
            status = -ETIMEDOUT;
    if (status < 0)
        return status; /* what they still use must stay */
    bell_destroy(&workers->item_bell);
    bell_destroy(&workers->pool_bell);
    bell_destroy(&workers->change_bell);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
    return 0;
}
