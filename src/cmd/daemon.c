/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larderd.  The parts stand in one table, in the order in which they start; they stop in the
 * opposite order.  Signals are blocked in all threads and served one by one in the first.
 */
#include "cmd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "cmd/arguments.h"
#include "cmd/config.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "cmd/notify.h"
#include "role/listener.h"
#include "role/member.h"
#include "role/planner.h"

LOG_MODULE("cmd");

#define GRACE_MS 15000 /* for steps under way when the daemon stops; a cut one goes on later */

struct daemon {
    const char *path;
    struct config config;
    struct pool_defaults pool_defaults;
    struct seal_key key;
    struct database *database;
    struct cloud *cloud;
    struct bootstrap bootstrap;
    struct workers *workers;
    struct predictor predictor;
    struct predictor_role *predictor_role;
    struct image_keeper *images;
    char roles[256]; /* "api,worker" */
    struct membership *membership;
    struct api_options api_options;
    struct planner *planner;
    struct api api;
    struct api_server *server;
    struct listener *listener;
    struct historian *historian;
};

/* ---- the parts ---- */

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

static void reload_planner(struct daemon *daemon)
{
    struct plan_limits limits = plan_limits(&daemon->config);

    planner_reload(daemon->planner, &daemon->config.reserve, &limits);
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

static void stop_parts(struct daemon *daemon, size_t count)
{
    while (count-- > 0)
        if (parts[count].stop)
            parts[count].stop(daemon);
}

static int start_parts(struct daemon *daemon, struct error *error)
{
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        int status = parts[i].start(daemon, error);

        if (status < 0) {
            error_wrap(error, "cannot start (%s)", parts[i].name);
            log_critical("larderd %s", error->message);
            stop_parts(daemon, i);
            return status;
        }
    }
    return 0;
}

static int complain(const struct error *error)
{
    fprintf(stderr, "larderd: %s\n", error->message);
    return EXIT_FAILURE;
}

/* ---- signals ---- */

static void signals_served(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGHUP);
    sigaddset(ret_signals, SIGINT);
    sigaddset(ret_signals, SIGTERM);
}

static void report_unreloadable(const char *section, const char *name)
{
    log_warning("[%s] %s has changed: it holds after a restart", section, name);
}

static void reload(struct daemon *daemon)
{
    struct config fresh;
    struct error error = { 0 };
    int status;

    notify_manager("RELOADING=1");
    status = config_load(daemon->path, &fresh, &error);
    if (status >= 0)
        status = log_start(&fresh.log, &error);
    if (status >= 0)
        config_reload(&daemon->config, &fresh, report_unreloadable);
    share_options(&daemon->config);
    explicit_bzero(&fresh, sizeof(fresh));
    if (status < 0)
        log_error("the configuration stays as it was: %s", error.message);
    else
        log_info("configuration read again and log reopened");
    if (daemon->workers)
        workers_reload(daemon->workers, &daemon->config.bootstrap);
    image_keeper_reload(daemon->images, &daemon->config.image);
    reload_planner(daemon);
    notify_manager("READY=1");
}

/* The service manager hears of us for as long as no role hangs; see WatchdogSec= in
 * systemd.service(5). */
static void tell_watchdog(const struct daemon *daemon)
{
    if (!pulse_any_late(clock_monotonic_ms(), daemon->config.late_after_s * 1000))
        notify_manager("WATCHDOG=1");
}

/* Returns when the daemon is to stop.  The next SIGTERM or SIGINT then ends it at once. */
static void serve_signals(struct daemon *daemon, const sigset_t *signals)
{
    int64_t watchdog_ms = notify_watchdog_ms();
    const struct timespec wait = { .tv_sec = watchdog_ms / 1000,
                                   .tv_nsec = watchdog_ms % 1000 * 1000000 };
    int number = 0;

    while (number != SIGTERM && number != SIGINT) {
        if (watchdog_ms)
            tell_watchdog(daemon);
        number = sigtimedwait(signals, NULL, watchdog_ms ? &wait : NULL);
        if (number == SIGHUP)
            reload(daemon);
    }
    log_info("larderd stops: steps under way are finished, another signal %d ends it at once",
             number);
    notify_manager("STOPPING=1");
    sigprocmask(SIG_UNBLOCK, signals, NULL);
}

static int run(struct daemon *daemon)
{
    struct error error = { 0 };
    sigset_t signals;

    share_options(&daemon->config);
    signals_served(&signals);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* inherited by all threads */
    if (start_parts(daemon, &error) < 0)
        return daemon->config.log.log_file[0] ? complain(&error) : EXIT_FAILURE;
    log_info("larderd runs");
    notify_manager("READY=1");
    serve_signals(daemon, &signals);
    stop_parts(daemon, ARRAY_SIZE(parts));
    return EXIT_SUCCESS;
}

/* ---- command line ---- */

static const char usage[] =
    "usage: larderd [--config-file FILE] [--check-config | --sample]\n"
    "  --config-file FILE  the configuration (default: " CONFIG_PATH ")\n"
    "  --check-config      check it, print the effective values, and end\n"
    "  --sample            print the sample configuration, and end\n"
    "  --version           print the version, and end\n"
    "Signals: HUP reads the configuration again and reopens the log, TERM finishes what is under\n"
    "way and ends, a second TERM ends at once.\n";

static int print(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_sample(void)
{
    config_print_sample(stdout);
    return print("");
}

static int load_and_run(struct daemon *daemon, bool check_only)
{
    struct error error = { 0 };

    if (config_load(daemon->path, &daemon->config, &error) < 0)
        return complain(&error);
    if (!check_only)
        return run(daemon);
    config_print_values(&daemon->config, stdout);
    return print("");
}

int daemon_main(int argc, char **argv)
{
    static struct daemon daemon = { .path = CONFIG_PATH };
    bool help = false, version = false, sample = false, check = false;
    const struct argument table[] = {
        { "config-file", NULL, &daemon.path }, { "check-config", &check, NULL },
        { "sample", &sample, NULL },           { "version", &version, NULL },
        { "help", &help, NULL },
    };
    struct error error = { 0 };
    int words;

    if (arguments_read(table, ARRAY_SIZE(table), argc, argv, &words, &error) < 0)
        return complain(&error);
    if (words > 0) {
        error_set(&error, -EINVAL, "%s: larderd takes options only; see --help", argv[1]);
        return complain(&error);
    }
    if (help || version)
        return print(help ? usage : "larderd " VERSION "\n");
    return sample ? print_sample() : load_and_run(&daemon, check);
}
