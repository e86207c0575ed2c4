/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table.  Each row fills one member of a room's option struct; parsing, ranges, the
 * sample file and the list of effective values follow from it.  What options say of each other is
 * in config_check.c.
 */
#include "cmd/config.h"

#include <errno.h>
#include <string.h>

#define FIELD(member_)                                                                             \
    .offset = offsetof(struct config, member_), .size = sizeof(((struct config *)0)->member_)

#define TEXT(section_, name_, member_, flags_, fallback_, help_)                                   \
    { .section = (section_), .name = (name_), .type = OPTION_TEXT, .flags = (flags_),              \
      FIELD(member_), .fallback = (fallback_), .help = (help_) }
#define INT(section_, name_, member_, flags_, fallback_, min_, max_, unit_, help_)                 \
    { .section = (section_), .name = (name_), .type = OPTION_INT, .flags = (flags_),               \
      FIELD(member_), .fallback = (fallback_), .min = (min_), .max = (max_), .unit = (unit_),      \
      .help = (help_) }
#define BOOL(section_, name_, member_, flags_, fallback_, help_)                                   \
    { .section = (section_), .name = (name_), .type = OPTION_BOOL, .flags = (flags_),              \
      FIELD(member_), .fallback = (fallback_), .help = (help_) }
#define CHOICE(section_, name_, member_, flags_, fallback_, choices_, help_)                       \
    { .section = (section_), .name = (name_), .type = OPTION_CHOICE, .flags = (flags_),            \
      FIELD(member_), .fallback = (fallback_), .choices = (choices_), .help = (help_) }
#define LIST(section_, name_, member_, flags_, fallback_, help_)                                   \
    { .section = (section_), .name = (name_), .type = OPTION_LIST, .flags = (flags_),              \
      FIELD(member_), .fallback = (fallback_), .help = (help_) }
#define FLOAT(section_, name_, member_, flags_, fallback_, min_, max_, unit_, help_)               \
    { .section = (section_), .name = (name_), .type = OPTION_FLOAT, .flags = (flags_),             \
      FIELD(member_), .fallback = (fallback_), .min = (min_), .max = (max_), .unit = (unit_),      \
      .help = (help_) }

/* Each OpenStack service has the same three. */
#define SERVICE(section_, service_, rate_)                                                         \
    TEXT(section_, "endpoint_override", cloud.services[service_].endpoint_override, 0, "",         \
         "URL to use instead of the one in Keystone's catalog."),                                  \
    FLOAT(section_, "calls_per_second", cloud.services[service_].calls_per_second, 0, rate_, 0,    \
          10000, "calls per second",                                                               \
          "Most calls that this process makes to the service. 0: no limit."),                      \
    INT(section_, "timeout", cloud.services[service_].timeout_s, 0, "30", 1, 600, "seconds",       \
        "Time that one call may take.")

