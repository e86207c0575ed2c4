/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of larderd.  They stand in one table, at the end, in the order in which they start;
 * they stop in the opposite order.
 */
#include "cmd/daemon_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

LOG_MODULE("cmd");

#define GRACE_MS 15000 /* for steps under way when the daemon stops; a cut one goes on later */

static int start_log(struct daemon *daemon, struct error *error)
{
    return log_start(&daemon->config.log, error);
}

static void stop_log(struct daemon *daemon)
{
    (void)daemon;
    log_stop();
}

/* Transfer keys, passwords and tokens are in memory: no core file, and no reading by ptrace, which
 * the leak checker of a build with sanitizers would need. */
static int forbid_dumps(struct daemon *daemon, struct error *error)
{
    const struct rlimit none = { 0, 0 };

    (void)daemon;
    if (setrlimit(RLIMIT_CORE, &none))
        return error_set(error, -errno, "core dumps cannot be disabled: %s", strerror(errno));
#ifndef __SANITIZE_ADDRESS__
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return error_set(error, -errno, "core dumps cannot be disabled: %s", strerror(errno));
#endif
    return 0;
}

static int start_key(struct daemon *daemon, struct error *error)
{
    return seal_key_load(daemon->config.bootstrap.key_file, &daemon->key, error);
}

static void stop_key(struct daemon *daemon)
{
    explicit_bzero(&daemon->key, sizeof(daemon->key));
}

static int start_database(struct daemon *daemon, struct error *error)
{
    return database_open(&daemon->config.database, &daemon->database, error);
}

static void stop_database(struct daemon *daemon)
{
    database_close(daemon->database);
}

static int check_schema(struct daemon *daemon, struct error *error)
{
    auto_store *store = NULL;
    int version = 0;
    int status = store_borrow(daemon->database, &store, error);

    if (status >= 0)
        status = schema_version(store, &version, error);
    if (status < 0)
        return status;
    if (version < schema_newest())
        return error_set(error, -ESTALE, "the database schema has version %d and %d is needed: "
                         "run larder-manage db sync", version, schema_newest());
    if (version > schema_newest())
        log_warning("the database schema has version %d, this larderd knows %d: upgrade it soon",
                    version, schema_newest());
    return 0;
}

static int start_cloud(struct daemon *daemon, struct error *error)
{
    return cloud_open(&daemon->config.cloud, &daemon->cloud, error);
}

static void stop_cloud(struct daemon *daemon)
{
    cloud_close(daemon->cloud);
}

static bool observes(const struct config *config)
{
    return text_equal(config->mode, "observe");
}

/* What one room's options say to another. */
static void share_options(struct config *config)
{
    config->bootstrap.idle_age_s = config->reserve.idle_age_s;
    config->bootstrap.observe = config->claim.observe = observes(config);
}

static int start_workers(struct daemon *daemon, struct error *error)
{
    if (!config_has_role(&daemon->config, "worker"))
        return 0;
    daemon->bootstrap = (struct bootstrap){
        .options = &daemon->config.bootstrap,
        .claim_options = &daemon->config.claim,
        .key = &daemon->key,
        .database = daemon->database,
        .cloud = daemon->cloud,
    };
    return workers_start(&daemon->bootstrap, &daemon->workers, error);
}

/* A thread that hangs in a call still uses what the other parts would free: then all ends here. */
static void stop_workers(struct daemon *daemon)
{
    if (workers_stop(daemon->workers, GRACE_MS) == 0)
        return;
    log_warning("a worker has not ended its step after %d s: its item goes on after a restart",
                GRACE_MS / 1000);
    _exit(EXIT_SUCCESS);
}

static int start_predictor(struct daemon *daemon, struct error *error)
{
    if (!config_has_role(&daemon->config, "predictor"))
        return 0;
    daemon->predictor = (struct predictor){
        .options = &daemon->config.predict,
        .review_s = daemon->config.reserve.review_s,
        .database = daemon->database,
    };
    return predictor_start(&daemon->predictor, &daemon->predictor_role, error);
}

