/* SPDX-License-Identifier: Apache-2.0 */
/* Boosted trees for single quantiles; see trees.h. */
#include "predict/trees.h"

#include <math.h>
#include <string.h>

#define BINS 256
#define RATE 0.15F /* shrinkage */
#define TRIED 7 /* inputs tried a question */
#define DRAWN 900  /* rows a tree is grown on, about */
#define LEAST_ROWS 12    /* of them in each part of a question's answers */
#define LEAF_STEP (1.0F / 96)
#define MOST_CODE 255
/* Codes grow with log(x + NEAR): fine where demand is a rare event, and over any magnitude. */
#define NEAR 0.05F
#define CODES_PER_E 15.0F
#define MOST_LOG 16
#define LOG_STEPS 256 /* for each factor of e */

static uint8_t codes_of_logs[MOST_LOG * LOG_STEPS];

__attribute__((constructor)) static void make_codes_of_logs(void)
{
    for (int i = 0; i < MOST_LOG * LOG_STEPS; i++) {
        float demand = expm1f(((float)i + 0.5F) / LOG_STEPS);
        float code = logf((demand + NEAR) / NEAR) * CODES_PER_E;

        codes_of_logs[i] = (uint8_t)fminf(code, MOST_CODE);
    }
}

uint8_t tree_code(float value)
{
    float place = value * LOG_STEPS;

    if (!(place > 0))
        return codes_of_logs[0];
    return codes_of_logs[place < MOST_LOG * LOG_STEPS ? (int)place : MOST_LOG * LOG_STEPS - 1];
}

static uint32_t draw(uint32_t *seed)
{
    /* G. Marsaglia, "Xorshift RNGs", J. Stat. Software 8 (2003), p. 4. */
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Rows and, of them, those whose target lies above what is fitted; both in one word, so that a row
 * is counted by one addition. */
#define ROW 1U
#define ROW_ABOVE (ROW + (1U << 16))

struct growth {
    const struct tree_rows *rows;
    float level;
    uint32_t seed;
    float *fitted;         /* of each row */
    float *left;           /* what is left of the drawn rows; sorted by leaf */
    int drawn_count;
    int drawn[2 * DRAWN];
    uint8_t answers[2 * DRAWN];
    uint32_t words[2 * DRAWN];
};

static void draw_rows(struct growth *growth)
{
    int stride = growth->rows->count / DRAWN + 1;
    int row = (int)(draw(&growth->seed) % (uint32_t)stride);

    growth->drawn_count = 0;
    for (; row < growth->rows->count && growth->drawn_count < 2 * DRAWN; row += stride) {
        int at = growth->drawn_count++;

        growth->drawn[at] = row;
        growth->answers[at] = 0;
        growth->words[at] =
            growth->rows->targets[row] > growth->fitted[row] ? ROW_ABOVE : ROW;
    }
}

/* How much of the loss's slope the rows of a part agree about. */
static float gain(float level, uint32_t part)
{
    float count = (float)(part & 0xffff);
    float sum = (float)(part >> 16) - (1 - level) * count;

    return sum * sum / (count + 1);
}

static uint32_t least_rows(uint32_t below, uint32_t all)
{
    uint32_t left = below & 0xffff, right = (all - below) & 0xffff;

    return left < right ? left : right;
}

static void count_rows(const struct growth *growth, const uint8_t *codes, int most,
                       uint32_t bins[2][BINS], uint32_t all[2])
{
    memset(bins[0], 0, (size_t)(most + 1) * sizeof(bins[0][0]));
    memset(bins[1], 0, (size_t)(most + 1) * sizeof(bins[0][0]));
    for (int i = 0; i < growth->drawn_count; i++)
        bins[growth->answers[i]][codes[growth->drawn[i]]] += growth->words[i];
    for (int i = 0; i <= most; i++) {
        all[0] += bins[0][i];
        all[1] += bins[1][i];
    }
}

/* Best threshold of one input, given the parts that the first answer made. */
static float best_threshold(const struct growth *growth, int input, int parts, int *ret_above)
{
    uint32_t bins[2][BINS], below[2] = { 0 }, all[2] = { 0 };
    int most = growth->rows->most[input];
    float best = 0, whole = 0;

    count_rows(growth, growth->rows->codes[input], most, bins, all);
    for (int part = 0; part < parts; part++)
        whole += gain(growth->level, all[part]);
    for (int i = 0; i < most; i++) {
        float sum = -whole;
        uint32_t least = UINT32_MAX;

        if ((bins[0][i] | bins[1][i]) == 0)
            continue;
        for (int part = 0; part < parts; part++) {
            below[part] += bins[part][i];
            uint32_t rows = least_rows(below[part], all[part]);

            least = rows < least ? rows : least;
            sum += gain(growth->level, below[part]) + gain(growth->level, all[part] - below[part]);
        }
        if (least >= LEAST_ROWS && sum > best) {
            best = sum;
            *ret_above = i;
        }
    }
    return best;
}

/* Asks the best question of some inputs drawn; 0 when none is worth asking. */
static int ask(struct growth *growth, int depth, struct tree *tree)
{
    float best = 1e-6F;
    int found = 0;

    for (int i = 0; i < TRIED; i++) {
        int input = (int)(draw(&growth->seed) % TREE_INPUTS), above = 0;
        float worth;

        if (!growth->rows->codes[input])
            continue;
        worth = best_threshold(growth, input, 1 << depth, &above);
        if (worth > best) {
            best = worth;
            tree->input[depth] = (uint8_t)input;
            tree->above[depth] = (uint8_t)above;
            found = 1;
        }
    }
    for (int i = 0; found && i < growth->drawn_count; i++)
        if (growth->rows->codes[tree->input[depth]][growth->drawn[i]] > tree->above[depth])
            growth->answers[i] |= (uint8_t)(1 << depth);
    return found;
}

/* C. A. R. Hoare, "Algorithm 65: Find", CACM 4 (1961). */
static float select_rank(float *values, int count, int rank)
{
    int from = 0, until = count - 1;

    while (from < until) {
        float pivot = values[(from + until) / 2];
        int i = from, j = until;

        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i <= j) {
                float swap = values[i];

                values[i++] = values[j];
                values[j--] = swap;
            }
        }
        if (rank <= j)
            until = j;
        else if (rank >= i)
            from = i;
        else
            break;
    }
    return values[rank];
}

