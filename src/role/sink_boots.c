/* SPDX-License-Identifier: Apache-2.0 */
/* What Nova tells of an instance, joined: a row of a boot for each instance of the batch. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "role/sink.h"

static int by_instance(const void *a, const void *b)
{
    const struct boot *left = a, *right = b;

    return strcmp(left->instance_id, right->instance_id);
}

static size_t collect(const struct harvest *harvest, struct boot *boots)
{
    size_t count = 0;

    for (size_t i = 0; i < harvest->count; i++)
        if (harvest->events[i].kind == EVENT_INSTANCE)
            boots[count++] = harvest->events[i].instance;
    return count;
}

/* Sorted, so that two listeners take their locks in the same order. */
static size_t join(struct boot *boots, size_t count)
{
    size_t kept = 0;

    qsort(boots, count, sizeof(*boots), by_instance);
    for (size_t i = 0; i < count; i++) {
        if (kept && by_instance(&boots[kept - 1], &boots[i]) == 0)
            boot_join(&boots[kept - 1], &boots[i]);
        else
            boots[kept++] = boots[i];
    }
    return kept;
}

int sink_boots(struct store *store, const struct harvest *harvest, struct error *error)
{
    autofree struct boot *boots = malloc((harvest->count + 1) * sizeof(*boots));

    if (!boots)
        return error_set(error, -ENOMEM, "no memory for %zu boots", harvest->count);
    return boots_note(store, boots, join(boots, collect(harvest, boots)), error);
}
