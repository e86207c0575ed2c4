/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's policy, played: what is taken is ordered at once, and comes a lead time later. */
#include "feedback/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct order {
    int64_t at_ms; /* when it comes */
    int64_t items;
};

struct play {
    int64_t lead_ms;
    int64_t now_ms;
    int64_t goal, ready, coming;
    struct order *orders; /* those in [first, end) are under way */
    size_t first, end;
    struct gain gain;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void wait_until(struct play *play, int64_t at_ms)
{
    if (at_ms <= play->now_ms)
        return;
    play->gain.idle_seconds += (double)play->ready * (double)(at_ms - play->now_ms) / 1000;
    play->now_ms = at_ms;
}

static void go_to(struct play *play, int64_t at_ms)
{
    while (play->first < play->end && play->orders[play->first].at_ms <= at_ms) {
        const struct order *order = &play->orders[play->first++];

        wait_until(play, order->at_ms);
        play->ready += order->items;
        play->coming -= order->items;
    }
    wait_until(play, at_ms);
}

/* As the keeper trims: what is not made yet first. */
static void give_back(struct play *play, int64_t items)
{
    int64_t dropped;

    while (items > 0 && play->first < play->end) {
        struct order *last = &play->orders[play->end - 1];

        dropped = least(items, last->items);
        last->items -= dropped;
        play->coming -= dropped;
        items -= dropped;
        if (last->items == 0)
            play->end--;
    }
    play->ready -= least(items, play->ready);
}

static void stock(struct play *play)
{
    int64_t lack = play->goal - play->ready - play->coming;

    if (lack < 0)
        give_back(play, -lack);
    if (lack <= 0)
        return;
    play->orders[play->end++] = (struct order){ play->now_ms + play->lead_ms, lack };
    play->coming += lack;
}

static void serve(struct play *play, int64_t items)
{
    int64_t hits = least(items, play->ready);

    play->ready -= hits;
    play->gain.hits += hits;
    play->gain.misses += items - hits;
    stock(play);
}

/* Steps and events in the order of their times; of the same time, the step first. */
static void play_all(struct play *play, const struct replay_case *of)
{
    size_t step = 0, event = 0;

    while (step < of->step_count || event < of->event_count) {
        if (event == of->event_count
            || (step < of->step_count && of->steps[step].at_ms <= of->events[event].at_ms)) {
            go_to(play, of->steps[step].at_ms);
            play->goal = of->steps[step++].goal;
            stock(play);
        } else {
            go_to(play, of->events[event].at_ms);
            serve(play, of->events[event++].items);
        }
    }
    go_to(play, of->until_ms);
}

int replay_pool(const struct replay_case *of, double create_s, struct gain *ret_gain,
                struct error *error)
{
    autofree struct order *orders = calloc(of->step_count + of->event_count + 1, sizeof(*orders));
    struct play play = { .lead_ms = of->lead_ms, .now_ms = of->from_ms, .goal = of->goal,
                         .ready = of->goal, .orders = orders };

    if (!orders)
        return error_set(error, -ENOMEM, "no memory to replay %zu events", of->event_count);
    play_all(&play, of);
    *ret_gain = play.gain;
    ret_gain->seconds_saved = (double)play.gain.hits * create_s;
    return 0;
}

void gain_add(struct gain *sum, const struct gain *gain)
{
    sum->hits += gain->hits;
    sum->misses += gain->misses;
    sum->seconds_saved += gain->seconds_saved;
    sum->idle_seconds += gain->idle_seconds;
}

double gain_hit_rate(const struct gain *gain)
{
    int64_t all = gain->hits + gain->misses;

    return all ? (double)gain->hits / (double)all : 0;
}