static const struct option options[] = {
    BOOL("DEFAULT", "debug", log.debug, OPTION_RELOAD, "false", "Log debug messages too."),
    TEXT("DEFAULT", "log_file", log.log_file, OPTION_RELOAD, "",
         "File to log into, reopened at SIGHUP. Empty: standard error."),
    LIST("DEFAULT", "roles", roles, 0, "api,worker,listener,predictor,planner",
         "What this process does: api (REST, claims, adoptions), worker (moves items through their "
         "lives, stocks pools, reconciles), listener (takes in what the bus tells), predictor "
         "(forecasts) and planner (sets targets). By default it does everything."),
    INT("DEFAULT", "late_after", late_after_s, 0, "300", 10, 86400, "seconds",
        "A role of which a thread has got no further for so long hangs: the health check fails and "
        "the service manager is no longer told that all is well."),
    CHOICE("DEFAULT", "mode", mode, 0, "serve", "serve|observe",
           "serve: pools are made and handed out. observe: the cloud is not touched and boots get "
           "nothing; what they would have gained is reported."),

    TEXT("database", "connection", database.connection, OPTION_REQUIRED | OPTION_SECRET, NULL,
         "mysql://USER:PASSWORD@HOST[:PORT]/DATABASE[?ssl_ca=FILE&ssl_verify=true]. The form "
         "mysql+pymysql:// is understood too."),
    INT("database", "max_connections", database.max_connections, 0, "20", 2, 1000, "connections",
        "Most connections that this process opens."),
    INT("database", "connect_timeout", database.connect_timeout_s, 0, "5", 1, 120, "seconds",
        "Time to connect."),
    INT("database", "query_timeout", database.query_timeout_s, 0, "30", 1, 600, "seconds",
        "Time for one statement and its answer."),
    INT("database", "borrow_timeout", database.borrow_timeout_ms, 0, "2000", 10, 60000,
        "milliseconds", "Time that a thread waits for a free connection."),

    TEXT("keystone", "auth_url", cloud.auth_url, OPTION_REQUIRED, NULL,
         "Keystone's URL, as https://keystone.example.org/v3."),
    CHOICE("keystone", "auth_type", cloud.auth_type, 0, "password",
           "password|v3applicationcredential",
           "How to log in: with user and password, or with an application credential."),
    TEXT("keystone", "username", cloud.username, 0, "larder",
         "User, who needs the role admin in the project that holds the pools."),
    TEXT("keystone", "password", cloud.password, OPTION_SECRET, "", "The user's password."),
    TEXT("keystone", "user_domain_name", cloud.user_domain_name, 0, "Default",
         "Domain of the user."),
    TEXT("keystone", "project_name", cloud.project_name, 0, "larder",
         "Project that holds the pools. It must hold nothing else: ports and volumes in it "
         "that Larder does not know are removed."),
    TEXT("keystone", "project_domain_name", cloud.project_domain_name, 0, "Default",
         "Domain of the project."),
    TEXT("keystone", "application_credential_id", cloud.application_credential_id, 0, "",
         "Id of the application credential (auth_type v3applicationcredential)."),
    TEXT("keystone", "application_credential_secret", cloud.application_credential_secret,
         OPTION_SECRET, "", "Secret of the application credential."),
    TEXT("keystone", "region_name", cloud.region_name, 0, "",
         "Region whose endpoints are used. Empty: the first in the catalog."),
    CHOICE("keystone", "interface", cloud.interface, 0, "internal", "public|internal|admin",
           "Which of the catalog's endpoints are used."),
    TEXT("keystone", "cafile", cloud.cafile, 0, "",
         "Certificates that are trusted, PEM. Empty: the system's."),
    BOOL("keystone", "insecure", cloud.insecure, 0, "false",
         "Do not verify the services' TLS certificates. For trials only."),
    INT("keystone", "connect_timeout", cloud.connect_timeout_s, 0, "5", 1, 120, "seconds",
        "Time to connect to any OpenStack service."),
    INT("keystone", "retries", cloud.retries, 0, "4", 0, 20, "retries",
        "How often a call that failed is made again, with backoff."),
    INT("keystone", "token_cache_time", cloud.token_cache_s, 0, "60", 0, 3600, "seconds",
        "How long the answer about a caller's token is kept. A token that was revoked is "
        "taken for valid that long."),

    SERVICE("identity", SERVICE_IDENTITY, "0"),
    SERVICE("neutron", SERVICE_NETWORK, "20"),
    SERVICE("cinder", SERVICE_VOLUME, "10"),
    SERVICE("glance", SERVICE_IMAGE, "10"),
    SERVICE("nova", SERVICE_COMPUTE, "10"),
    SERVICE("gnocchi", SERVICE_METRIC, "5"),

    INT("bootstrap", "workers", bootstrap.workers, 0, "4", 1, 64, "threads",
        "Threads that move items through their lives. Each uses a database connection."),
    INT("bootstrap", "floor_port", bootstrap.floor_port, 0, "0", 0, 10000, "items",
        "Floor of a port pool that comes into being: so many are ready whatever is forecast."),
    INT("bootstrap", "floor_volume", bootstrap.floor_volume, 0, "0", 0, 10000, "items",
        "Floor of a volume pool that comes into being."),
    INT("bootstrap", "ceiling_pool", bootstrap.ceiling_pool, 0, "100", 0, 10000, "items",
        "Ceiling of a pool that comes into being."),
    INT("bootstrap", "ceiling_project", bootstrap.ceiling_project, OPTION_RELOAD, "200", 0, 100000,
        "items", "Most items in the port pools of one tenant project together."),
    INT("bootstrap", "ceiling_all", bootstrap.ceiling_all, OPTION_RELOAD, "2000", 0, 100000,
        "items", "Most items in all pools together."),
    INT("bootstrap", "pools_per_project", bootstrap.pools_per_project, 0, "100", 0, 10000, "pools",
        "Most port pools that one tenant project can bring into being."),
    INT("bootstrap", "free_addresses", bootstrap.free_addresses, OPTION_RELOAD, "16", 0, 1000000,
        "addresses", "Addresses of a network that are always left to tenants."),
    INT("bootstrap", "lease", bootstrap.lease_s, OPTION_RELOAD, "120", 5, 3600, "seconds",
        "How long an item stays with a worker that died. Longer than the services' timeouts."),
    INT("bootstrap", "attempts", bootstrap.attempts, OPTION_RELOAD, "5", 1, 100, "attempts",
        "How often the making of one item is tried."),
    INT("bootstrap", "yield", bootstrap.yield_s, OPTION_RELOAD, "3", 0, 600, "seconds",
        "Making yields to boots under way: it waits until no boot was seen for so long. 0: it "
        "never waits, which is right for a cloud with capacity to spare."),
    INT("bootstrap", "yield_most", bootstrap.yield_most_s, OPTION_RELOAD, "30", 1, 600, "seconds",
        "But no item waits longer than this; in a cloud that boots all the time it is a part of "
        "each lead time."),
    INT("bootstrap", "give_way", bootstrap.give_way_s, 0, "300", 1, 86400, "seconds",
        "The port pools of a network that stood in the way of a tenant's request, as its delete, "
        "make no new ports for so long."),
    INT("bootstrap", "review", bootstrap.review_s, OPTION_RELOAD, "5", 1, 3600, "seconds",
        "Time between two looks at all pools. What is taken is reordered at once all the same."),
    INT("bootstrap", "reconcile", bootstrap.reconcile_s, OPTION_RELOAD, "300", 5, 86400, "seconds",
        "Time between two comparisons of the database with the cloud."),
    TEXT("bootstrap", "key_file", bootstrap.key_file, OPTION_REQUIRED,
         "/etc/larder/transfer.key",
         "File with the key that seals volume transfer keys in the database; made by larder-manage "
         "key create, the same for all processes, readable by its owner only."),

    BOOL("image", "enabled", image.enabled, OPTION_RELOAD, "true",
         "Have Nova cache images on compute hosts ahead of the boots that want them."),
    LIST("image", "aggregates", image.aggregates, OPTION_RELOAD, "",
         "Names of the aggregates on whose hosts images are cached. Empty: all that Nova has."),
    FLOAT("image", "least_boots", image.rules.least_boots, OPTION_RELOAD, "0.5", 0, 1000000,
          "boots", "An image is cached from so many boots on that are forecast for an hour."),
    INT("image", "disk_gb", image.rules.disk_gb, OPTION_RELOAD, "50", 0, 1000000, "GiB",
        "Most that the images cached for Larder may take on the disk of one host."),
    INT("image", "requests", image.rules.requests, OPTION_RELOAD, "1", 1, 100, "requests",
        "Aggregates that Nova may be caching on at a time; each asks Glance for the image as often "
        "as Nova's [image_cache] precache_concurrency says."),
    INT("image", "refresh", image.refresh_s, OPTION_RELOAD, "43200", 1, 31536000, "seconds",
        "After so long Nova is asked again for an image that is still wanted, so that it is not "
        "evicted. Less than unused_age."),
    INT("image", "unused_age", image.unused_age_s, OPTION_RELOAD, "86400", 1, 31536000, "seconds",
        "When Nova evicts an image that nobody used: [image_cache] "
        "remove_unused_original_minimum_age_seconds of the compute hosts' nova.conf."),
    INT("image", "patience", image.patience_s, OPTION_RELOAD, "1800", 10, 86400, "seconds",
        "A host of which Nova has said nothing for so long is taken for failed."),
    INT("image", "retry", image.retry_s, OPTION_RELOAD, "60", 1, 86400, "seconds",
        "When an image is tried again on a host where it failed; then after twice as long, and so "
        "on."),
    INT("image", "unable", image.unable_s, OPTION_RELOAD, "86400", 1, 31536000, "seconds",
        "For so long a host is left alone that was learned to cache nothing."),
    INT("image", "review", image.review_s, OPTION_RELOAD, "30", 1, 3600, "seconds",
        "Time between two looks at all image pools."),
    INT("image", "survey", image.survey_s, OPTION_RELOAD, "300", 1, 86400, "seconds",
        "Time between two looks at Nova's aggregates and hosts."),
    BOOL("image", "glance_cache", image.glance_cache, OPTION_RELOAD, "true",
         "Have Glance's own cache fetch an image before the hosts do, where there is one."),

    TEXT("listener", "transport_url", listener.transport_url, OPTION_SECRET, "",
         "The notification bus, as services have it: "
         "rabbit://USER:PASSWORD@HOST:PORT,USER:PASSWORD@HOST:PORT/VHOST. The user needs to "
         "configure, write and read the queue, and to read the exchanges."),
    LIST("listener", "exchanges", listener.exchanges, 0,
         "nova,neutron,cinder,openstack,glance,keystone",
         "Exchanges that services publish on (their control_exchange). One that is missing is "
         "bound when it comes into being."),
    LIST("listener", "topics", listener.topics, 0, "notifications,versioned_notifications",
         "Topics of notifications, as services have them."),
    TEXT("listener", "queue", listener.queue, 0, "larder",
         "Our own queue, beside those of others: all listeners share it."),
    BOOL("listener", "quorum", listener.quorum, 0, "false",
         "Make it a quorum queue, as a cluster with rabbit_quorum_queue has. What is said of the "
         "queue here and below holds when it is made; delete it to change it."),
    INT("listener", "max_length", listener.max_length, 0, "200000", 0, 100000000, "messages",
        "Most messages that wait; beyond, the oldest are dropped and a gap is noted. 0: no limit."),
    INT("listener", "expires", listener.expires_s, 0, "86400", 0, 2592000, "seconds",
        "A queue that nobody listens to for so long goes. 0: never."),
    INT("listener", "batch", listener.batch, 0, "1000", 1, 10000, "messages",
        "Most messages that go to the database in one transaction."),
    INT("listener", "batch_time", listener.batch_ms, 0, "200", 0, 10000, "milliseconds",
        "Time in which a batch gathers."),
    INT("listener", "heartbeat", listener.heartbeat_s, 0, "60", 5, 600, "seconds",
        "A broker that is silent for so long is given up."),
    INT("listener", "connect_timeout", listener.connect_timeout_s, 0, "5", 1, 120, "seconds",
        "Time to connect to one host, and for each of its answers."),
    BOOL("listener", "ssl", listener.ssl, 0, "false",
         "Speak TLS, also where transport_url does not ask for it."),
    TEXT("listener", "ssl_ca_file", listener.ssl_ca_file, 0, "",
         "Certificates that the broker's must be signed by, PEM. Empty: it is not verified."),
    TEXT("listener", "ssl_cert_file", listener.ssl_cert_file, 0, "",
         "Certificate to show to the broker, PEM."),
    TEXT("listener", "ssl_key_file", listener.ssl_key_file, 0, "",
         "Private key of that certificate, PEM."),

    INT("claim", "lifetime", claim.lifetime_s, 0, "300", 10, 86400, "seconds",
        "How long a boot request keeps the items that were set aside for it."),
    INT("claim", "adoption_timeout", claim.adoption_timeout_s, 0, "60", 5, 3600, "seconds",
        "After that, a hand-over on which no report came is looked into."),

    INT("predict", "slot", predict.slot_s, 0, "300", 10, 3600, "seconds",
        "Length of the slots in which demand is counted and forecasts are made. Divides a day. A "
        "change builds all models anew of the history."),
    INT("predict", "grace", predict.grace_s, 0, "30", 1, 600, "seconds",
        "Time after a slot's end that the last news of it may take to come. What comes later "
        "counts at the next refit."),
    INT("predict", "patience", predict.patience_s, 0, "900", 0, 86400, "seconds",
        "How long models wait for a listener that is behind. After that they go on, and what it "
        "did not watch is a gap."),
    INT("predict", "shards", predict.shards, 0, "16", 1, 256, "shards",
        "Parts into which the series are divided among predictors; the same for all of them."),
    INT("predict", "lease", predict.lease_s, 0, "30", 3, 600, "seconds",
        "How long a shard stays with a predictor that died."),
    INT("predict", "refit", predict.refit_s, 0, "86400", 3600, 31536000, "seconds",
        "After so long a model is built anew of the history, with what came late."),
    INT("predict", "history", predict.history_days, 0, "60", 1, 3650, "days",
        "What was seen is kept for so long, and series of which nothing was seen since go too."),
    TEXT("predict", "time_zone", predict.time_zone, 0, "UTC",
         "Where hours and days are those that people live by, as Europe/Berlin: demand is taken to "
         "repeat at the same local time, over changes of the clock too. Events and calendars that "
         "name no zone are in this one. The same for all processes."),
    LIST("predict", "calendars", historian.calendars.sources, OPTION_SECRET, "",
         "Calendars of events that bear on demand (holidays, ends of month, exams): absolute paths "
         "or URLs of iCalendar files, which may hold what gives access to them. How much each "
         "event of a name multiplies the demand of a series is learned from the past."),
    INT("predict", "calendar_period", historian.calendars.period_s, 0, "3600", 60, 2592000,
        "seconds", "Time between two readings of each calendar. What cannot be read, or is damaged "
        "or beyond 1 MiB, leaves the last good copy."),
    INT("predict", "calendar_timeout", historian.calendars.timeout_s, 0, "10", 1, 60, "seconds",
        "Time that reading a calendar may take."),

    CHOICE("reserve", "tier", reserve.tier, OPTION_RELOAD, "probabilistic",
           "guaranteed|probabilistic|on-demand",
           "Tier of boots that no rule gives one (openstack larder tier set)."),
    FLOAT("reserve", "service_level", reserve.service_level, OPTION_RELOAD, "0.99", 0.5, 0.9999,
          "probability",
          "Tier guaranteed: how probably a boot finds its items ready. A rule may say otherwise."),
    FLOAT("reserve", "miss_cost_port", reserve.miss_cost[PLAN_PORT], OPTION_RELOAD, "49", 0.001,
          1000000, NULL,
          "Tier probabilistic: what it costs that a boot finds no port ready, in relation to "
          "idle_cost_port. 49 to 1 asks for a service level of 49 / (49 + 1)."),
    FLOAT("reserve", "idle_cost_port", reserve.idle_cost[PLAN_PORT], OPTION_RELOAD, "1", 0.001,
          1000000, NULL, "What it costs that a port lies ready and is not wanted."),
    FLOAT("reserve", "miss_cost_volume", reserve.miss_cost[PLAN_VOLUME], OPTION_RELOAD, "49",
          0.001, 1000000, NULL, "The same for volumes."),
    FLOAT("reserve", "idle_cost_volume", reserve.idle_cost[PLAN_VOLUME], OPTION_RELOAD, "1",
          0.001, 1000000, NULL, "The same for volumes."),
    INT("reserve", "review", reserve.review_s, OPTION_RELOAD, "30", 1, 3600, "seconds",
        "Time between two looks at the forecasts. What is taken is reordered at once all the "
        "same."),
    INT("reserve", "idle_age", reserve.idle_age_s, OPTION_RELOAD, "1800", 0, 604800, "seconds",
        "A target falls when the forecast has asked for less for so long; and what is younger is "
        "not given back because of it."),
    INT("reserve", "forecast_age", reserve.forecast_age_s, OPTION_RELOAD, "3600", 60, 604800,
        "seconds", "A forecast that was made longer ago changes no target."),
    INT("reserve", "user_age", reserve.user_age_s, OPTION_RELOAD, "604800", 60, 31536000, "seconds",
        "A pool has the strongest tier of those who booted from it within this time."),
    INT("reserve", "gigabytes", reserve.gigabytes, OPTION_RELOAD, "0", 0, 1000000000, "GiB",
        "Most that the targets of all volume pools may add up to. 0: no limit but ceilings."),
    INT("reserve", "lease", reserve.lease_s, OPTION_RELOAD, "15", 3, 600, "seconds",
        "How long a planner that died still leads; another takes over then."),
    INT("reserve", "keep_days", reserve.keep_days, OPTION_RELOAD, "30", 1, 3650, "days",
        "How long decisions are kept; each pool's last stays."),

    BOOL("telemetry", "import", historian.import, 0, "true",
         "The role predictor takes in the history of instances from Gnocchi, once, where the cloud "
         "has it."),
    INT("telemetry", "history_days", historian.history_days, 0, "30", 1, 400, "days",
        "How far back the import goes, and how old a gap may be that is filled."),
    BOOL("telemetry", "fill_gaps", historian.fill_gaps, 0, "true",
         "What the bus could not tell (listener down, messages lost) is filled in from Nova, and "
         "from Gnocchi where there is one."),
    FLOAT("telemetry", "pages_per_second", historian.pages_per_second, 0, "2", 0.01, 100,
          "pages per second", "Most pages, of 500 instances each, that imports ask for."),
    LIST("telemetry", "metrics", historian.metrics, 0, "cpu,memory,network,disk",
         "Whose utilisation is kept, from Gnocchi: cpu, memory, network, disk. Empty: none."),
    INT("telemetry", "period", historian.period_s, 0, "300", 10, 86400, "seconds",
        "Time between two looks at Gnocchi."),
    INT("telemetry", "settle", historian.settle_s, 0, "600", 1, 86400, "seconds",
        "What Ceilometer, Gnocchi and Nova may take to write down what has happened: gaps and "
        "utilisation are looked at so much later."),
    INT("telemetry", "granularity", historian.granularity_s, 0, "300", 10, 300, "seconds",
        "Granularity of Gnocchi's archive policy for these metrics; a divisor of 300."),
    INT("telemetry", "backlog", historian.backlog, 0, "10000", 0, 1000000000, "measures",
        "With more measures than that waiting in Gnocchi, its newest points are not trusted: the "
        "utilisation waits."),

    TEXT("api", "bind_host", api.bind_host, OPTION_REQUIRED, "127.0.0.1",
         "Address to listen on. Unless it is a loopback address, cert_file is needed."),
    INT("api", "bind_port", api.bind_port, 0, "8787", 1, 65535, NULL, "Port to listen on."),
    TEXT("api", "public_endpoint", api.public_endpoint, 0, "",
         "URL that links in answers begin with. Empty: as the request's Host says."),
    TEXT("api", "cert_file", api.cert_file, 0, "", "Certificate chain for TLS, PEM."),
    TEXT("api", "key_file", api.key_file, 0, "", "Private key for TLS, PEM."),
    INT("api", "max_body_bytes", api.max_body_bytes, 0, "65536", 1024, 16777216, "bytes",
        "Longest request body."),
    INT("api", "max_connections", api.max_connections, 0, "256", 1, 65536, "connections",
        "Most connections at a time."),
    INT("api", "idle_timeout", api.idle_timeout_s, 0, "60", 1, 3600, "seconds",
        "A connection on which nothing happens is closed after that."),
    TEXT("api", "hook_role", api.hook_role, OPTION_REQUIRED, "larder_hook",
         "Role that may claim and adopt. Give it to the hooks' user and to nobody else."),
    TEXT("api", "admin_role", api.admin_role, OPTION_REQUIRED, "admin",
         "Role that may read everything and change pools."),
    TEXT("api", "reader_role", api.reader_role, OPTION_REQUIRED, "reader",
         "Role that may read, with a token for the project that holds the pools."),
    CHOICE("api", "metrics", api.metrics, 0, "auto", "auto|open|token|off",
           "Who may read /metrics. open: anybody who reaches the port. token: who has a role that "
           "may read. auto: open when bind_host is a loopback address and public_endpoint is "
           "empty, else token. They name pools by their ids, and hold no secret."),
    INT("api", "metrics_pools", api.metrics_pools, 0, "100", 0, 10000, "pools",
        "How many pools, the largest first, have figures of their own in /metrics."),
    INT("api", "watch_port", api.watch_port, 0, "0", 0, 65535, NULL,
        "Port at which a process without the role api answers /healthcheck and /metrics. 0: none."),
};

