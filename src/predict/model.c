/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series' model: its state, fed slot by slot; see predict.h.
 *
 * The experts call a slot a cell.  What they look back at is a week of five-minute cells (less time
 * where slots are shorter), each kept as one byte: exact to 16 servers, to 3 % beyond.
 */
#include "predict/predict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "predict/effects.h"
#include "predict/lane.h"
#include "predict/nodes.h"
#include "predict/state.h"

#define STATE_VERSION 3
#define DAY_S 86400
#define LEAST_SLOT_S 10
#define MOST_SLOT_S 3600
#define RING FEATURE_REACH
#define RING_CODES 18.4F      /* for each factor of e */
#define BATCH_HALF_LIFE 400.0 /* in requests: sizes are forgotten by use, not by time */
#define LANES 2
#define MOST_DEMAND 1000000
#define MOST_TIME_S (INT64_C(1) << 40)
#define REFIT_MOST 100000 /* slots */
#define USUAL 3           /* of struct levels: half-life of 36 cells */

static const int64_t lane_lengths[LANES] = { 600, 3600 };

/* What is saved: no pointers, no padding. */
struct memory {
    int64_t slot_s;
    int64_t seen_until_s;
    int64_t cells; /* taken in so far */
    struct levels levels;
    struct counts counts;
    struct batches batches;
    struct effects effects;
    struct lane lanes[LANES];
    uint8_t ring[RING];
};

_Static_assert(sizeof(struct memory) + STATE_HEAD <= MODEL_STATE_MOST, "a state fits its bound");

struct model {
    struct memory memory;
    const struct factors *factors; /* borrowed; not saved */
};

/* ---- a cell's demand as a byte ---- */

static float decoded[256];

__attribute__((constructor)) static void make_decoded(void)
{
    for (int i = 0; i < 256; i++) {
        float value = expm1f((float)i / RING_CODES);

        decoded[i] = value < 16.5F ? roundf(value) : value;
    }
}

static uint8_t encode(float demand)
{
    return (uint8_t)fminf(log1pf(demand) * RING_CODES + 0.5F, 255);
}

/* ---- life ---- */

static int check_options(const struct predict_options *options, struct error *error)
{
    int64_t slot_s = options->slot_s;

    if (slot_s < LEAST_SLOT_S || slot_s > MOST_SLOT_S || DAY_S % slot_s != 0)
        return error_set(error, -EINVAL,
                         "a slot of %lld s is not of use: 10 to 3600, and a divisor of a day",
                         (long long)slot_s);
    return 0;
}

/* In cells. */
static int window_of(int lane, int64_t slot_s)
{
    int64_t window = (lane_lengths[lane] + slot_s / 2) / slot_s;

    return (int)(window > 0 ? window : 1);
}

static void start(struct memory *memory, int64_t slot_s, int64_t start_s)
{
    memory->slot_s = slot_s;
    memory->seen_until_s = start_s - start_s % slot_s;
    counts_init(&memory->counts);
    for (int i = 0; i < LANES; i++)
        lane_init(&memory->lanes[i], window_of(i, slot_s));
}

int model_new(const struct predict_options *options, int64_t start_s, struct model **ret_model,
              struct error *error)
{
    struct model *model;
    int status = check_options(options, error);

    if (status < 0)
        return status;
    if (start_s < 0)
        return error_set(error, -EINVAL, "a series cannot start before 1970");
    model = calloc(1, sizeof(*model));
    if (!model)
        return error_set(error, -ENOMEM, "no memory for a model");
    start(&model->memory, options->slot_s, start_s);
    *ret_model = model;
    return 0;
}

void model_free(struct model *model)
{
    free(model);
}

void model_set_factors(struct model *model, const struct factors *factors)
{
    model->factors = factors;
}

double model_effect(const struct model *model, uint32_t event)
{
    return (double)effect_of(&model->memory.effects, event);
}

int64_t model_seen_until_s(const struct model *model)
{
    return model->memory.seen_until_s;
}

