/* SPDX-License-Identifier: Apache-2.0 */
/* The model of a series: known parameters, gaps, disorder, saved states, odd input. */
#include "predict/predict.h"
#include "predict/state.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/poisson.h"
#include "unit.h"

#define SLOT 300
#define START 1700000100 /* no multiple of a day, but of a slot */

static const struct predict_options options = { .slot_s = SLOT };

static struct model *fresh(void)
{
    struct model *model;

    ck_assert_int_eq(model_new(&options, START, &model, NULL), 0);
    return model;
}

static int feed(struct model *model, int index, const int32_t *batches, size_t count)
{
    struct slot slot = { .start_s = START + (int64_t)index * SLOT, .batches = batches,
                         .batch_count = count };

    return model_update(model, &slot);
}

static struct distribution forecast(const struct model *model, int64_t length_s)
{
    struct distribution result;
    int64_t now = model_seen_until_s(model);

    ck_assert_int_eq(model_forecast(model, now, now + length_s, &result), 0);
    for (int i = 1; i < DISTRIBUTION_LEVELS; i++)
        ck_assert_double_ge(result.quantiles[i], result.quantiles[i - 1]);
    ck_assert(isfinite(result.mean) && isfinite(result.quantiles[DISTRIBUTION_LEVELS - 1]));
    return result;
}

static void feed_poisson(struct model *model, int slots, double mean, int32_t size)
{
    int32_t batches[1000];

    for (int i = 0; i < 1000; i++)
        batches[i] = size;
    for (int i = 0; i < slots; i++)
        ck_assert_int_eq(feed(model, i, batches, (size_t)poisson(mean)), 0);
}

/* Two requests of three servers a slot, in ten days: in two slots Poisson with mean 4 times 3,
 * whose 99 % quantile is 27.  Experts with a short memory make single forecasts vary. */
START_TEST(recovers_a_known_rate)
{
    double means = 0, quantiles = 0;

    for (int seed = 0; seed < 20; seed++) {
        struct model *model = fresh();

        srand48(seed);
        feed_poisson(model, 2880, 2, 3);
        struct distribution d = forecast(model, 2 * SLOT);

        ck_assert_double_eq_tol(d.mean, 12, 4);
        ck_assert_double_eq_tol(sqrt(d.variance), 6, 2.5);
        means += d.mean / 20;
        quantiles += (double)distribution_quantile(&d, 0.99) / 20;
        model_free(model);
    }
    ck_assert_double_eq_tol(means, 12, 1.2);
    ck_assert_double_eq_tol(quantiles, 27, 3);
}
END_TEST

START_TEST(gaps_are_not_zeros)
{
    struct model *model = fresh();
    static const int32_t one[] = { 1, 1, 1, 1 };
    struct slot gap = { .gap = true };

    for (int i = 0; i < 600; i++)
        feed(model, i, one, 4);
    double before = forecast(model, SLOT).mean;

    for (int i = 600; i < 650; i++) {
        gap.start_s = START + (int64_t)i * SLOT;
        ck_assert_int_eq(model_update(model, &gap), 0);
    }
    ck_assert_int_eq(feed(model, 700, one, 4), 0); /* what was left out is a gap, too */
    ck_assert_int_eq(model_seen_until_s(model), START + 701 * SLOT);
    ck_assert_double_eq_tol(forecast(model, SLOT).mean, before, 0.25 * before);
    for (int i = 701; i < 1300; i++)
        feed(model, i, NULL, 0);
    ck_assert_double_lt(forecast(model, SLOT).mean, 0.5 * before);
    model_free(model);
}
END_TEST

START_TEST(time_goes_forward_only)
{
    struct model *model = fresh();
    static const int32_t one[] = { 1 };
    struct distribution d;
    struct slot odd = { .start_s = START + 17 };

    ck_assert_int_eq(feed(model, 0, one, 1), 0);
    ck_assert_int_eq(feed(model, 0, one, 1), -EALREADY);
    ck_assert_int_eq(feed(model, -5, one, 1), -EALREADY);
    odd.start_s += SLOT;
    ck_assert_int_eq(model_update(model, &odd), -EINVAL);
    ck_assert_int_eq(model_forecast(model, START, START + SLOT, &d), -EINVAL);
    ck_assert_int_eq(model_forecast(model, START + SLOT, START + SLOT, &d), -EINVAL);
    ck_assert_int_eq(feed(model, 40000000, one, 1), 0); /* 380 years on */
    forecast(model, SLOT);
    model_free(model);
}
END_TEST

