/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the resources offer to the route table. */
#ifndef LARDER_API_RESOURCES_H
#define LARDER_API_RESOURCES_H

#include "api/request.h"

/* version.c */
int versions_list(struct request *request, struct reply *reply, struct error *error);
int versions_show(struct request *request, struct reply *reply, struct error *error);

/* health.c */
int health_show(struct request *request, struct reply *reply, struct error *error);

/* hook.c */
int hook_show(struct request *request, struct reply *reply, struct error *error);
int hooks_report(struct request *request, struct reply *reply, struct error *error);

/* metrics.c */
int metrics_show(struct request *request, struct reply *reply, struct error *error);

/* members.c */
extern const struct parameters member_parameters;
int members_list(struct request *request, struct reply *reply, struct error *error);

/* pools.c */
extern const struct parameters pool_parameters;
int pools_make(struct request *request, struct reply *reply, struct error *error);
int pools_list(struct request *request, struct reply *reply, struct error *error);
int pools_show(struct request *request, struct reply *reply, struct error *error);
int pools_change(struct request *request, struct reply *reply, struct error *error);

/* items.c */
extern const struct parameters item_parameters;
int items_list(struct request *request, struct reply *reply, struct error *error);
int items_show(struct request *request, struct reply *reply, struct error *error);

/* claims.c */
extern const struct parameters claim_parameters;
int claims_make(struct request *request, struct reply *reply, struct error *error);
int claims_list(struct request *request, struct reply *reply, struct error *error);
int claims_show(struct request *request, struct reply *reply, struct error *error);

/* adoptions.c */
extern const struct parameters adoption_parameters;
int adoptions_begin(struct request *request, struct reply *reply, struct error *error);
int adoptions_finish(struct request *request, struct reply *reply, struct error *error);
int adoptions_list(struct request *request, struct reply *reply, struct error *error);
int adoptions_show(struct request *request, struct reply *reply, struct error *error);

/* images.c */
extern const struct parameters image_parameters;
int images_list(struct request *request, struct reply *reply, struct error *error);
int warm_hosts_show(struct request *request, struct reply *reply, struct error *error);

/* series.c */
extern const struct parameters series_parameters;
int series_list_all(struct request *request, struct reply *reply, struct error *error);
int series_show(struct request *request, struct reply *reply, struct error *error);

/* forecasts.c */
extern const struct parameters forecast_parameters;
int forecasts_show(struct request *request, struct reply *reply, struct error *error);

/* demand.c */
extern const struct parameters demand_parameters;
int demand_report(struct request *request, struct reply *reply, struct error *error);
int demand_show(struct request *request, struct reply *reply, struct error *error);

/* tiers.c */
extern const struct parameters tier_parameters;
int tiers_list(struct request *request, struct reply *reply, struct error *error);
int tiers_set(struct request *request, struct reply *reply, struct error *error);
int tiers_unset(struct request *request, struct reply *reply, struct error *error);

/* events.c */
extern const struct parameters event_parameters;
int events_list(struct request *request, struct reply *reply, struct error *error);
int events_show(struct request *request, struct reply *reply, struct error *error);
int events_make(struct request *request, struct reply *reply, struct error *error);
int events_remove(struct request *request, struct reply *reply, struct error *error);
int calendars_list(struct request *request, struct reply *reply, struct error *error);

/* report.c */
extern const struct parameters report_parameters;
int report_show(struct request *request, struct reply *reply, struct error *error);

/* decisions.c */
extern const struct parameters decision_parameters;
int decisions_list(struct request *request, struct reply *reply, struct error *error);

/* utilisation.c */
extern const struct parameters utilisation_parameters;
int utilisation_show(struct request *request, struct reply *reply, struct error *error);

/* yields.c */
int yields_note(struct request *request, struct reply *reply, struct error *error);

#endif