/* ---- the past as the experts see it ---- */

static struct clockwork clockwork_of(const struct model *model)
{
    int64_t slot_s = model->memory.slot_s;

    return (struct clockwork){ (int)(3600 / slot_s), (int)(DAY_S / slot_s), slot_s,
                               model->factors };
}

static struct count_place place_of(const struct model *model, int64_t time_s)
{
    int64_t local_s = time_s;

    if (model->factors)
        local_s += zone_offset(model->factors->zone, time_s);
    local_s = local_s > 0 ? local_s : 0;
    return (struct count_place){
        .hour = (int)(local_s / 3600 % DAY_HOURS),
        .day = (int)(local_s / DAY_S % WEEK_DAYS),
    };
}

static float effect_over(const struct model *model, int64_t from_s, int64_t until_s)
{
    return effects_over(&model->memory.effects, model->factors, from_s, until_s,
                        model->memory.slot_s);
}

/* 'cells' takes RING numbers. */
static void look_back(const struct model *model, float *cells, struct past *ret_past)
{
    const struct memory *memory = &model->memory;
    int count = memory->cells < RING ? (int)memory->cells : RING;
    int64_t oldest = memory->cells - count;

    for (int i = 0; i < count; i++)
        cells[i] = decoded[memory->ring[(oldest + i) % RING]];
    *ret_past = (struct past){
        .view = { cells, NULL, memory->seen_until_s / memory->slot_s - count, count },
        .clock = clockwork_of(model),
        .levels = &memory->levels,
        .counts = &memory->counts,
        .batches = &memory->batches,
        .place = place_of(model, memory->seen_until_s),
        .effect = 1,
    };
}

/* ---- update ---- */

static void take_batches(struct memory *memory, const struct slot *slot)
{
    batches_fade(&memory->batches, exp2(-(double)slot->batch_count / BATCH_HALF_LIFE));
    for (size_t i = 0; i < slot->batch_count; i++)
        batches_add(&memory->batches, slot->batches[i]);
}

static float demand_of(const struct slot *slot)
{
    double sum = 0;

    for (size_t i = 0; i < slot->batch_count; i++)
        sum += slot->batches[i] > 0 ? slot->batches[i] : 0;
    return (float)fmin(sum, MOST_DEMAND);
}

static void remember(struct model *model)
{
    struct memory *memory = &model->memory;
    float cells[RING];
    struct past past;
    struct opinion opinion;
    bool looked = false;

    for (int i = 0; i < LANES; i++) {
        int64_t until_s = memory->seen_until_s + memory->lanes[i].window * memory->slot_s;

        if (!lane_due(&memory->lanes[i]))
            continue;
        if (!looked)
            look_back(model, cells, &past);
        looked = true;
        past.effect = effect_over(model, memory->seen_until_s, until_s);
        lane_ask(&memory->lanes[i], &past, &opinion);
        lane_remember(&memory->lanes[i], &opinion);
    }
}

/* What the demand of a cell would have been without events. */
static float without_events(struct model *model, float demand, double unit)
{
    struct memory *memory = &model->memory;
    struct count_place place = place_of(model, memory->seen_until_s);
    float expected = counts_expected(&memory->counts, &memory->levels, place);

    if (!model->factors || model->factors->occurrence_count == 0)
        return demand;
    effects_learn(&memory->effects, model->factors, memory->seen_until_s, demand, expected,
                  (float)unit);
    demand /= effects_at(&memory->effects, model->factors, memory->seen_until_s);
    return fminf(demand, MOST_DEMAND);
}

