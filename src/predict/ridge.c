/* SPDX-License-Identifier: Apache-2.0 */
/* Ridge regression by its normal equations; see ridge.h. */
#include "predict/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PENALTY 30.0 /* in rows: worth that many of no relation */
#define P FEATURES

struct normal {
    float mean[P], scale[P];
    double target;
    float gram[P][P];
    double right[P];
};

static void standardise(const float *features, const float *targets, int rows,
                        struct normal *normal)
{
    double sum[P] = { 0 }, squares[P] = { 0 };

    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < P; i++) {
            sum[i] += (double)features[row * P + i];
            squares[i] += (double)(features[row * P + i] * features[row * P + i]);
        }
        normal->target += (double)targets[row] / rows;
    }
    for (int i = 0; i < P; i++) {
        double mean = sum[i] / rows;

        normal->mean[i] = (float)mean;
        normal->scale[i] = (float)sqrt(fmax(squares[i] / rows - mean * mean, 1e-8));
    }
}

static void gather(const float *features, const float *targets, int rows, struct normal *normal)
{
    for (int row = 0; row < rows; row++) {
        float x[P];
        float y = targets[row] - (float)normal->target;

        for (int i = 0; i < P; i++)
            x[i] = (features[row * P + i] - normal->mean[i]) / normal->scale[i];
        for (int i = 0; i < P; i++) {
            for (int j = 0; j < P; j++)
                normal->gram[i][j] += x[i] * x[j];
            normal->right[i] += (double)(x[i] * y);
        }
    }
}

/* By Cholesky (G. H. Golub, C. F. Van Loan, "Matrix Computations", 4.2). */
static void solve(const struct normal *normal, double solution[static P])
{
    double l[P][P];

    for (int i = 0; i < P; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = (double)normal->gram[i][j] + (i == j ? PENALTY : 0);

            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(fmax(sum, 1e-6)) : sum / l[j][j];
        }
    }
    for (int i = 0; i < P; i++) {
        solution[i] = normal->right[i];
        for (int k = 0; k < i; k++)
            solution[i] -= l[i][k] * solution[k];
        solution[i] /= l[i][i];
    }
    for (int i = P - 1; i >= 0; i--) {
        for (int k = i + 1; k < P; k++)
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
    double solution[P];

    standardise(features, targets, rows, &normal);
    gather(features, targets, rows, &normal);
    solve(&normal, solution);
    ret_ridge->constant = (float)normal.target;
    for (int i = 0; i < P; i++) {
        ret_ridge->slope[i] = (float)solution[i] / normal.scale[i];
        ret_ridge->constant -= ret_ridge->slope[i] * normal.mean[i];
    }
    for (int row = 0; row < rows; row++)
        scratch[row] = targets[row] - ridge_predict(ret_ridge, features + row * P);
    measure_around(scratch, rows, ret_ridge);
}

float ridge_predict(const struct ridge *ridge, const float features[static FEATURES])
{
    float sum = ridge->constant;

    for (int i = 0; i < FEATURES; i++)
        sum += ridge->slope[i] * features[i];
    return sum;
}
