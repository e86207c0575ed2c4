/* SPDX-License-Identifier: Apache-2.0 */
/* A thread with a bell; see loop.h. */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bell.h"
#include "base/log.h"
#include "base/pulse.h"
#include "base/text.h"

struct loop {
    struct bell bell;
    pthread_t thread;
    struct pulse *pulse;
    loop_turn turn;
    void *context;
};

static void *run(void *argument)
{
    struct loop *loop = argument;
    uint64_t seen = 0;
    int64_t delay_ms;

    do {
        char request_id[REQUEST_ID_SIZE];

        text_make_request_id(request_id);
        log_set_context(NULL, request_id, NULL, NULL);
        pulse_begin(loop->pulse);
        delay_ms = loop->turn(loop, loop->context);
        pulse_end(loop->pulse);
    } while (bell_wait(&loop->bell, &seen, delay_ms > 0 ? delay_ms : 0));
    return NULL;
}

int loop_start(const char *name, loop_turn turn, void *context, struct loop **ret_loop,
               struct error *error)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    int status;

    if (!loop || bell_init(&loop->bell)) {
        free(loop);
        return error_set(error, -ENOMEM, "no memory for the thread %s", name);
    }
    loop->turn = turn;
    loop->pulse = pulse_open(name);
    loop->context = context;
    status = pthread_create(&loop->thread, NULL, run, loop);
    if (status) {
        pulse_close(loop->pulse);
        bell_destroy(&loop->bell);
        free(loop);
        return error_set(error, -status, "cannot start the thread %s: %s", name, strerror(status));
    }
    pthread_setname_np(loop->thread, name);
    *ret_loop = loop;
    return 0;
}

void loop_wake(struct loop *loop)
{
    if (loop)
        bell_ring(&loop->bell);
}

bool loop_is_stopping(struct loop *loop)
{
    pulse_beat();
    return bell_is_closed(&loop->bell);
}

void loop_pause(struct loop *loop, int64_t ms)
{
    pulse_end(loop->pulse); /* it waits, so it does not hang */
    bell_pause(&loop->bell, ms);
    pulse_begin(loop->pulse);
}

int loop_stop(struct loop *loop, int64_t grace_ms)
{
    struct timespec deadline;

    if (!loop)
        return 0;
    bell_close(&loop->bell);
    clock_gettime(CLOCK_REALTIME, &deadline); /* what pthread_timedjoin_np() goes by */
    deadline.tv_sec += grace_ms / 1000;
    if (pthread_timedjoin_np(loop->thread, NULL, &deadline))
        return -ETIMEDOUT;
    pulse_close(loop->pulse);
    bell_destroy(&loop->bell);
    free(loop);
    return 0;
}
