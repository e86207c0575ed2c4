/* SPDX-License-Identifier: Apache-2.0 */
/* What events do to demand; see effects.h. */
#include "predict/effects.h"

#include <math.h>
#include <stddef.h>

#define EXPOSURE_MOST 2000.0F /* requests that are remembered of an event */
#define ASKED_MOST 1e8F
#define LEAST_EXPECTED 1e-4F

/* ---- which are on ---- */

/* How many occurrences begin at or before this moment. */
static size_t count_begun(const struct factors *factors, int64_t time_s)
{
    size_t low = 0, high = factors->occurrence_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (factors->occurrences[middle].from_s <= time_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last that is on before 'end', which becomes its place; 0: there is none. */
static uint32_t next_on(const struct factors *factors, int64_t time_s, size_t *end)
{
    while (*end > 0) {
        const struct occurrence *occurrence = &factors->occurrences[--*end];

        if (occurrence->from_s + factors->longest_s <= time_s)
            break;
        if (occurrence->until_s > time_s)
            return occurrence->event;
    }
    *end = 0;
    return 0;
}

/* ---- what they do ---- */

static int find(const struct effects *effects, uint32_t event)
{
    for (int i = 0; i < EFFECTS; i++)
        if (effects->event[i] == event)
            return i;
    return -1;
}

static float factor_at(const struct effects *effects, int at)
{
    float factor = (EFFECT_PRIOR + effects->asked[at]) / (EFFECT_PRIOR + effects->expected[at]);

    return fminf(fmaxf(factor, 1 / EFFECT_MOST), EFFECT_MOST);
}

float effect_of(const struct effects *effects, uint32_t event)
{
    int at = find(effects, event);

    return at < 0 || event == 0 ? 1 : factor_at(effects, at);
}

float effects_at(const struct effects *effects, const struct factors *factors, int64_t time_s)
{
    float factor = 1;
    uint32_t event;

    if (!factors || factors->occurrence_count == 0)
        return 1;
    for (size_t end = count_begun(factors, time_s); (event = next_on(factors, time_s, &end));)
        factor *= effect_of(effects, event);
    return fminf(fmaxf(factor, 1 / EFFECT_MOST), EFFECT_MOST);
}

float effects_over(const struct effects *effects, const struct factors *factors, int64_t from_s,
                   int64_t until_s, int64_t cell_s)
{
    float sum = 0;
    int cells = 0;

    if (!factors || factors->occurrence_count == 0)
        return 1;
    for (int64_t at_s = from_s; at_s < until_s; at_s += cell_s, cells++)
        sum += effects_at(effects, factors, at_s);
    return cells ? sum / (float)cells : 1;
}

/* ---- learning ---- */

static void fade(struct effects *effects, int at)
{
    float keep = EXPOSURE_MOST / effects->expected[at];

    if (keep >= 1)
        return;
    effects->asked[at] *= keep;
    effects->expected[at] *= keep;
}

static int make_room(struct effects *effects, uint32_t event)
{
    int least = 0;

    for (int i = 1; i < EFFECTS; i++)
        if (effects->event[least] && (!effects->event[i] ||
                                      effects->expected[i] < effects->expected[least]))
            least = i;
    effects->event[least] = event;
    effects->asked[least] = effects->expected[least] = 0;
    return least;
}

/* Each learns from what the others leave to be explained. */
static void learn_one(struct effects *effects, uint32_t event, float demand, float expected,
                      float all)
{
    int at = find(effects, event);
    float factor;

    if (at < 0)
        at = make_room(effects, event);
    factor = factor_at(effects, at);
    effects->expected[at] += expected * all / factor;
    effects->asked[at] = fminf(effects->asked[at] + demand, ASKED_MOST);
    fade(effects, at);
}

void effects_learn(struct effects *effects, const struct factors *factors, int64_t time_s,
                   float demand, float expected, float unit)
{
    float all = effects_at(effects, factors, time_s), worth = 1 / fmaxf(unit, 1);
    uint32_t event;

    if (!factors || factors->occurrence_count == 0 || expected < LEAST_EXPECTED)
        return;
    for (size_t end = count_begun(factors, time_s); (event = next_on(factors, time_s, &end));)
        learn_one(effects, event, demand * worth, expected * worth, all);
}
