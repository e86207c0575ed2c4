/* SPDX-License-Identifier: Apache-2.0 */
/* Forecasts for one length of interval; see lane.h. */
#include "predict/lane.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "predict/state.h"

#define CODE_STEP 4000.0F
#define MOST_LOG 16.0F
#define RIDGE COUNT_EXPERTS
#define TREE_FIRST (COUNT_EXPERTS + 1)
#define DISPERSION_GAIN 0.01F
#define MOST_DISPERSION 200.0F
#define CALIBRATION_GAIN 0.02F
#define MOST_SHIFT 2.0F
#define LEAST_SPREAD 0.1F
#define MOST_STORED 1e12F /* no number of a lane grows beyond */

static const int tree_nodes[TREE_LEVELS] = { 2, 4, 5, 6, 7 };

static uint16_t pack(float value)
{
    return (uint16_t)(fminf(log1pf(fmaxf(value, 0)), MOST_LOG) * CODE_STEP + 0.5F);
}

static float unpack(uint16_t code)
{
    return expm1f((float)code / CODE_STEP);
}

void lane_init(struct lane *lane, int window)
{
    memset(lane, 0, sizeof(*lane));
    lane->window = (int16_t)window;
    for (int i = 0; i < COUNT_EXPERTS; i++)
        lane->dispersion[i] = 2;
}

/* ---- experts ---- */

/* The levels that no tree was grown for lie as what is left of the ridge does between those. */
static void fill_between(const struct ridge *ridge, float logs[static NODES])
{
    const float *around = ridge->around;
    float wide = (logs[4] - logs[2]) / fmaxf(around[4] - around[2], 1e-3F);
    float tail = (logs[7] - logs[6]) / fmaxf(around[7] - around[6], 1e-3F);

    wide = fminf(fmaxf(wide, 0), 3);
    tail = fminf(fmaxf(tail, 0.5F), 2);
    logs[0] = logs[2] + wide * (around[0] - around[2]);
    logs[1] = logs[2] + wide * (around[1] - around[2]);
    logs[3] = logs[2] + wide * (around[3] - around[2]);
    logs[8] = logs[7] + tail * fmaxf(around[8] - around[7], 0);
}

static void to_demand(float values[static NODES])
{
    for (int i = 0; i < NODES; i++)
        values[i] = expm1f(fminf(fmaxf(values[i], 0), MOST_LOG));
    nodes_order(values);
}

/* Regressions know of no events: what they say is of a time without. */
static void multiply(float nodes[static NODES], float effect)
{
    for (int i = 0; i < NODES; i++)
        nodes[i] *= effect;
}

static void ask_regressions(const struct lane *lane, const struct past *past,
                            struct opinion *opinion)
{
    float features[FEATURES], centre;
    uint8_t codes[TREE_INPUTS];

    features_make(&past->view, &past->clock, past->levels, past->view.count - 1, lane->window,
                  features);
    centre = ridge_predict(&lane->ridge, features);
    for (int i = 0; i < TREE_FEATURES; i++)
        codes[i] = tree_code(features[i]);
    codes[TREE_FEATURES] = tree_code(centre);
    for (int i = 0; i < NODES; i++)
        opinion->experts[RIDGE][i] = centre + lane->ridge.around[i];
    to_demand(opinion->experts[RIDGE]);
    multiply(opinion->experts[RIDGE], past->effect);
    for (int kind = 0; kind < TREE_KINDS; kind++) {
        float *nodes = opinion->experts[TREE_FIRST + kind];

        for (int i = 0; i < TREE_LEVELS; i++)
            nodes[tree_nodes[i]] =
                (kind ? centre : 0) + trees_predict(&lane->trees[kind][i], codes);
        fill_between(&lane->ridge, nodes);
        to_demand(nodes);
        multiply(nodes, past->effect);
    }
}

/* Who has nothing to say yet says what the others say. */
static void ask_nobody(struct opinion *opinion)
{
    for (int expert = RIDGE; expert < EXPERTS; expert++)
        for (int i = 0; i < NODES; i++)
            opinion->experts[expert][i] =
                (opinion->experts[0][i] + opinion->experts[1][i] + opinion->experts[2][i]) / 3;
}

static void combine(const struct lane *lane, struct opinion *opinion)
{
    float shares[NODES][EXPERTS];

    weights_now(&lane->weights, shares);
    for (int i = 0; i < NODES; i++) {
        opinion->combined[i] = 0;
        for (int expert = 0; expert < EXPERTS; expert++)
            opinion->combined[i] += shares[i][expert] * opinion->experts[expert][i];
    }
    nodes_order(opinion->combined);
}

/* From the middle outward: each level answers for itself as far as the inner ones let it. */
static void keep_order(float nodes[static NODES])
{
    for (int i = 3; i < NODES; i++)
        nodes[i] = fmaxf(nodes[i], nodes[i - 1]);
    for (int i = 1; i >= 0; i--)
        nodes[i] = fminf(nodes[i], nodes[i + 1]);
}

/* Moves each quantile by its shift, in units of the forecast's own spread. */
static void calibrate(const struct lane *lane, struct opinion *opinion)
{
    float middle = log1pf(opinion->combined[2]);
    float spread = fmaxf(log1pf(opinion->combined[5]) - middle, LEAST_SPREAD);

    for (int i = 0; i < NODES; i++) {
        float value = log1pf(opinion->combined[i]);
        float moved = value + lane->shift[i] * spread * fminf(value, 1);

        opinion->said[i] = expm1f(fminf(fmaxf(moved, 0), MOST_LOG));
    }
    keep_order(opinion->said);
}

