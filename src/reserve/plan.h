/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Resource Reservation Manager: one pass over all pools, from forecasts, tiers, costs and
 * limits to targets, each with the reason for it.  Pure.
 */
#ifndef LARDER_RESERVE_PLAN_H
#define LARDER_RESERVE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "predict/distribution.h"
#include "reserve/target.h"
#include "reserve/tier.h"

enum plan_kind { PLAN_PORT, PLAN_VOLUME };
#define PLAN_KINDS 2

struct plan_options {
    char tier[16];          /* of pools that no rule gives one */
    double service_level;   /* of the tier guaranteed */
    double miss_cost[PLAN_KINDS]; /* see struct tier_costs */
    double idle_cost[PLAN_KINDS];
    int64_t review_s;       /* between two passes */
    int64_t idle_age_s;     /* before a target falls, and before what is young is given back */
    int64_t forecast_age_s; /* what was forecast longer ago is nothing to go by */
    int64_t user_age_s;     /* whose boots count for a pool's tier: those of so long */
    int64_t gigabytes;      /* of all volume pools together; 0: no limit */
    int64_t lease_s;        /* of the planner that leads */
    int64_t keep_days;      /* decisions are kept so long */
};

/* Shared limits; 0: none. */
struct plan_limits {
    int64_t items_in_all;
    int64_t items_per_project; /* of port pools */
    int64_t gigabytes;
};

struct plan_pool {
    /* as it is */
    enum plan_kind kind;
    bool active;               /* others take nothing of the limits */
    char project_id[ID_SIZE];  /* port: the key's */
    double gigabytes;          /* volume: of one item */
    int64_t lead_time_ms;      /* a high quantile of them; see lead_time.h */
    int64_t floor, ceiling;
    struct target_state before;
    struct tier_choice tier;
    bool has_forecast;
    struct distribution forecast; /* the shortest that is no shorter than the interval */
    int64_t forecast_length_ms;
    int64_t forecast_made_ms;

    /* as it shall be */
    double level;
    int64_t interval_ms; /* that the target was made for: the forecast's, if there is one */
    struct target_answer answer;
};

int plan_pools(const struct plan_options *options, const struct plan_limits *limits,
               struct plan_pool *pools, size_t count, int64_t now_ms, struct error *error);

#endif
