/* SPDX-License-Identifier: Apache-2.0 */
/* What options say of each other: one function a rule, each refusing with a sentence. */
#include "cmd/config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "api/listen.h"
#include "bus/transport.h"
#include "predict/calendar.h"
#include "role/usage.h"

static bool is_role(const char *word)
{
    static const char *const roles[] = { "api", "worker", "listener", "predictor", "planner" };

    for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
        if (text_equal(word, roles[i]))
            return true;
    return false;
}

static int check_roles(const struct config *config, struct error *error)
{
    for (size_t i = 0; i < config->roles.count; i++)
        if (!is_role(config->roles.items[i]))
            return error_set(error, -EINVAL, "[DEFAULT] roles: there is no role \"%s\": the roles "
                             "are api, worker, listener, predictor and planner",
                             config->roles.items[i]);
    if (config->roles.count == 0)
        return error_set(error, -EINVAL, "[DEFAULT] roles is empty: name at least one of api, "
                         "worker, listener, predictor and planner");
    return 0;
}

static int check_floors(const struct config *config, struct error *error)
{
    const struct bootstrap_options *bootstrap = &config->bootstrap;
    const struct {
        const char *name;
        int64_t floor;
    } floors[] = { { "port", bootstrap->floor_port }, { "volume", bootstrap->floor_volume } };

    for (size_t i = 0; i < ARRAY_SIZE(floors); i++)
        if (floors[i].floor > bootstrap->ceiling_pool)
            return error_set(error, -EINVAL, "[bootstrap] floor_%s = %" PRId64 " is more than "
                             "ceiling_pool = %" PRId64 ": lower the one or raise the other",
                             floors[i].name, floors[i].floor, bootstrap->ceiling_pool);
    return 0;
}

/* A worker that waits for a slow service must not lose its item: another would make it again. */
static int check_lease(const struct config *config, struct error *error)
{
    static const char *const names[] = {
        [SERVICE_NETWORK] = "neutron", [SERVICE_VOLUME] = "cinder", [SERVICE_IMAGE] = "glance",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i] && config->cloud.services[i].timeout_s >= config->bootstrap.lease_s)
            return error_set(error, -EINVAL, "[bootstrap] lease = %" PRId64 " must be more than "
                             "[%s] timeout = %" PRId64 ", or workers lose items while they wait",
                             config->bootstrap.lease_s, names[i],
                             config->cloud.services[i].timeout_s);
    return 0;
}

/* What is asked for again after Nova has evicted it was cold in between. */
static int check_refresh(const struct config *config, struct error *error)
{
    if (config->image.refresh_s >= config->image.unused_age_s)
        return error_set(error, -EINVAL, "[image] refresh = %" PRId64 " must be less than "
                         "unused_age = %" PRId64 ", or images are evicted before they are asked "
                         "for again", config->image.refresh_s, config->image.unused_age_s);
    return 0;
}

/* Workers and both keepers hold a connection each while they work; the API needs some too. */
static int check_connections(const struct config *config, struct error *error)
{
    int64_t needed = config_has_role(config, "worker") ? config->bootstrap.workers + 2 : 0;

    needed += config_has_role(config, "api") ? 1 : 0;
    needed += config_has_role(config, "listener") ? 1 : 0;
    needed += config_has_role(config, "planner") ? 1 : 0;
    needed += config_has_role(config, "predictor") ? 2 : 0; /* and the historian */
    if (config->database.max_connections < needed)
        return error_set(error, -EINVAL, "[database] max_connections = %" PRId64 " is too few for "
                         "[bootstrap] workers = %" PRId64 ": at least %" PRId64 " are needed",
                         config->database.max_connections, config->bootstrap.workers, needed);
    return 0;
}

static int check_login(const struct config *config, struct error *error)
{
    const struct cloud_options *cloud = &config->cloud;

    if (text_equal(cloud->auth_type, "password"))
        return cloud->username[0] && cloud->password[0] && cloud->project_name[0] ? 0 :
            error_set(error, -EINVAL, "[keystone] username, password and project_name are needed "
                      "with auth_type = password");
    return cloud->application_credential_id[0] && cloud->application_credential_secret[0] ? 0 :
        error_set(error, -EINVAL, "[keystone] application_credential_id and "
                  "application_credential_secret are needed with auth_type = "
                  "v3applicationcredential");
}