static void stop_predictor(struct daemon *daemon)
{
    if (predictor_stop(daemon->predictor_role, GRACE_MS) == 0)
        return;
    log_warning("the predictor has not ended its turn after %d s: it goes on after a restart",
                GRACE_MS / 1000);
    _exit(EXIT_SUCCESS);
}

static int start_images(struct daemon *daemon, struct error *error)
{
    if (!config_has_role(&daemon->config, "worker") || observes(&daemon->config))
        return 0;
    return image_keeper_start(&daemon->config.image, daemon->database, daemon->cloud,
                              &daemon->images, error);
}

static void stop_images(struct daemon *daemon)
{
    if (image_keeper_stop(daemon->images, GRACE_MS) < 0)
        _exit(EXIT_SUCCESS); /* it waits for Nova or Glance; nothing of it is lost */
}

static void wake_workers(void *context)
{
    struct daemon *daemon = context;

    workers_wake(daemon->workers);
}

static struct plan_limits plan_limits(const struct config *config)
{
    return (struct plan_limits){
        .items_in_all = config->bootstrap.ceiling_all,
        .items_per_project = config->bootstrap.ceiling_project,
        .gigabytes = config->reserve.gigabytes,
    };
}

static int start_planner(struct daemon *daemon, struct error *error)
{
    struct plan_limits limits = plan_limits(&daemon->config);

    if (!config_has_role(&daemon->config, "planner"))
        return 0;
    return planner_start(&daemon->config.reserve, &limits, daemon->database,
                         daemon->workers ? wake_workers : NULL, daemon, &daemon->planner, error);
}

static void stop_planner(struct daemon *daemon)
{
    if (planner_stop(daemon->planner, GRACE_MS) < 0)
        _exit(EXIT_SUCCESS); /* it waits for the database; what it would write is planned again */
}

static void wake_planner(void *context)
{
    struct daemon *daemon = context;

    planner_wake(daemon->planner);
}

static int start_historian(struct daemon *daemon, struct error *error)
{
    if (!config_has_role(&daemon->config, "predictor"))
        return 0;
    text_copy(daemon->config.historian.time_zone, sizeof(daemon->config.historian.time_zone),
              daemon->config.predict.time_zone);
    return historian_start(&daemon->config.historian, daemon->database, daemon->cloud,
                           &daemon->historian, error);
}

static void stop_historian(struct daemon *daemon)
{
    if (historian_stop(daemon->historian, GRACE_MS) == 0)
        return;
    log_warning("the historian has not ended after %d s: it goes on after a restart",
                GRACE_MS / 1000);
    _exit(EXIT_SUCCESS);
}

static int start_api(struct daemon *daemon, struct error *error)
{
    const struct bootstrap_options *bootstrap = &daemon->config.bootstrap;

    bool watch_only = !config_has_role(&daemon->config, "api");

    daemon->api_options = daemon->config.api;
    if (watch_only && !daemon->api_options.watch_port)
        return 0;
    if (watch_only)
        daemon->api_options.bind_port = daemon->api_options.watch_port;
    daemon->pool_defaults = (struct pool_defaults){
        .floor = { [KIND_PORT] = bootstrap->floor_port, [KIND_VOLUME] = bootstrap->floor_volume },
        .ceiling = bootstrap->ceiling_pool,
        .pools_per_project = bootstrap->pools_per_project,
    };
    daemon->api = (struct api){
        .options = &daemon->api_options,
        .watch_only = watch_only,
        .late_after_ms = daemon->config.late_after_s * 1000,
        .give_way_s = bootstrap->give_way_s,
        .claim_options = &daemon->config.claim,
        .pool_defaults = &daemon->pool_defaults,
        .slot_s = daemon->config.predict.slot_s,
        .key = &daemon->key,
        .database = daemon->database,
        .cloud = daemon->cloud,
        .wake = daemon->workers ? wake_workers : NULL,
        .replan = daemon->planner ? wake_planner : NULL,
        .wake_context = daemon,
    };
    return api_start(&daemon->api, &daemon->server, error);
}