/* A cell that nobody watched stands in the ring as what was usual. */
static void take_cell(struct model *model, float seen, bool known)
{
    struct memory *memory = &model->memory;
    float demand = known ? seen : levels_mean(&memory->levels, USUAL);
    double moments[3];

    batches_moments(&memory->batches, moments);
    for (int i = 0; i < LANES; i++)
        lane_judge(&memory->lanes[i], demand, known, levels_mean(&memory->levels, USUAL),
                   moments[1] / moments[0]);
    if (known) {
        struct count_place place = place_of(model, memory->seen_until_s);

        demand = without_events(model, demand, moments[1] / moments[0]);
        levels_add(&memory->levels, demand);
        counts_update(&memory->counts, &memory->levels, place, demand);
    }
    memory->ring[memory->cells++ % RING] = encode(demand);
    memory->seen_until_s += memory->slot_s;
}

/* After more than the ring holds, what was before is forgotten but for levels and weights. */
static void skip_to(struct model *model, int64_t start_s)
{
    struct memory *memory = &model->memory;
    int64_t most = 2 * RING * memory->slot_s;

    if (start_s - memory->seen_until_s > most)
        memory->seen_until_s = start_s - most;
    while (memory->seen_until_s < start_s)
        take_cell(model, 0, false);
}

int model_update(struct model *model, const struct slot *slot)
{
    struct memory *memory = &model->memory;

    if (slot->start_s < memory->seen_until_s)
        return -EALREADY;
    if (slot->start_s % memory->slot_s != 0)
        return -EINVAL;
    skip_to(model, slot->start_s);
    if (!slot->gap)
        take_batches(memory, slot);
    take_cell(model, slot->gap ? 0 : demand_of(slot), !slot->gap);
    remember(model);
    return 0;
}

/* ---- refit ---- */

/* The ring holds the demand without events already, a history does not. */
static float effect_then(const struct model *model, int64_t cell, bool whole)
{
    const struct memory *memory = &model->memory;

    return whole ? effects_at(&memory->effects, model->factors, cell * memory->slot_s) : 1;
}

static int fit_lanes(struct model *model, const float *demand, size_t count, bool whole,
                     float *cells, unsigned char *watched)
{
    struct memory *memory = &model->memory;
    struct clockwork clock = clockwork_of(model);
    int64_t first = memory->seen_until_s / memory->slot_s - (int64_t)count;
    struct view view = { cells, NULL, first, (int)count };
    float usual = 0;
    int status = 0;

    for (size_t i = 0; i < count; i++) {
        watched[i] = isfinite(demand[i]) && demand[i] >= 0;
        cells[i] = watched[i] ? fminf(demand[i], MOST_DEMAND) /
                                    effect_then(model, first + (int64_t)i, whole)
                              : usual;
        usual += (cells[i] - usual) / 32;
    }
    for (int i = 0; i < LANES && status == 0; i++)
        status = lane_fit(&memory->lanes[i], &view, &clock, watched);
    return status;
}

int model_refit(struct model *model, const float *demand, size_t slots)
{
    bool whole = demand;
    size_t count = slots < REFIT_MOST ? slots : REFIT_MOST;
    float ring[RING];
    struct past past;

    if (!demand) {
        look_back(model, ring, &past);
        demand = ring;
        slots = count = (size_t)past.view.count;
    }
    autofree float *cells = malloc((count + 1) * sizeof(float));
    autofree unsigned char *watched = malloc(count + 1);

    if (!cells || !watched)
        return -ENOMEM;
    return fit_lanes(model, demand + (slots - count), count, whole, cells, watched);
}

/* ---- forecast ---- */

/* The lane whose length is nearest, as a ratio. */
static const struct lane *nearest(const struct memory *memory, double cells)
{
    const struct lane *lanes = memory->lanes;
    double middle = sqrt((double)lanes[0].window * (double)lanes[1].window);

    return cells <= middle ? &lanes[0] : &lanes[1];
}

/* Another length: the mean goes with it; the spread as its root while windows are independent. */
static void stretch(float nodes[static NODES], double ratio)
{
    struct distribution whole;
    double root = sqrt(ratio);

    nodes_to_distribution(nodes, &whole);
    for (int i = 0; i < NODES; i++)
        nodes[i] = (float)(whole.mean * ratio + ((double)nodes[i] - whole.mean) * root);
    nodes_order(nodes);
}

