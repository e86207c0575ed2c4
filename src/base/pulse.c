/* SPDX-License-Identifier: Apache-2.0 */
/* Pulses in a fixed table: a thread takes a free row, whoever looks reads them all; see pulse.h. */
#include "base/pulse.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum use { USE_FREE, USE_TAKING, USE_OPEN };

struct pulse {
    _Atomic int use;
    char role[PULSE_ROLE_SIZE]; /* written while USE_TAKING */
    _Atomic bool turning;
    _Atomic int64_t beat_ms;   /* monotonic */
    _Atomic int64_t turned_ms; /* end of the last turn; 0: none yet */
};

static struct pulse pulses[PULSES_MOST];
static _Thread_local struct pulse *own; /* while the thread is in a turn */

struct pulse *pulse_open(const char *role)
{
    for (size_t i = 0; i < PULSES_MOST; i++) {
        struct pulse *pulse = &pulses[i];
        int free = USE_FREE;

        if (!atomic_compare_exchange_strong(&pulse->use, &free, USE_TAKING))
            continue;
        text_copy(pulse->role, sizeof(pulse->role), role);
        atomic_store(&pulse->turning, false);
        atomic_store(&pulse->beat_ms, clock_monotonic_ms());
        atomic_store(&pulse->turned_ms, 0);
        atomic_store(&pulse->use, USE_OPEN);
        return pulse;
    }
    return NULL;
}

void pulse_close(struct pulse *pulse)
{
    if (pulse)
        atomic_store(&pulse->use, USE_FREE);
}

void pulse_begin(struct pulse *pulse)
{
    if (!pulse)
        return;
    atomic_store(&pulse->beat_ms, clock_monotonic_ms());
    atomic_store(&pulse->turning, true);
    own = pulse;
}

void pulse_beat(void)
{
    if (own)
        atomic_store(&own->beat_ms, clock_monotonic_ms());
}

void pulse_end(struct pulse *pulse)
{
    if (!pulse)
        return;
    atomic_store(&pulse->turned_ms, clock_monotonic_ms());
    atomic_store(&pulse->turning, false);
    own = NULL;
}

/* How long a turn has gone on without a beat, when that is too long; else 0. */
static int64_t late_by(const struct pulse *pulse, int64_t now_ms, int64_t late_after_ms)
{
    int64_t still_ms = now_ms - atomic_load(&pulse->beat_ms);

    return atomic_load(&pulse->turning) && still_ms > late_after_ms ? still_ms : 0;
}

static struct pulse_role *find_role(struct pulse_role *roles, size_t *count, size_t most,
                                    const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(roles[i].role, name) == 0)
            return &roles[i];
    if (*count == most)
        return NULL;
    roles[*count] = (struct pulse_role){ .threads = 0 };
    text_copy(roles[*count].role, PULSE_ROLE_SIZE, name);
    return &roles[(*count)++];
}

size_t pulse_roles(int64_t now_ms, int64_t late_after_ms, struct pulse_role *ret_roles, size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < PULSES_MOST; i++) {
        const struct pulse *pulse = &pulses[i];
        struct pulse_role *role = NULL;
        int64_t late_ms, turned_ms;

        if (atomic_load(&pulse->use) == USE_OPEN)
            role = find_role(ret_roles, &count, most, pulse->role);
        if (!role)
            continue;
        late_ms = late_by(pulse, now_ms, late_after_ms);
        turned_ms = atomic_load(&pulse->turned_ms);
        role->threads++;
        role->late += late_ms > 0;
        role->oldest_ms = late_ms > role->oldest_ms ? late_ms : role->oldest_ms;
        role->turned_ms = turned_ms > role->turned_ms ? turned_ms : role->turned_ms;
    }
    return count;
}

bool pulse_any_late(int64_t now_ms, int64_t late_after_ms)
{
    for (size_t i = 0; i < PULSES_MOST; i++)
        if (atomic_load(&pulses[i].use) == USE_OPEN &&
            late_by(&pulses[i], now_ms, late_after_ms) > 0)
            return true;
    return false;
}