int config_load(const char *path, struct config *ret_config, struct error *error)
{
    int status;

    *ret_config = (struct config){ 0 };
    status = options_load(options, ARRAY_SIZE(options), path, ret_config, error);
    if (status < 0 || !path)
        return status;
    status = config_check(ret_config, error);
    return status < 0 ? error_wrap(error, "%s", path) : 0;
}

bool config_has_role(const struct config *config, const char *role)
{
    for (size_t i = 0; i < config->roles.count; i++)
        if (text_equal(config->roles.items[i], role))
            return true;
    return false;
}

/* ---- changes while the daemon runs ---- */

static bool same(const struct option *option, const void *a, const void *b)
{
    const struct option_list *left = a, *right = b;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_CHOICE:
        return text_equal(a, b);
    case OPTION_LIST:
        for (size_t i = 0; i < left->count && i < right->count; i++)
            if (!text_equal(left->items[i], right->items[i]))
                return false;
        return left->count == right->count;
    default:
        return memcmp(a, b, option->size) == 0;
    }
}

void config_reload(struct config *config, const struct config *fresh, config_report report)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        char *now = (char *)config + options[i].offset;
        const char *then = (const char *)fresh + options[i].offset;

        if (same(&options[i], now, then))
            continue;
        if (options[i].flags & OPTION_RELOAD)
            memcpy(now, then, options[i].size);
        else
            report(options[i].section, options[i].name);
    }
}

void config_print_sample(FILE *out)
{
    fputs("# SPDX-License-Identifier: Apache-2.0\n"
          "# Larder's configuration, as larderd --sample prints it: each option with its default\n"
          "# Lines that begin with # say nothing; take the # away from what you change.\n\n",
          out);
    options_print_sample(options, ARRAY_SIZE(options), out);
}

void config_print_values(const struct config *config, FILE *out)
{
    options_print_values(options, ARRAY_SIZE(options), config, out);
}
