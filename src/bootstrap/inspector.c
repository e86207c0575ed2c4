/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inspector: a thread that looks at once at what the bus says has changed.  One of all
 * processes does so at a time, by a lease; a second would only ask the services twice.
 */
#include "base/clock.h"
#include "base/log.h"
#include "bootstrap/inspect.h"
#include "bootstrap/worker.h"

#define LEASE "inspect"
#define LEASE_MS 15000 /* of a process that died while it looked */
#define REST_MS 1000   /* between two looks for changes */

/* How many changes were looked at. */
static int inspect_once(struct hand *hand, int64_t now_ms, size_t *ret_count, struct error *error)
{
    struct inspection inspection = { .client = hand->client, .now_ms = now_ms };
    auto_store *store = NULL;
    int status = store_borrow(hand->bootstrap->database, &store, error);

    *ret_count = 0;
    if (status >= 0)
        status = lease_take(store, LEASE, hand->owner, LEASE_MS, now_ms, error);
    if (status <= 0)
        return status;
    inspection.store = store;
    status = inspect_changes(&inspection, ret_count, error);
    lease_drop(store, LEASE, hand->owner, NULL);
    if (inspection.stale_items)
        workers_wake(hand->workers);
    return status;
}

void inspector_run(struct hand *hand)
{
    int64_t wait_ms = 0;
    uint64_t seen = 0;

    while (bell_wait(hand->bell, &seen, wait_ms)) {
        char request_id[REQUEST_ID_SIZE];
        struct error error = { 0 };
        size_t count;
        int status;

        text_make_request_id(request_id);
        log_set_context(NULL, request_id, NULL, NULL);
        pulse_begin(hand->pulse);
        status = inspect_once(hand, clock_now_ms(), &count, &error);
        pulse_end(hand->pulse);
        if (status < 0)
            hand_complain(hand, "changes cannot be looked at", &error);
        else
            hand->last_error.message[0] = '\0';
        wait_ms = status >= 0 && count ? 0 : REST_MS;
    }
}
