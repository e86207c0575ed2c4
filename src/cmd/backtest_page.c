/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what larder-backtest finds in a trace; see backtest_page.h. */
#include "cmd/backtest_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void set(struct page_series *series, const char *key, const struct backtest_score *score,
                struct film *film)
{
    snprintf(series->key, sizeof(series->key), "%s", key);
    series->score = *score;
    series->film = *film;
    *film = (struct film){ 0 };
}

/* All pools last as long as one: the hours do not add up. */
static int add_up(struct page_series *all, const struct backtest_score *score,
                  const struct film *film)
{
    int status = 0;

    if (!all->film.frames)
        status = film_new(film->count, film->first_s, film->step_s, &all->film);
    if (status < 0)
        return status;
    film_add_pool(&all->film, film);
    backtest_add(&all->score, score);
    for (int i = 0; i < POLICIES; i++)
        all->score.pools[i].hours = score->pools[i].hours;
    return 0;
}

static double demand_of(const struct backtest_score *score)
{
    return score->pools[POLICY_LARDER].demand;
}

/* Makes room at the place that the demand gives. */
static struct page_series *insert(struct gathering *gathering, double demand)
{
    size_t at = 0;

    if (gathering->count == gathering->room) {
        size_t room = gathering->room ? 2 * gathering->room : 32;
        struct page_series *series = realloc(gathering->series, room * sizeof(*series));

        if (!series)
            return NULL;
        gathering->series = series;
        gathering->room = room;
    }
    while (at < gathering->count && demand_of(&gathering->series[at].score) >= demand)
        at++;
    memmove(&gathering->series[at + 1], &gathering->series[at],
            (gathering->count - at) * sizeof(*gathering->series));
    gathering->count++;
    return &gathering->series[at];
}

int gather(struct gathering *gathering, const char *key, bool is_total,
           const struct backtest_score *score, struct film *film)
{
    struct page_series *series;

    if (is_total) {
        set(&gathering->total, key, score, film);
        return 0;
    }
    if (add_up(&gathering->all, score, film) < 0 ||
        !(series = insert(gathering, demand_of(score)))) {
        film_clear(film);
        return -ENOMEM;
    }
    set(series, key, score, film);
    if (gathering->count > gathering->charts)
        film_clear(&gathering->series[gathering->charts].film);
    return 0;
}

/* The sum's demand and its forecast are those of all keys as one series. */
static void take_forecasts(struct film *all, const struct film *total)
{
    for (size_t i = 0; i < all->count && i < total->count; i++) {
        all->frames[i].coming = total->frames[i].coming;
        memcpy(all->frames[i].quantiles, total->frames[i].quantiles,
               sizeof(all->frames[i].quantiles));
    }
}

int gather_write(struct gathering *gathering, const char *name,
                 const struct backtest_options *options)
{
    const char *slash = strrchr(name, '/');
    int status;

    take_forecasts(&gathering->all.film, &gathering->total.film);
    status = page_trace(gathering->out, &(struct page_trace){
        .name = slash ? slash + 1 : name, .options = options, .total = gathering->total,
        .all = gathering->all, .series = gathering->series, .count = gathering->count });
    gather_clear(gathering);
    return status;
}

void gather_clear(struct gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++)
        film_clear(&gathering->series[i].film);
    free(gathering->series);
    film_clear(&gathering->all.film);
    film_clear(&gathering->total.film);
    *gathering = (struct gathering){ .out = gathering->out, .charts = gathering->charts };
}
