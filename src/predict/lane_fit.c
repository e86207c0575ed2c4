/* SPDX-License-Identifier: Apache-2.0 */
/* Fits a lane's regressions on the past; see lane.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "predict/lane.h"

#define MOST_ROWS 4400 /* of a longer past, every second or third window is looked at */
#define LEAST_ROWS 300
#define FIRST_DAYS 1 /* without analogues yet */

static const int tree_nodes[TREE_LEVELS] = { 2, 4, 5, 6, 7 };

struct fit {
    const struct view *view;
    const struct clockwork *clock;
    const unsigned char *watched;
    int window;
    int rows;
    float *logs;
    float *features;
    float *targets;
    float *left; /* of the ridge */
    float *scratch;
    uint8_t *codes;
};

static void sum_windows(struct fit *fit)
{
    int count = fit->view->count;
    double sum = 0;

    for (int i = count - 1; i >= 0; i--) {
        sum += (double)fit->view->cells[i];
        if (i + fit->window < count)
            sum -= (double)fit->view->cells[i + fit->window];
        fit->logs[i] = log1pf((float)fmax(sum, 0));
    }
}

static int all_watched(const struct fit *fit, int from)
{
    for (int i = from; i < from + fit->window; i++)
        if (!fit->watched[i])
            return 0;
    return 1;
}

static void make_rows(struct fit *fit, int stride)
{
    struct view view = *fit->view;
    struct levels levels = { 0 };
    int first = FIRST_DAYS * fit->clock->cells_per_day;

    view.logs = fit->logs;
    for (int now = 0; now + fit->window < view.count; now++) {
        if (fit->watched[now])
            levels_add(&levels, view.cells[now]);
        /* Counted from the end, so that the newest window is always looked at. */
        if (now < first || (view.count - now) % stride != 0 || !all_watched(fit, now + 1))
            continue;
        features_make(&view, fit->clock, &levels, now, fit->window,
                      fit->features + (size_t)fit->rows * FEATURES);
        fit->targets[fit->rows++] = fit->logs[now + 1];
    }
}

static void make_codes(struct fit *fit, const struct ridge *ridge)
{
    for (int row = 0; row < fit->rows; row++) {
        const float *features = fit->features + (size_t)row * FEATURES;
        float centre = ridge_predict(ridge, features);

        fit->left[row] = fit->targets[row] - centre;
        for (int i = 0; i < TREE_FEATURES; i++)
            fit->codes[(size_t)i * (size_t)fit->rows + (size_t)row] = tree_code(features[i]);
        fit->codes[(size_t)TREE_FEATURES * (size_t)fit->rows + (size_t)row] = tree_code(centre);
    }
}

static void grow(struct fit *fit, struct lane *lane)
{
    struct tree_rows rows = { .count = fit->rows };

    for (int i = 0; i < TREE_INPUTS; i++) {
        const uint8_t *codes = fit->codes + (size_t)i * (size_t)fit->rows;

        rows.codes[i] = codes;
        for (int row = 0; row < fit->rows; row++)
            rows.most[i] = codes[row] > rows.most[i] ? codes[row] : rows.most[i];
    }
    for (int kind = 0; kind < TREE_KINDS; kind++)
        for (int i = 0; i < TREE_LEVELS; i++) {
            rows.targets = kind ? fit->left : fit->targets;
            trees_fit(&rows, node_levels[tree_nodes[i]], 2463534242U + (uint32_t)(8 * kind + i),
                      fit->scratch, &lane->trees[kind][i]);
        }
}

static int allocate(struct fit *fit, int rows)
{
    size_t count = (size_t)rows;

    fit->logs = malloc((size_t)fit->view->count * sizeof(float));
    fit->features = malloc(count * FEATURES * sizeof(float));
    fit->targets = malloc(4 * count * sizeof(float));
    fit->codes = malloc(count * TREE_INPUTS);
    if (!fit->logs || !fit->features || !fit->targets || !fit->codes)
        return -ENOMEM;
    fit->left = fit->targets + count;
    fit->scratch = fit->left + count;
    return 0;
}

static void release(struct fit *fit)
{
    free(fit->logs);
    free(fit->features);
    free(fit->targets);
    free(fit->codes);
}

int lane_fit(struct lane *lane, const struct view *view, const struct clockwork *clock,
             const unsigned char *watched)
{
    struct fit fit = { .view = view, .clock = clock, .watched = watched, .window = lane->window };
    int stride = view->count / MOST_ROWS + 1;
    int status = allocate(&fit, view->count / stride + 2);

    if (status == 0) {
        sum_windows(&fit);
        make_rows(&fit, stride);
    }
    if (status == 0 && fit.rows >= LEAST_ROWS) {
        ridge_fit(fit.features, fit.targets, fit.rows, fit.scratch, &lane->ridge);
        make_codes(&fit, &lane->ridge);
        grow(&fit, lane);
        lane->fitted = view->count;
    }
    release(&fit);
    return status;
}