static float quantile_of(float *values, int count, float level)
{
    return count > 0 ? select_rank(values, count, (int)(level * (float)(count - 1) + 0.5F)) : 0;
}

static void fill_leaves(struct growth *growth, struct tree *tree)
{
    for (int leaf = 0; leaf < 4; leaf++) {
        int count = 0;
        float value;

        for (int i = 0; i < growth->drawn_count; i++)
            if (growth->answers[i] == leaf)
                growth->left[count++] = growth->rows->targets[growth->drawn[i]] -
                                        growth->fitted[growth->drawn[i]];
        value = RATE * quantile_of(growth->left, count, growth->level) / LEAF_STEP;
        tree->leaf[leaf] = (int8_t)lrintf(fminf(fmaxf(value, -127), 127));
    }
}

static void take_in(struct growth *growth, const struct tree *tree)
{
    const uint8_t *first = growth->rows->codes[tree->input[0]];
    const uint8_t *second = growth->rows->codes[tree->input[1]];
    float leaf[4];

    for (int i = 0; i < 4; i++)
        leaf[i] = LEAF_STEP * (float)tree->leaf[i];
    for (int row = 0; row < growth->rows->count; row++)
        growth->fitted[row] +=
            leaf[(first[row] > tree->above[0]) + 2 * (second[row] > tree->above[1])];
}

void trees_fit(const struct tree_rows *rows, float level, uint32_t seed, float *scratch,
               struct trees *ret_trees)
{
    struct growth growth = { .rows = rows, .level = level, .seed = seed | 1, .fitted = scratch,
                             .left = scratch + rows->count };

    memset(ret_trees, 0, sizeof(*ret_trees));
    memcpy(growth.left, rows->targets, (size_t)rows->count * sizeof(float));
    ret_trees->start = quantile_of(growth.left, rows->count, level);
    for (int row = 0; row < rows->count; row++)
        growth.fitted[row] = ret_trees->start;
    for (int i = 0; i < TREES; i++) {
        struct tree *tree = &ret_trees->trees[i];

        draw_rows(&growth);
        if (!ask(&growth, 0, tree) || !ask(&growth, 1, tree)) {
            memset(tree, 0, sizeof(*tree));
            continue;
        }
        fill_leaves(&growth, tree);
        take_in(&growth, tree);
    }
}

float trees_predict(const struct trees *trees, const uint8_t codes[static TREE_INPUTS])
{
    int sum = 0;

    for (int i = 0; i < TREES; i++) {
        const struct tree *tree = &trees->trees[i];

        sum += tree->leaf[(codes[tree->input[0]] > tree->above[0]) +
                          2 * (codes[tree->input[1]] > tree->above[1])];
    }
    return trees->start + LEAF_STEP * (float)sum;
}