static int check_telemetry(const struct config *config, struct error *error)
{
    const struct historian_options *historian = &config->historian;

    for (size_t i = 0; i < historian->metrics.count; i++)
        if (!usage_knows_metric(historian->metrics.items[i]))
            return error_set(error, -EINVAL, "[telemetry] metrics: there is no metric \"%s\": they "
                             "are cpu, memory, network and disk", historian->metrics.items[i]);
    if (300 % historian->granularity_s != 0)
        return error_set(error, -EINVAL, "[telemetry] granularity = %" PRId64 " does not divide "
                         "300 seconds: take 60, 100, 150 or 300", historian->granularity_s);
    return 0;
}

/* Adoptions carry transfer keys: they go over TLS or do not leave the machine. */
static int check_tls(const struct config *config, struct error *error)
{
    const struct api_options *api = &config->api;

    if (!api->cert_file[0] != !api->key_file[0])
        return error_set(error, -EINVAL, "[api] cert_file and key_file go together: one of them "
                         "is not given");
    if (!api->cert_file[0] && !listen_is_loopback(api->bind_host))
        return error_set(error, -EINVAL, "[api] bind_host = %s needs cert_file and key_file: "
                         "transfer keys go over this connection (or bind to 127.0.0.1 behind a "
                         "proxy that speaks TLS)", api->bind_host);
    return 0;
}

static int check_hook_role(const struct config *config, struct error *error)
{
    const struct api_options *api = &config->api;

    if (text_equal(api->hook_role, api->admin_role) ||
        text_equal(api->hook_role, api->reader_role) || text_equal(api->hook_role, "service"))
        return error_set(error, -EINVAL, "[api] hook_role = %s must be a role of its own: with it "
                         "anyone who has that role could take items", api->hook_role);
    return 0;
}

/* Slots begin at midnight, each day. */
static int check_slot(const struct config *config, struct error *error)
{
    const struct predictor_options *predict = &config->predict;

    if (86400 % predict->slot_s)
        return error_set(error, -EINVAL, "[predict] slot = %" PRId64 " does not divide a day: "
                         "take 300, 600 or 900, as an example", predict->slot_s);
    if (predict->grace_s >= predict->slot_s)
        return error_set(error, -EINVAL, "[predict] grace = %" PRId64 " must be less than slot = %"
                         PRId64, predict->grace_s, predict->slot_s);
    return 0;
}

static int check_calendars(const struct config *config, struct error *error)
{
    struct zone zone;
    struct error why = { 0 };

    if (calendar_zone(config->predict.time_zone, 0, 1, &zone, &why) < 0)
        return error_set(error, -EINVAL, "[predict] time_zone: %s", why.message);
    return calendars_check(&config->historian.calendars, error);
}

static int check_listener(const struct config *config, struct error *error)
{
    const struct bus_options *listener = &config->listener;
    struct transport transport;

    if (!config_has_role(config, "listener"))
        return 0;
    if (!listener->transport_url[0])
        return error_set(error, -EINVAL, "[listener] transport_url is needed for the role "
                         "listener: give the bus that services publish notifications on, or "
                         "name the other roles in [DEFAULT] roles");
    if (!listener->queue[0] || !listener->exchanges.count || !listener->topics.count)
        return error_set(error, -EINVAL, "[listener] queue, exchanges and topics must not be "
                         "empty");
    if (!listener->ssl_cert_file[0] != !listener->ssl_key_file[0])
        return error_set(error, -EINVAL, "[listener] ssl_cert_file and ssl_key_file go together: "
                         "one of them is not given");
    return transport_parse(listener->transport_url, &transport, error);
}

int config_check(const struct config *config, struct error *error)
{
    static int (*const checks[])(const struct config *, struct error *) = {
        check_roles, check_floors, check_lease, check_refresh, check_connections,
        check_login, check_tls,    check_slot,  check_hook_role, check_listener,
        check_telemetry, check_calendars,
    };
    int status = 0;

    for (size_t i = 0; i < ARRAY_SIZE(checks) && status >= 0; i++)
        status = checks[i](config, error);
    return status;
}
