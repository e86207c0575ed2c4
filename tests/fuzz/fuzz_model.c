/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored model that was changed: as it comes, which its checksum gives away, and with the
 * checksum made right.  What is loaded all the same must work on without harm.
 *
 * The input is a list of changes to the state of a model that has seen two days, three bytes each:
 * where (two bytes, modulo the state's size) and what.
 */
#include <math.h>
#include <stdbool.h>

#include "predict/predict.h"
#include "predict/state.h"
#include "tests/fuzz/fuzz.h"

#define SLOT_S 300
#define SLOTS (2 * 86400 / SLOT_S)

static const struct predict_options options = { .slot_s = SLOT_S };

static unsigned char trained[MODEL_STATE_MOST];
static size_t trained_length;

static int update(struct model *model, int64_t start_s, int32_t demand)
{
    const int32_t batches[] = { demand, 1 };
    const struct slot slot = { .start_s = start_s, .batches = batches,
                               .batch_count = demand > 0 ? 2 : 0 };

    return model_update(model, &slot);
}

static void train(void)
{
    struct model *model = NULL;

    fuzz_must(model_new(&options, 0, &model, NULL) == 0);
    for (int i = 0; i < SLOTS; i++)
        fuzz_must(update(model, (int64_t)i * SLOT_S, i % 7 == 0 ? i % 12 : 0) == 0);
    fuzz_must(model_refit(model, NULL, 0) == 0);
    fuzz_must(model_save(model, trained, sizeof(trained), &trained_length) == 0);
    model_free(model);
}

static void check_forecast(const struct model *model, int64_t from_s, int64_t length_s)
{
    struct distribution forecast;

    if (model_forecast(model, from_s, from_s + length_s, &forecast))
        return;
    fuzz_must(isfinite(forecast.mean) && forecast.mean >= 0);
    for (int i = 0; i < DISTRIBUTION_LEVELS; i++)
        fuzz_must(isfinite(forecast.quantiles[i]) && forecast.quantiles[i] >= 0 &&
                  (i == 0 || forecast.quantiles[i] >= forecast.quantiles[i - 1]));
}

/* Fitting takes most of the time, so not all are fitted. */
static void use(struct model *model, bool fit)
{
    int64_t now_s = model_seen_until_s(model);

    check_forecast(model, now_s, 600);
    check_forecast(model, now_s, 3600);
    check_forecast(model, now_s, 86400);
    for (int i = 0; i < 4; i++)
        update(model, now_s + i * SLOT_S, i);
    check_forecast(model, model_seen_until_s(model), 600);
    if (fit && model_refit(model, NULL, 0) == 0)
        check_forecast(model, model_seen_until_s(model), 3600);
}

static int load_and_use(const unsigned char *state, size_t length, bool fit)
{
    struct model *model = NULL;
    struct error error = { 0 };
    int status = model_load(&options, state, length, &model, &error);

    fuzz_must(status == 0 || error.message[0]);
    if (status == 0)
        use(model, fit);
    model_free(model);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char body[MODEL_STATE_MOST], sealed[MODEL_STATE_MOST];
    size_t length;

    if (!trained_length)
        train();
    load_and_use(data, size, false);
    length = trained_length - STATE_HEAD;
    memcpy(body, trained + STATE_HEAD, length);
    for (size_t i = 0; i + 2 < size; i += 3)
        body[((size_t)data[i] << 8 | data[i + 1]) % length] = data[i + 2];
    state_seal((uint32_t)model_version(), body, length, sealed);
    load_and_use(sealed, trained_length, size % 32 == 0);
    return 0;
}
