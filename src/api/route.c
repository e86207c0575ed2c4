/* SPDX-License-Identifier: Apache-2.0 */
/* The route table and how a request finds its row; see route.h. */
#include "api/route.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/resources.h"

static const struct route routes[] = {
    { "GET", "/", ACCESS_OPEN, false, NULL, versions_list },
    { "GET", "/v1", ACCESS_OPEN, false, NULL, versions_show },
    { "GET", "/healthcheck", ACCESS_OPEN, false, NULL, health_show },
    { "HEAD", "/healthcheck", ACCESS_OPEN, false, NULL, health_show },
    { "GET", "/metrics", ACCESS_METRICS, false, NULL, metrics_show },
    { "GET", "/v1/members", ACCESS_READ, false, &member_parameters, members_list },
    { "GET", "/v1/pools", ACCESS_READ, false, &pool_parameters, pools_list },
    { "POST", "/v1/pools", ACCESS_ADMIN, true, NULL, pools_make },
    { "GET", "/v1/pools/{id}", ACCESS_READ, false, NULL, pools_show },
    { "PATCH", "/v1/pools/{id}", ACCESS_ADMIN, true, NULL, pools_change },
    { "GET", "/v1/items", ACCESS_READ, false, &item_parameters, items_list },
    { "GET", "/v1/items/{id}", ACCESS_READ, false, NULL, items_show },
    { "GET", "/v1/images", ACCESS_READ, false, &image_parameters, images_list },
    { "GET", "/v1/warm-hosts/{id}", ACCESS_HOOK, false, NULL, warm_hosts_show },
    { "GET", "/v1/hook", ACCESS_HOOK, false, NULL, hook_show },
    { "POST", "/v1/hooks", ACCESS_HOOK, true, NULL, hooks_report, .since = 1 },
    { "POST", "/v1/claims", ACCESS_HOOK, true, NULL, claims_make },
    { "GET", "/v1/claims", ACCESS_READ, false, &claim_parameters, claims_list },
    { "GET", "/v1/claims/{id}", ACCESS_READ, false, NULL, claims_show },
    { "POST", "/v1/adoptions", ACCESS_HOOK, true, NULL, adoptions_begin },
    { "GET", "/v1/adoptions", ACCESS_READ, false, &adoption_parameters, adoptions_list },
    { "GET", "/v1/adoptions/{id}", ACCESS_READ, false, NULL, adoptions_show },
    { "PATCH", "/v1/adoptions/{id}", ACCESS_HOOK, true, NULL, adoptions_finish },
    { "GET", "/v1/series", ACCESS_READ, false, &series_parameters, series_list_all },
    { "GET", "/v1/series/{number}", ACCESS_READ, false, NULL, series_show },
    { "GET", "/v1/forecasts", ACCESS_READ, false, &forecast_parameters, forecasts_show },
    { "POST", "/v1/yields", ACCESS_HOOK, true, NULL, yields_note },
    { "POST", "/v1/demand", ACCESS_HOOK, true, NULL, demand_report },
    { "GET", "/v1/utilisation", ACCESS_READ, false, &utilisation_parameters, utilisation_show },
    { "GET", "/v1/demand", ACCESS_READ, false, &demand_parameters, demand_show },
    { "GET", "/v1/tiers", ACCESS_READ, false, &tier_parameters, tiers_list },
    { "PUT", "/v1/tiers", ACCESS_ADMIN, true, NULL, tiers_set },
    { "DELETE", "/v1/tiers/{id}", ACCESS_ADMIN, false, NULL, tiers_unset },
    { "GET", "/v1/events", ACCESS_READ, false, &event_parameters, events_list },
    { "POST", "/v1/events", ACCESS_ADMIN, true, NULL, events_make },
    { "GET", "/v1/events/{id}", ACCESS_READ, false, NULL, events_show },
    { "DELETE", "/v1/events/{id}", ACCESS_ADMIN, false, NULL, events_remove },
    { "GET", "/v1/calendars", ACCESS_READ, false, NULL, calendars_list },
    { "GET", "/v1/report", ACCESS_READ, false, &report_parameters, report_show },
    { "GET", "/v1/decisions", ACCESS_READ, false, &decision_parameters, decisions_list },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))
#define NUMBER_PLACE "{number}"

const struct route *route_table(size_t *ret_count)
{
    *ret_count = ROUTES;
    return routes;
}

const char *access_name(enum access access)
{
    static const char *const names[] = { "open", "hook", "read", "admin", "metrics" };

    return names[access];
}

/* Whether 'path' has the form of 'template'; what stands for {id} or {number} is at
 * 'ret_id', which goes to the end of the path: no template has anything behind it. */
static bool path_matches(const char *template, const char *path, const char **ret_id)
{
    const char *place = strchr(template, '{');
    size_t fixed = place ? (size_t)(place - template) : strlen(template);

    *ret_id = NULL;
    if (strncmp(template, path, fixed))
        return false;
    path += fixed;
    if (!place)
        return *path == '\0';
    *ret_id = path;
    return *path && !strchr(path, '/');
}

static bool is_number(const char *text)
{
    int64_t number;

    return text_to_int(text, 1, INT64_MAX, &number) == 0;
}

static int read_id(const char *template, const char *text, char *ret_id)
{
    if (strstr(template, NUMBER_PLACE) ? !is_number(text) : !text_is_uuid(text))
        return -EINVAL;
    text_copy(ret_id, ID_SIZE, text);
    for (; *ret_id; ret_id++)
        *ret_id = (char)tolower((unsigned char)*ret_id);
    return 0;
}

int route_find(const char *method, const char *path, const struct route **ret_route,
               char ret_id[static ID_SIZE], char ret_allow[static 64])
{
    size_t used = 0;
    const char *id;

    ret_id[0] = ret_allow[0] = '\0';
    for (size_t i = 0; i < ROUTES; i++) {
        if (!path_matches(routes[i].path, path, &id))
            continue;
        *ret_route = &routes[i];
        if (strcmp(routes[i].method, method) == 0)
            return id ? read_id(routes[i].path, id, ret_id) : 0;
        used += (size_t)snprintf(ret_allow + used, 64 - used, "%s%s", used ? ", " : "",
                                 routes[i].method);
    }
    return used ? -EPERM : -ENOENT;
}
