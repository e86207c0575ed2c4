/* SPDX-License-Identifier: Apache-2.0 */
/* What bears on demand from outside; see factors.h. */
#include "predict/factors.h"

#include <math.h>
#include <stdlib.h>

int32_t zone_offset(const struct zone *zone, int64_t time_s)
{
    size_t at = zone ? zone->count : 0;

    if (at == 0)
        return 0;
    while (at > 1 && zone->changes[at - 1].from_s > time_s)
        at--;
    return zone->changes[at - 1].offset_s;
}

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo, 1991), 32 bits. */
uint32_t event_of_name(const char *name)
{
    uint32_t hash = 0x811c9dc5U;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x01000193U;
    return hash ? hash : 1;
}

static int compare(const void *left, const void *right)
{
    const struct occurrence *a = left, *b = right;

    if (a->from_s != b->from_s)
        return a->from_s < b->from_s ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

void occurrences_sort(struct occurrence *occurrences, size_t count)
{
    if (count > 1)
        qsort(occurrences, count, sizeof(occurrences[0]), compare);
}

int64_t occurrences_longest_s(const struct occurrence *occurrences, size_t count)
{
    int64_t longest_s = 0;

    for (size_t i = 0; i < count; i++)
        if (occurrences[i].until_s - occurrences[i].from_s > longest_s)
            longest_s = occurrences[i].until_s - occurrences[i].from_s;
    return longest_s;
}

float input_at(const struct inputs *inputs, int which, int64_t now_s, int lag)
{
    const float *values = inputs ? inputs->values[which] : NULL;
    int64_t step = (now_s - INPUT_SETTLE_S) / INPUT_STEP_S - 1 - lag;

    if (!values || step < inputs->first_step ||
        step >= inputs->first_step + (int64_t)inputs->steps)
        return NAN;
    return values[step - inputs->first_step];
}