static void stop_api(struct daemon *daemon)
{
    api_stop(daemon->server);
}

static int start_listener(struct daemon *daemon, struct error *error)
{
    const struct listener_setup setup = { .options = &daemon->config.listener,
                                          .database = daemon->database, .cloud = daemon->cloud };

    if (!config_has_role(&daemon->config, "listener"))
        return 0;
    return listener_start(&setup, &daemon->listener, error);
}

static void stop_listener(struct daemon *daemon)
{
    if (listener_stop(daemon->listener, GRACE_MS) == 0)
        return;
    log_warning("the listener has not ended its turn after %d s: its messages come again",
                GRACE_MS / 1000);
    _exit(EXIT_SUCCESS);
}

static int start_membership(struct daemon *daemon, struct error *error)
{
    const struct config *config = &daemon->config;
    const struct membership_options options = {
        .roles = daemon->roles,
        .serves = config_has_role(config, "api"),
        .version = VERSION,
        .late_after_ms = config->late_after_s * 1000,
    };
    auto_strbuf roles = STRBUF_INIT(sizeof(daemon->roles) - 1);

    for (size_t i = 0; i < config->roles.count; i++)
        strbuf_add_format(&roles, "%s%s", i ? "," : "", config->roles.items[i]);
    text_copy(daemon->roles, sizeof(daemon->roles), strbuf_text(&roles));
    return membership_start(daemon->database, &options, &daemon->membership, error);
}

static void stop_membership(struct daemon *daemon)
{
    if (membership_stop(daemon->membership, GRACE_MS) == 0)
        return;
    log_warning("the database has not answered for %d s: this process will be taken for one that "
                "is down", GRACE_MS / 1000);
    _exit(EXIT_SUCCESS);
}

static const struct part {
    const char *name;
    int (*start)(struct daemon *daemon, struct error *error);
    void (*stop)(struct daemon *daemon); /* NULL: nothing to stop */
} parts[] = {
    { "log", start_log, stop_log },
    { "protection of secrets", forbid_dumps, NULL },
    { "transfer key", start_key, stop_key },
    { "database", start_database, stop_database },
    { "schema", check_schema, NULL },
    { "cloud", start_cloud, stop_cloud },
    { "workers", start_workers, stop_workers },
    { "historian", start_historian, stop_historian },
    { "predictor", start_predictor, stop_predictor },
    { "images", start_images, stop_images },
    { "planner", start_planner, stop_planner },
    { "api", start_api, stop_api },
    { "listener", start_listener, stop_listener },
    { "membership", start_membership, stop_membership },
};

static void stop_first(struct daemon *daemon, size_t count)
{
    while (count-- > 0)
        if (parts[count].stop)
            parts[count].stop(daemon);
}

int daemon_start(struct daemon *daemon, struct error *error)
{
    share_options(&daemon->config);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        int status = parts[i].start(daemon, error);

        if (status < 0) {
            error_wrap(error, "cannot start (%s)", parts[i].name);
            log_critical("larderd %s", error->message);
            stop_first(daemon, i);
            return status;
        }
    }
    return 0;
}

void daemon_stop(struct daemon *daemon)
{
    stop_first(daemon, ARRAY_SIZE(parts));
}

void daemon_reload(struct daemon *daemon)
{
    const struct plan_limits limits = plan_limits(&daemon->config);

    share_options(&daemon->config);
    if (daemon->workers)
        workers_reload(daemon->workers, &daemon->config.bootstrap);
    image_keeper_reload(daemon->images, &daemon->config.image);
    planner_reload(daemon->planner, &daemon->config.reserve, &limits);
}
