/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gnocchi: which instances there were, how busy groups of them were, and how far it lags behind.
 * A cloud need not have it: client_has_service(client, SERVICE_METRIC) says.
 *
 * Instances are what Ceilometer wrote: those that became active, each as its newest revision has
 * it (so a server that was resized counts with its newest flavor).
 */
#ifndef LARDER_CLOUD_METRIC_H
#define LARDER_CLOUD_METRIC_H

#include "cloud/client.h"
#include "cloud/instance.h"

/* At most 'most' instances created within [from_ms, until_ms), in the order in which their records
 * began, behind the one with the id 'marker' (NULL or "": from the start), none whose record began
 * before 'reached_ms'.  -ESTALE when Gnocchi does not know the marker any more: a search without it
 * from the time that was reached goes on there.  What is not understood is passed over and
 * counted, unless it is all that came: -EPROTO. */
struct metric_page {
    int64_t from_ms, until_ms, reached_ms;
    const char *marker;
    size_t most;
};
struct metric_progress {
    bool ended;           /* there are no more */
    char marker[ID_SIZE]; /* the last one's id */
    int64_t started_ms;   /* when its record began */
    size_t strange;       /* passed over */
};
#define METRIC_PAGE_MOST 500
int metric_instances(struct client *client, const struct metric_page *page,
                     struct instance *ret_instances, size_t *ret_count,
                     struct metric_progress *ret_progress, struct error *error);

/* Measures that wait to be worked off: while there are many, the newest points are not there. */
int metric_backlog(struct client *client, int64_t *ret_measures, struct error *error);

/* What of the resources is added up, as a point every 'granularity_s' seconds. */
struct metric_question {
    const char *resource_type; /* "instance" */
    const char *group_by;      /* an attribute: "host" */
    const char *metrics[2];    /* added up; the second may be NULL */
    bool counter;              /* they grow; what is wanted is how much each second */
    int64_t granularity_s;
    int64_t from_ms, until_ms;
};
struct metric_point {
    char group[NAME_SIZE]; /* the attribute's value */
    int64_t at_ms;         /* where its span begins */
    double value;
};
/* Groups that are not understood, and points that are no numbers, are left out, as are those that
 * no longer fit: 'ret_count' is 'most' then.  Nothing known of it: no points, and no error. */
int metric_ask(struct client *client, const struct metric_question *question,
               struct metric_point *ret_points, size_t most, size_t *ret_count,
               struct error *error);

#endif
