/* SPDX-License-Identifier: Apache-2.0 */
/* Ridge regression by its normal equations; see ridge.h. */
#include "predict/ridge.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PENALTY 30.0 /* in rows: worth that many of no relation */
#define P FEATURES
#define FIRST_INPUT (FEATURES - INPUT_FEATURES)

struct normal {
    int used; /* features: the measurements come last, and are left out when there are none */
    float mean[P], scale[P];
    double target;
    float gram[P][P];
    double right[P];
};

/* Row by row, as they lie in memory; only measurements may be unknown. */
static void standardise(const float *features, const float *targets, int rows,
                        struct normal *normal)
{
    double sum[P] = { 0 }, squares[P] = { 0 }, known[P] = { 0 };

    for (int row = 0; row < rows; row++) {
        const float *x = features + (size_t)row * P;

        for (int i = 0; i < FIRST_INPUT; i++) {
            sum[i] += (double)x[i];
            squares[i] += (double)(x[i] * x[i]);
        }
        for (int i = FIRST_INPUT; i < P; i++) {
            bool is_known = !isnan(x[i]);

            sum[i] += is_known ? (double)x[i] : 0;
            squares[i] += is_known ? (double)(x[i] * x[i]) : 0;
            known[i] += is_known;
        }
        normal->target += (double)targets[row] / rows;
    }
    normal->used = FIRST_INPUT;
    for (int i = 0; i < P; i++) {
        double count = i < FIRST_INPUT ? rows : fmax(known[i], 1), mean = sum[i] / count;

        normal->mean[i] = (float)mean;
        normal->scale[i] = (float)sqrt(fmax(squares[i] / count - mean * mean, 1e-8));
        if (known[i] > 0)
            normal->used = i + 1;
    }
}

static void gather(const float *features, const float *targets, int rows, struct normal *normal)
{
    int used = normal->used;

    for (int row = 0; row < rows; row++) {
        float x[P];
        float y = targets[row] - (float)normal->target;

        for (int i = 0; i < used; i++)
            x[i] = (features[row * P + i] - normal->mean[i]) / normal->scale[i];
        for (int i = FIRST_INPUT; i < used; i++)
            x[i] = isnan(x[i]) ? 0 : x[i];
        for (int i = 0; i < used; i++) {
            for (int j = 0; j < used; j++)
                normal->gram[i][j] += x[i] * x[j];
            normal->right[i] += (double)(x[i] * y);
        }
    }
}

/* By Cholesky (G. H. Golub, C. F. Van Loan, "Matrix Computations", 4.2). */
static void solve(const struct normal *normal, double solution[static P])
{
    int used = normal->used;
    double l[P][P];

    for (int i = 0; i < used; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = (double)normal->gram[i][j] + (i == j ? PENALTY : 0);

            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(fmax(sum, 1e-6)) : sum / l[j][j];
        }
    }
    for (int i = 0; i < used; i++) {
        solution[i] = normal->right[i];
        for (int k = 0; k < i; k++)
            solution[i] -= l[i][k] * solution[k];
        solution[i] /= l[i][i];
    }
    for (int i = used - 1; i >= 0; i--) {
        for (int k = i + 1; k < used; k++)
            solution[i] -= l[k][i] * solution[k];
        solution[i] /= l[i][i];
    }
}

static int compare(const void *left, const void *right)
{
    float a = *(const float *)left, b = *(const float *)right;

    return (a > b) - (a < b);
}

static void measure_around(float *left, int rows, struct ridge *ridge)
{
    qsort(left, (size_t)rows, sizeof(left[0]), compare);
    for (int i = 0; i < NODES; i++)
        ridge->around[i] = left[(int)(node_levels[i] * (float)(rows - 1) + 0.5F)];
}

void ridge_fit(const float *features, const float *targets, int rows, float *scratch,
               struct ridge *ret_ridge)
{
    struct normal normal = { 0 };
    double solution[P] = { 0 };

    standardise(features, targets, rows, &normal);
    gather(features, targets, rows, &normal);
    solve(&normal, solution);
    ret_ridge->constant = (float)normal.target;
    for (int i = 0; i < P; i++) {
        ret_ridge->slope[i] = (float)solution[i] / normal.scale[i];
        ret_ridge->constant -= ret_ridge->slope[i] * normal.mean[i];
    }
    for (int i = 0; i < INPUTS_MOST; i++)
        ret_ridge->usual[i] = normal.mean[FIRST_INPUT + i * INPUT_LAGS];
    for (int row = 0; row < rows; row++)
        scratch[row] = targets[row] - ridge_predict(ret_ridge, features + row * P);
    measure_around(scratch, rows, ret_ridge);
}

float ridge_predict(const struct ridge *ridge, const float features[static FEATURES])
{
    float sum = ridge->constant;

    for (int i = 0; i < FIRST_INPUT; i++)
        sum += ridge->slope[i] * features[i];
    for (int i = FIRST_INPUT; i < FEATURES; i++)
        sum += ridge->slope[i] * (isnan(features[i]) ? ridge->usual[(i - FIRST_INPUT) / INPUT_LAGS]
                                                     : features[i]);
    return sum;
}