START_TEST(odd_input_gives_sane_forecasts)
{
    static const int32_t odd[] = { INT32_MAX, -7, 0, INT32_MIN };
    struct model *model = fresh();

    ck_assert_double_lt(forecast(model, 86400).mean, 10); /* nothing seen: hardly ever wanted */
    for (int i = 0; i < 300; i++)
        feed(model, i, NULL, 0);
    ck_assert_int_le(distribution_quantile(&(struct distribution){ 0 }, 0.99), 0);
    ck_assert_double_lt(forecast(model, SLOT).mean, 0.1);
    feed(model, 300, odd, 4);
    forecast(model, SLOT);
    forecast(model, 1);
    forecast(model, 400LL * 86400);
    model_free(model);
}
END_TEST

START_TEST(states_survive_exactly)
{
    struct model *model = fresh(), *copy;
    char state[MODEL_STATE_MOST], again[MODEL_STATE_MOST];
    size_t length, length_again;

    srand48(7);
    feed_poisson(model, 1000, 1.5, 2);
    ck_assert_int_eq(model_save(model, state, 10, &length), -ENOSPC);
    ck_assert_int_eq(model_save(model, state, sizeof(state), &length), 0);
    ck_assert_int_eq(model_load(&options, state, length, &copy, NULL), 0);
    feed(model, 1000, NULL, 0);
    feed(copy, 1000, NULL, 0);
    struct distribution a = forecast(model, 600), b = forecast(copy, 600);

    ck_assert_mem_eq(&a, &b, sizeof(a));
    model_save(model, state, sizeof(state), &length);
    model_save(copy, again, sizeof(again), &length_again);
    ck_assert_uint_eq(length, length_again);
    ck_assert_mem_eq(state, again, length);
    model_free(model);
    model_free(copy);
}
END_TEST

START_TEST(damaged_states_are_refused)
{
    struct model *model = fresh(), *copy = NULL;
    const struct predict_options hourly = { .slot_s = 3600 };
    char state[MODEL_STATE_MOST];
    size_t length;
    struct error error = { 0 };

    model_save(model, state, sizeof(state), &length);
    for (size_t i = 0; i < length; i += 3) {
        state[i] ^= 0x10;
        ck_assert_int_eq(model_load(&options, state, length, &copy, &error), -EPROTO);
        state[i] ^= 0x10;
    }
    ck_assert_int_eq(model_load(&options, state, length - 1, &copy, &error), -EPROTO);
    ck_assert_int_eq(model_load(&options, state, 0, &copy, &error), -EPROTO);
    ck_assert_int_eq(model_load(&hourly, state, length, &copy, &error), -EPROTO);
    ck_assert_int_gt(strlen(error.message), 10);
    model_free(model);
}
END_TEST

/* Whether a body with the right checksum is refused; if not, what it says is a forecast. */
static bool is_refused(const char *body, size_t length)
{
    char sealed[MODEL_STATE_MOST];
    struct model *model = NULL;
    struct error error = { 0 };

    state_seal((uint32_t)model_version(), body, length, sealed);
    if (model_load(&options, sealed, STATE_HEAD + length, &model, &error) == -EPROTO)
        return true;
    forecast(model, 600);
    forecast(model, 3600);
    model_free(model);
    return false;
}

/* Whoever can write the database can make a checksum. */
START_TEST(forged_states_lead_nowhere)
{
    struct model *model = fresh();
    char state[MODEL_STATE_MOST];
    size_t length, refused = 0;

    feed(model, 500, NULL, 0);
    model_save(model, state, sizeof(state), &length);
    for (size_t i = STATE_HEAD; i < length; i++) {
        char before = state[i];

        state[i] = (char)0xff;
        refused += is_refused(state + STATE_HEAD, length - STATE_HEAD);
        state[i] = before;
    }
    ck_assert_uint_gt(refused, 200);
    ck_assert_uint_lt(refused, length / 2);
    ck_assert(!is_refused(state + STATE_HEAD, length - STATE_HEAD));
    model_free(model);
}
END_TEST

START_TEST(odd_slots_are_refused)
{
    static const int64_t odd[] = { 0, -300, 9, 7, 7200, 1000 };
    struct model *model;
    struct error error = { 0 };

    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(model_new(&(struct predict_options){ odd[i] }, START, &model, &error),
                         -EINVAL);
    ck_assert_int_eq(model_new(&options, -1, &model, &error), -EINVAL);
    model_free(NULL);
}
END_TEST

UNIT_MAIN("predict", recovers_a_known_rate, gaps_are_not_zeros, time_goes_forward_only,
          odd_input_gives_sane_forecasts, states_survive_exactly, damaged_states_are_refused,
          forged_states_lead_nowhere, odd_slots_are_refused)
