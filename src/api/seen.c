/* SPDX-License-Identifier: Apache-2.0 */
/* The recent slots of a subject; see seen.h. */
#include "api/seen.h"

#include <errno.h>
#include <stdlib.h>

#include "store/slot.h"

#define SPAN_MS INT64_C(86400000)
#define SLOTS_MOST (86400 / 60)

struct seen {
    int64_t slot_s, from_ms, until_ms;
    enum series_kind kind;
    struct watching watching;
    size_t count;
    struct slot_count counts[SLOTS_MOST + 1];
};

int seen_read(const struct request *request, enum forecast_subject subject, const char *subject_id,
              struct seen **ret_seen, struct error *error)
{
    int64_t slot_ms = request->api->slot_s * 1000;
    autofree struct seen *seen = calloc(1, sizeof(*seen));
    int status;

    if (!seen)
        return error_set(error, -ENOMEM, "no memory for the slots of a day");
    seen->slot_s = request->api->slot_s;
    seen->until_ms = request->now_ms - request->now_ms % slot_ms;
    seen->from_ms = seen->until_ms - SPAN_MS;
    status = slot_counts_read(request->store, subject, subject_id, slot_ms, seen->from_ms,
                              seen->until_ms, SLOTS_MOST, seen->counts, &seen->count, error);
    if (status >= 0)
        status = subject_kind(request->store, subject, subject_id, &seen->kind, error);
    if (status >= 0)
        status = watching_read(request->store, seen->from_ms, &seen->watching, error);
    if (status < 0)
        return status;
    *ret_seen = steal(&seen);
    return 0;
}

/* A slot says something when something was seen in it, or when nobody looked. */
static void put_slot(struct json_writer *writer, const struct slot_count *count, bool gap)
{
    if (!gap && count->demand == 0 && count->requests == 0)
        return;
    json_begin_object(writer, NULL);
    json_put_time(writer, "start", count->start_ms);
    json_put_int(writer, "demand", count->demand);
    json_put_int(writer, "requests", count->requests);
    json_put_bool(writer, "gap", gap);
    json_end_object(writer);
}

void seen_put(struct json_writer *writer, const struct seen *seen)
{
    const struct slot_count *next = seen->counts, *end = seen->counts + seen->count;
    int64_t slot_ms = seen->slot_s * 1000;

    json_put_int(writer, "slot", seen->slot_s);
    json_put_time(writer, "slots_from", seen->from_ms);
    json_put_time(writer, "slots_until", seen->until_ms);
    json_begin_array(writer, "slots");
    for (int64_t start_ms = seen->from_ms; start_ms < seen->until_ms; start_ms += slot_ms) {
        struct slot_count none = { .start_ms = start_ms };
        bool here = next < end && next->start_ms == start_ms;

        put_slot(writer, here ? next : &none,
                 watching_misses(&seen->watching, seen->kind, start_ms, start_ms + slot_ms));
        next += here;
    }
    json_end_array(writer);
}