void lane_ask(const struct lane *lane, const struct past *past, struct opinion *ret_opinion)
{
    counts_means(past->counts, past->levels, past->place, lane->window, ret_opinion->means);
    for (int i = 0; i < COUNT_EXPERTS; i++) {
        ret_opinion->means[i] *= past->effect;
        counts_nodes(ret_opinion->means[i], lane->dispersion[i], past->batches,
                     ret_opinion->experts[i]);
    }
    if (lane->fitted > 0)
        ask_regressions(lane, past, ret_opinion);
    else
        ask_nobody(ret_opinion);
    combine(lane, ret_opinion);
    calibrate(lane, ret_opinion);
}

/* ---- judgement ---- */

static void learn_dispersion(struct lane *lane, const struct pending *pending,
                             double variance_unit)
{
    for (int i = 0; i < COUNT_EXPERTS; i++) {
        float mean = unpack(pending->means[i]), error = pending->demand - mean;
        float ratio = error * error / (fmaxf(mean, 0.05F) * (float)variance_unit);

        lane->dispersion[i] +=
            DISPERSION_GAIN * (fminf(ratio, MOST_DISPERSION) - lane->dispersion[i]);
    }
}

static void learn_shift(struct lane *lane, const struct pending *pending)
{
    for (int i = 0; i < NODES; i++) {
        float said = unpack(pending->said[i]);
        float missed = node_levels[i] - covers(said, pending->demand);

        if (said <= 0 && missed < 0)
            continue; /* nothing is as low as it gets */
        lane->shift[i] += CALIBRATION_GAIN * missed;
        lane->shift[i] = fminf(fmaxf(lane->shift[i], -MOST_SHIFT), MOST_SHIFT);
    }
}

static void settle(struct lane *lane, struct pending *pending, float level, double variance_unit)
{
    float experts[EXPERTS][NODES], combined[NODES];

    for (int i = 0; i < NODES; i++) {
        combined[i] = unpack(pending->combined[i]);
        for (int expert = 0; expert < EXPERTS; expert++)
            experts[expert][i] = unpack(pending->experts[expert][i]);
    }
    weights_learn(&lane->weights, experts, combined, pending->demand,
                  level * (float)lane->window + 0.1F);
    learn_dispersion(lane, pending, variance_unit);
    learn_shift(lane, pending);
}

void lane_judge(struct lane *lane, float demand, int known, float level, double variance_unit)
{
    for (int i = 0; i < PENDINGS; i++) {
        struct pending *pending = &lane->pending[i];

        if (pending->left == 0)
            continue;
        pending->demand += demand;
        pending->known = (int16_t)(pending->known + known);
        if (--pending->left == 0 && pending->known == lane->window)
            settle(lane, pending, level, variance_unit);
    }
    if (lane->wait > 0)
        lane->wait--;
}

int lane_due(const struct lane *lane)
{
    return lane->wait == 0;
}

void lane_remember(struct lane *lane, const struct opinion *opinion)
{
    struct pending *pending = lane->pending;

    while (pending < lane->pending + PENDINGS && pending->left > 0)
        pending++;
    if (pending == lane->pending + PENDINGS)
        return;
    pending->demand = 0;
    pending->known = 0;
    pending->left = lane->window;
    lane->wait = (int16_t)((lane->window + PENDINGS - 1) / PENDINGS);
    for (int i = 0; i < COUNT_EXPERTS; i++)
        pending->means[i] = pack(opinion->means[i]);
    for (int i = 0; i < NODES; i++) {
        pending->combined[i] = pack(opinion->combined[i]);
        pending->said[i] = pack(opinion->said[i]);
        for (int expert = 0; expert < EXPERTS; expert++)
            pending->experts[expert][i] = pack(opinion->experts[expert][i]);
    }
}

/* ---- what was stored ---- */

static int trees_are_sound(const struct trees *trees)
{
    for (int i = 0; i < TREES; i++)
        for (int depth = 0; depth < 2; depth++)
            if (trees->trees[i].input[depth] >= TREE_INPUTS)
                return 0;
    return numbers_within(&trees->start, 1, -MOST_STORED, MOST_STORED);
}

static int pending_is_sound(const struct pending *pending, int window)
{
    return pending->left >= 0 && pending->left <= window && pending->known >= 0 &&
           pending->known <= window && numbers_within(&pending->demand, 1, 0, MOST_STORED);
}

int lane_is_sound(const struct lane *lane, int window)
{
    const float *regrets = &lane->weights.regret[0][0];
    const float *ridge = &lane->ridge.constant;
    int sound = lane->window == window && lane->wait >= 0 && lane->wait <= window &&
                lane->fitted >= 0 &&
                numbers_within(lane->dispersion, COUNT_EXPERTS, 0, MOST_DISPERSION) &&
                numbers_within(lane->shift, NODES, -MOST_SHIFT, MOST_SHIFT) &&
                numbers_within(regrets, (size_t)NODES * EXPERTS, -MOST_STORED, MOST_STORED) &&
                numbers_within(ridge, sizeof(lane->ridge) / sizeof(float), -MOST_STORED,
                               MOST_STORED);

    for (int i = 0; i < TREE_KINDS * TREE_LEVELS; i++)
        sound = sound && trees_are_sound(&lane->trees[i / TREE_LEVELS][i % TREE_LEVELS]);
    for (int i = 0; i < PENDINGS; i++)
        sound = sound && pending_is_sound(&lane->pending[i], window);
    return sound;
}
