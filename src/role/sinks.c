/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sinks, and what all of them may rely on. */
#include "base/cleanup.h"
#include "role/sink.h"

#define MINUTE_MS (60 * 1000LL)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define AHEAD_MS (5 * MINUTE_MS) /* so much may clocks differ */

/* In this order: sightings find the requests of ports among the boots. */
static const sink sinks[] = {
    sink_boots,
    sink_sightings,
    sink_images,
    sink_changes,
};

struct taking {
    const struct harvest *harvest;
};

static int take(struct store *store, void *context, struct error *error)
{
    const struct taking *taking = context;
    int status = 0;

    for (size_t i = 0; i < ARRAY_SIZE(sinks) && status >= 0; i++)
        status = sinks[i](store, taking->harvest, error);
    return status;
}

int sinks_take(struct store *store, const struct harvest *harvest, struct error *error)
{
    struct taking taking = { .harvest = harvest };

    return harvest->count ? store_transaction(store, take, &taking, error) : 0;
}

static int64_t within(int64_t time_ms, int64_t from_ms, int64_t until_ms, int64_t otherwise_ms)
{
    return time_ms >= from_ms && time_ms <= until_ms ? time_ms : otherwise_ms;
}

static void sober_boot(struct boot *boot, bool made, int64_t at_ms)
{
    boot->asked_ms = within(boot->asked_ms, made ? at_ms - DAY_MS : 1, at_ms + AHEAD_MS, at_ms);
    if (boot->finished_ms)
        boot->finished_ms = within(boot->finished_ms, boot->asked_ms, at_ms + AHEAD_MS, at_ms);
    if (boot->deleted_ms)
        boot->deleted_ms = within(boot->deleted_ms, boot->asked_ms, at_ms + AHEAD_MS, at_ms);
}

void event_sober(struct boot_event *event, int64_t now_ms)
{
    event->at_ms = within(event->at_ms, now_ms - 7 * DAY_MS, now_ms + AHEAD_MS, now_ms);
    if (event->kind == EVENT_INSTANCE)
        sober_boot(&event->instance, event->change == CHANGE_MADE, event->at_ms);
}
