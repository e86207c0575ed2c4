/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that nobody should send on the notification bus. */
#include "bus/decode.h"
#include "bus/event.h"
#include "tests/fuzz/fuzz.h"

/* Whatever is said, what comes out is bounded. */
static void check_event(const struct boot_event *event)
{
    fuzz_must_end(event->request_id);
    fuzz_must((unsigned)event->kind < EVENT_KINDS);
    if (event->kind == EVENT_INSTANCE) {
        fuzz_must_end(event->instance.flavor_id);
        fuzz_must(text_is_uuid(event->instance.instance_id));
    }
    if (event->kind == EVENT_PORT)
        fuzz_must(text_is_uuid(event->port.port_id));
    if (event->kind == EVENT_SUBJECT)
        fuzz_must(text_is_id(event->subject.id) && (unsigned)event->subject.subject < SUBJECTS);
    if (event->kind == EVENT_CACHE)
        fuzz_must(event->cache.cached_count <= CACHE_IMAGES_MOST &&
                  event->cache.failed_count <= CACHE_IMAGES_MOST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_event event;
    struct error error = { 0 };
    int status = bus_decode((const char *)data, size, &event, &error);

    if (status > 0)
        check_event(&event);
    fuzz_must(status >= 0 || error.message[0]);
    return 0;
}