int model_forecast(const struct model *model, int64_t from_s, int64_t until_s,
                   struct distribution *ret_forecast)
{
    const struct memory *memory = &model->memory;
    float cells[RING];
    struct past past;
    struct opinion opinion;

    if (from_s < memory->seen_until_s || until_s <= from_s)
        return -EINVAL;
    double wanted = (double)(until_s - from_s) / (double)memory->slot_s;
    const struct lane *lane = nearest(memory, wanted);

    look_back(model, cells, &past);
    past.effect = effect_over(model, from_s, until_s);
    lane_ask(lane, &past, &opinion);
    if (fabs(wanted - (double)lane->window) > 1e-6)
        stretch(opinion.said, wanted / (double)lane->window);
    nodes_to_distribution(opinion.said, ret_forecast);
    return 0;
}

/* ---- saved states ---- */

int model_version(void)
{
    return STATE_VERSION;
}

int model_save(const struct model *model, void *ret_state, size_t size, size_t *ret_length)
{
    if (size < STATE_HEAD + sizeof(model->memory))
        return -ENOSPC;
    state_seal(STATE_VERSION, &model->memory, sizeof(model->memory), ret_state);
    *ret_length = STATE_HEAD + sizeof(model->memory);
    return 0;
}

/* Far above what demand of at most MOST_DEMAND makes of them. */
static const struct bound {
    size_t offset, count;
    float min, max;
} bounds[] = {
#define BOUND(field, min_, max_)                                                                   \
    { offsetof(struct memory, field), sizeof(((struct memory *)0)->field) / sizeof(float), min_,   \
      max_ }
    BOUND(levels.sum, 0, 1e12F),         BOUND(levels.weight, 0, 1e6F),
    BOUND(counts.hour, 0, 1e3F),         BOUND(counts.day, 0, 1e3F),
    BOUND(counts.excited, -1e9F, 1e9F),  BOUND(counts.product, -1e18F, 1e18F),
    BOUND(counts.square, 0, 1e18F),      BOUND(counts.chance, 0, 1.001F),
    BOUND(counts.size, 0, 1.1e6F),       BOUND(batches.weight, 0, 1e9F),
    BOUND(batches.sum, 0, 1e15F),        BOUND(effects.asked, 0, 1e9F),
    BOUND(effects.expected, 0, 1e6F),
#undef BOUND
};

static bool numbers_hold(const struct memory *memory)
{
    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
        if (!numbers_within((const float *)(const void *)((const char *)memory + bounds[i].offset),
                            bounds[i].count, bounds[i].min, bounds[i].max))
            return false;
    return true;
}

/* A state that was written by another hand than ours leads nowhere outside of it. */
static bool is_sound(const struct memory *memory, int64_t slot_s)
{
    bool sound = memory->slot_s == slot_s && memory->seen_until_s >= 0 &&
                 memory->seen_until_s <= MOST_TIME_S && memory->seen_until_s % slot_s == 0 &&
                 memory->cells >= 0 && memory->cells <= MOST_TIME_S && numbers_hold(memory) &&
                 batches_are_sound(&memory->batches);

    for (int i = 0; i < LANES; i++)
        sound = sound && lane_is_sound(&memory->lanes[i], window_of(i, slot_s));
    return sound;
}

int model_load(const struct predict_options *options, const void *state, size_t length,
               struct model **ret_model, struct error *error)
{
    struct model *model;
    int status = model_new(options, 0, &model, error);

    if (status < 0)
        return status;
    status = state_open(STATE_VERSION, state, length, &model->memory, sizeof(model->memory));
    if (status == 0 && is_sound(&model->memory, options->slot_s)) {
        *ret_model = model;
        return 0;
    }
    model_free(model);
    return error_set(error, -EPROTO,
                     "the model's state is damaged, of another version or of other slots: rebuild "
                     "it from history");
}
