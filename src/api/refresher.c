/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that keeps tokens fresh; see refresher.h.  Which are due, the room cloud knows. */
#include "api/refresher.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cloud/cloud.h"

LOG_MODULE("api");

#define LOOK_EVERY_MS 250
#define PAUSE_MS 2000 /* when Keystone cannot be asked; each call has had its own retries */

struct refresher {
    pthread_mutex_t lock;
    pthread_cond_t stop;
    pthread_t thread;
    bool stopping;
    bool failing; /* which is said once */
    struct cloud *cloud;
    struct client *client;
};

static void tell_failure(struct refresher *refresher, const struct error *error)
{
    if (!refresher->failing)
        log_warning("Keystone cannot be asked about the hooks' tokens; each is good until what is "
                    "known of it ends: %s", error->message);
    refresher->failing = true;
}

static void tell_success(struct refresher *refresher)
{
    if (refresher->failing)
        log_info("Keystone can be asked about the hooks' tokens again");
    refresher->failing = false;
}

/* One token; returns for how long to wait before the next. */
static int64_t refresh(struct refresher *refresher)
{
    char request_id[REQUEST_ID_SIZE];
    struct error error = { 0 };
    int status = 0;

    text_make_request_id(request_id); /* under which Keystone's log has the question */
    log_set_context(NULL, request_id, NULL, NULL);
    if (!refresher->client)
        status = client_open(refresher->cloud, &refresher->client, &error);
    if (!status)
        status = identity_refresh(refresher->client, clock_now_ms(), &error);
    if (status == -ENOENT)
        return LOOK_EVERY_MS;
    if (status)
        tell_failure(refresher, &error);
    else
        tell_success(refresher);
    return status ? PAUSE_MS : 0;
}

/* With the lock. */
static void wait_ms(struct refresher *refresher, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!refresher->stopping
           && pthread_cond_timedwait(&refresher->stop, &refresher->lock, &until) != ETIMEDOUT)
        ;
}

static void *run(void *context)
{
    struct refresher *refresher = context;
    int64_t pause_ms;

    pthread_mutex_lock(&refresher->lock);
    while (!refresher->stopping) {
        pthread_mutex_unlock(&refresher->lock);
        pause_ms = refresh(refresher);
        pthread_mutex_lock(&refresher->lock);
        wait_ms(refresher, pause_ms);
    }
    pthread_mutex_unlock(&refresher->lock);
    return NULL;
}

int refresher_new(struct cloud *cloud, struct refresher **ret_refresher)
{
    struct refresher *refresher = calloc(1, sizeof(*refresher));
    pthread_condattr_t attributes;
    int status;

    if (!refresher)
        return -ENOMEM;
    refresher->cloud = cloud;
    pthread_mutex_init(&refresher->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&refresher->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    status = pthread_create(&refresher->thread, NULL, run, refresher);
    if (status) {
        free(refresher);
        return -status;
    }
    *ret_refresher = refresher;
    return 0;
}

void refresher_free(struct refresher *refresher)
{
    if (!refresher)
        return;
    pthread_mutex_lock(&refresher->lock);
    refresher->stopping = true;
    pthread_cond_signal(&refresher->stop);
    pthread_mutex_unlock(&refresher->lock);
    pthread_join(refresher->thread, NULL);
    client_close(refresher->client);
    pthread_cond_destroy(&refresher->stop);
    pthread_mutex_destroy(&refresher->lock);
    free(refresher);
}
