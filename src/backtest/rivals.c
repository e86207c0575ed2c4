/* SPDX-License-Identifier: Apache-2.0 */
/* What forecasts are compared with; see rivals.h. */
#include "backtest/rivals.h"

#include <math.h>
#include <stdlib.h>

#include "backtest/pool_run.h"

#define NAIVE_DAYS 14
#define DAY_S 86400

double demand_between(const struct demand *demand, int64_t from, int64_t until)
{
    double sum = 0;

    for (int64_t i = from < 0 ? 0 : from; i < until && i < demand->count; i++)
        sum += (double)demand->slots[i];
    return sum;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

void naive_quantiles(const struct demand *demand, int64_t seen, int64_t window, int64_t day,
                     const double *levels, int count, double *ret_quantiles)
{
    double values[NAIVE_DAYS];
    int known = 0;

    for (int back = 1; back <= NAIVE_DAYS; back++)
        if (seen - back * day >= 0)
            values[known++] =
                demand_between(demand, seen - back * day, seen - back * day + window);
    qsort(values, (size_t)known, sizeof(values[0]), compare);
    for (int i = 0; i < count; i++) {
        double place = levels[i] * (known - 1);
        int left = (int)place;

        if (known == 0)
            ret_quantiles[i] = 0;
        else
            ret_quantiles[i] = left + 1 < known ? values[left] + (place - left) *
                                                      (values[left + 1] - values[left])
                                                : values[known - 1];
    }
}

static double hours_of(const struct backtest_options *options)
{
    return (double)options->slot_s / 3600;
}

struct pool_score static_pool(const struct demand *demand, const struct backtest_options *options,
                              int64_t from, int64_t until, double size)
{
    struct pool_score score = { 0 };
    struct pool_run run;

    pool_run_start(&run, options->lead_slots, size);
    for (int64_t slot = from; slot < until; slot++)
        pool_run_slot(&run, (double)demand->slots[slot], size, hours_of(options), &score);
    return score;
}

/* The least static pool that serves the asked share, by halving. */
static double least_static(const struct demand *demand, const struct backtest_options *options,
                           int64_t from, int64_t until)
{
    double low = 0, high = 1;

    while (high < 1e7) {
        struct pool_score score = static_pool(demand, options, from, until, high);

        if (score.served >= options->level * score.demand)
            break;
        low = high;
        high *= 2;
    }
    while (high - low > 0.5) {
        double middle = floor((low + high) / 2);
        struct pool_score score = static_pool(demand, options, from, until, middle);

        if (middle <= low)
            break;
        if (score.served >= options->level * score.demand)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void run_naive(const struct demand *demand, const struct backtest_options *options,
                      struct pool_score *score)
{
    struct pool_run run;
    int64_t window = 2 + options->lead_slots;
    double target = 0;

    pool_run_start(&run, options->lead_slots, 0);
    for (int64_t slot = 0; slot < demand->count; slot++) {
        naive_quantiles(demand, slot + 1, window, DAY_S / options->slot_s, &options->level, 1,
                        &target);
        pool_run_slot(&run, (double)demand->slots[slot], ceil(target), hours_of(options),
                      slot >= demand->first_tested ? score : NULL);
    }
}

/* Each item is made just in time: it is ready when the slot begins in which it is taken. */
static void run_foresight(const struct demand *demand, const struct backtest_options *options,
                          struct pool_score *score)
{
    for (int64_t slot = demand->first_tested; slot < demand->count; slot++) {
        double taken = (double)demand->slots[slot];

        score->demand += taken;
        score->served += taken;
        score->made += taken;
        score->hours += hours_of(options);
        score->idle_hours += hours_of(options) * taken / 2;
    }
}

int rivals_run(const struct demand *demand, const struct backtest_options *options,
               struct pool_score pools[static POLICIES])
{
    int64_t first = demand->first_tested;
    double trained = least_static(demand, options, 0, first);
    double best = least_static(demand, options, first, demand->count);

    pools[POLICY_STATIC_TRAINED] = static_pool(demand, options, first, demand->count, trained);
    pools[POLICY_STATIC_BEST] = static_pool(demand, options, first, demand->count, best);
    run_naive(demand, options, &pools[POLICY_NAIVE]);
    run_foresight(demand, options, &pools[POLICY_FORESIGHT]);
    return 0;
}

void pool_score_add(struct pool_score *sum, const struct pool_score *score)
{
    sum->demand += score->demand;
    sum->served += score->served;
    sum->idle_hours += score->idle_hours;
    sum->made += score->made;
    sum->hours += score->hours;
}
