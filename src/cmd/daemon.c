/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larderd from its command line to its end.  Signals are blocked in all threads and served one by
 * one in the first.
 */
#include "cmd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/pulse.h"
#include "cmd/arguments.h"
#include "cmd/daemon_parts.h"
#include "cmd/notify.h"

LOG_MODULE("cmd");

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
    explicit_bzero(&fresh, sizeof(fresh));
    if (status < 0)
        log_error("the configuration stays as it was: %s", error.message);
    else
        log_info("configuration read again and log reopened");
    daemon_reload(daemon);
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

    signals_served(&signals);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* inherited by all threads */
    if (daemon_start(daemon, &error) < 0)
        return daemon->config.log.log_file[0] ? complain(&error) : EXIT_FAILURE;
    log_info("larderd runs");
    notify_manager("READY=1");
    serve_signals(daemon, &signals);
    daemon_stop(daemon);
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
