/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larder-manage import: the history of instances, by hand.  It says how far it is, goes on where it
 * was interrupted, and does no harm when it runs again or beside a daemon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/manage.h"
#include "role/csv.h"
#include "role/history.h"

#define DAY_MS 86400000LL

struct tool {
    struct config config;
    struct database *database;
    struct cloud *cloud;
    struct client *client;
    struct store *store;
};

static int tool_open(struct tool *tool, const char *path, bool cloud, struct error *error)
{
    int status = config_load(path, &tool->config, error);

    if (status >= 0)
        status = database_open(&tool->config.database, &tool->database, error);
    if (status >= 0)
        status = store_borrow(tool->database, &tool->store, error);
    if (status >= 0 && cloud)
        status = cloud_open(&tool->config.cloud, &tool->cloud, error);
    if (status >= 0 && cloud)
        status = client_open(tool->cloud, &tool->client, error);
    return status;
}

static void tool_close(struct tool *tool)
{
    client_close(tool->client);
    cloud_close(tool->cloud);
    store_return(tool->store);
    database_close(tool->database);
    explicit_bzero(&tool->config, sizeof(tool->config));
}

/* One line that is written over on a terminal; elsewhere one at the end. */
static void show(const struct import *import, bool last)
{
    char reached[32];

    if (!last && !isatty(STDOUT_FILENO))
        return;
    text_from_time(import->reached_ms, reached);
    printf("%s%s: %" PRId64 " instances read, %" PRId64 " new, %" PRId64 " not understood, up to"
           " %s%s", isatty(STDOUT_FILENO) ? "\r" : "", import->source, import->instances,
           import->added, import->strange, reached, last ? "\n" : "");
    fflush(stdout);
}

static void pause_between(double pages_per_second)
{
    double seconds = 1 / pages_per_second;
    struct timespec pause = { .tv_sec = (time_t)seconds };

    pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
    nanosleep(&pause, NULL);
}

/* What is there already is asked for again from the point where the last one ended. */
static int take_in(struct tool *tool, const struct history_job *job, struct error *error)
{
    struct import import = { 0 };
    int status;

    for (;;) {
        status = history_page(job, tool->client, tool->store, clock_now_ms(), &import, error);
        if (status)
            break;
        show(&import, false);
        pause_between(tool->config.historian.pages_per_second);
    }
    show(&import, true);
    return status < 0 ? status : 0;
}

static int complain(const struct error *error)
{
    fprintf(stderr, "larder-manage: %s\n", error->message);
    return EXIT_FAILURE;
}

/* A name of its own: the daemon's import stops where the bus begins, this one goes on to now. */
static int import_from(const char *path, enum history_source source, const char *name)
{
    struct tool tool = { 0 };
    struct error error = { 0 };
    int64_t now_ms = clock_now_ms();
    struct history_job job = { .source = source, .name = name, .until_ms = now_ms };
    int status = tool_open(&tool, path, true, &error);

    if (status >= 0) {
        job.from_ms = now_ms - tool.config.historian.history_days * DAY_MS;
        status = take_in(&tool, &job, &error);
    }
    tool_close(&tool);
    return status < 0 ? complain(&error) : EXIT_SUCCESS;
}

int manage_import_gnocchi(const char *path)
{
    return import_from(path, HISTORY_GNOCCHI, "manual:gnocchi");
}

int manage_import_nova(const char *path)
{
    return import_from(path, HISTORY_NOVA, "manual:nova");
}

int manage_import_csv(const char *path, const char *file)
{
    struct tool tool = { 0 };
    struct error error = { 0 };
    struct import import = { 0 };
    int status = tool_open(&tool, path, false, &error);

    if (status >= 0)
        status = csv_import(file, tool.store, clock_now_ms(), show, &import, &error);
    if (status >= 0)
        show(&import, true);
    tool_close(&tool);
    return status < 0 ? complain(&error) : EXIT_SUCCESS;
}
