/* SPDX-License-Identifier: Apache-2.0 */
/* What Nova tells of its image caches: which host has which image, and that no more will come. */
#include "base/cleanup.h"
#include "role/sink.h"
#include "store/image_host.h"

struct answers {
    struct image_answer *rows;
    size_t count;
};

static void add(struct answers *answers, const struct boot_event *event, bool cached)
{
    const struct cache_event *cache = &event->cache;
    size_t count = cached ? cache->cached_count : cache->failed_count;

    for (size_t i = 0; i < count; i++) {
        struct image_answer *answer = &answers->rows[answers->count++];

        *answer = (struct image_answer){ .cached = cached, .at_ms = event->at_ms };
        text_copy(answer->image_id, ID_SIZE, cached ? cache->cached[i] : cache->failed[i]);
        text_copy(answer->host, NAME_SIZE, cache->host);
    }
}

static int take_progress(struct store *store, const struct boot_event *event, struct error *error)
{
    struct image_answer rows[2 * CACHE_IMAGES_MOST];
    struct answers answers = { .rows = rows };

    add(&answers, event, true);
    add(&answers, event, false);
    return event->cache.host[0] ? image_hosts_answered(store, rows, answers.count, error) : 0;
}

/* One message after the other: there are few of them, a host or an aggregate each. */
int sink_images(struct store *store, const struct harvest *harvest, struct error *error)
{
    int status = 0;

    for (size_t i = 0; i < harvest->count && status >= 0; i++) {
        const struct boot_event *event = &harvest->events[i];

        if (event->kind != EVENT_CACHE)
            continue;
        if (event->change == CHANGE_CHANGED)
            status = take_progress(store, event, error);
        else if (event->change == CHANGE_ENDED)
            status = image_hosts_ended(store, event->cache.aggregate_id, event->at_ms, error);
    }
    return status;
}
