/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larder-manage check: everything larderd needs, looked at in the order in which one thing needs
 * the other. What cannot be looked at, since something before it failed, is skipped.
 */
#include "cmd/manage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/listen.h"
#include "base/clock.h"
#include "bus/transport.h"
#include "cmd/checkup.h"
#include "store/hook.h"
#include "store/member.h"
#include "store/url.h"

#define CLOCK_WARNING_MS 2000 /* leases and claims are longer than that, whatever is configured */
#define CLOCK_FAILURE_MS 30000
#define HOOKS_MOST 1000
#define MEMBERS_MOST 1000

static enum grade check_config(struct checkup *checkup, struct error *error)
{
    return graded(config_load(checkup->path, &checkup->config, error));
}

/* ---- what goes over networks ---- */

/* Whether the URL's host is this machine. */
static bool is_local(const char *url)
{
    char host[256] = "";

    if (sscanf(url, "%*[^:]://[%255[^]]", host) != 1)
        sscanf(url, "%*[^:]://%255[^:/?]", host);
    return listen_is_loopback(host);
}

static bool database_is_open(const struct config *config)
{
    struct database_url url;

    return database_url_parse(config->database.connection, &url, NULL) == 0 &&
           !url.unix_socket[0] && !listen_is_loopback(url.host) && !(url.ssl && url.ssl_verify);
}

static bool bus_is_open(const struct config *config)
{
    struct transport transport;

    if (!config_has_role(config, "listener") ||
        transport_parse(config->listener.transport_url, &transport, NULL))
        return false;
    for (size_t i = 0; i < transport.host_count && !transport.tls; i++)
        if (!listen_is_loopback(transport.hosts[i].name))
            return true;
    return false;
}

/* Passwords and tokens that others on the network can read, or that anyone is given who answers. */
static enum grade check_secrecy(struct checkup *checkup, struct error *error)
{
    const struct config *config = &checkup->config;
    const char *what = NULL;

    if (config->cloud.insecure)
        what = "[keystone] insecure = true: whoever is between larderd and the services gets its "
               "password; name their certificates' authority as cafile instead";
    else if (strncmp(config->cloud.auth_url, "http:", 5) == 0 && !is_local(config->cloud.auth_url))
        what = "[keystone] auth_url is http: whoever is on the way reads larderd's password and "
               "everybody's tokens; use https";
    else if (database_is_open(config))
        what = "[database] connection goes over the network and does not verify TLS: add "
               "?ssl_ca=FILE&ssl_verify=true";
    else if (bus_is_open(config))
        what = "[listener] transport_url goes over the network without TLS: add ssl=1 or use "
               "amqps, and name ssl_ca_file";
    if (!what)
        return WELL;
    error_set(error, -EACCES, "%s", what);
    return WARNING;
}

static enum grade check_key(struct checkup *checkup, struct error *error)
{
    struct seal_key key = { 0 };
    int status = seal_key_load(checkup->config.bootstrap.key_file, &key, error);

    explicit_bzero(&key, sizeof(key));
    return graded(status);
}

/* ---- the database ---- */

static enum grade check_database(struct checkup *checkup, struct error *error)
{
    auto_store *store = NULL;
    int status = database_open(&checkup->config.database, &checkup->database, error);

    if (status >= 0)
        status = store_borrow(checkup->database, &store, error);
    return graded(status < 0 ? status : store_ping(store, error));
}

static enum grade check_schema(struct checkup *checkup, struct error *error)
{
    auto_store *store = NULL;
    int version = 0;
    int status = store_borrow(checkup->database, &store, error);

    if (status >= 0)
        status = schema_version(store, &version, error);
    if (status < 0 || version == schema_newest())
        return graded(status);
    if (version > schema_newest()) {
        error_set(error, -ESTALE, "version %d is newer than this program's %d", version,
                  schema_newest());
        return WARNING;
    }
    error_set(error, -ESTALE, "version %d, and %d is needed: run larder-manage db sync", version,
              schema_newest());
    return FAILURE;
}

enum grade grade_clock(const char *whose, int64_t ahead_ms, struct error *error)
{
    int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;

    if (off_ms < CLOCK_WARNING_MS)
        return WELL;
    error_set(error, -ETIME, "%s's clock is %.1f s %s this machine's: claims and leases go by the "
              "clocks of all machines that run larderd; let NTP (chrony) set them", whose,
              (double)off_ms / 1000, ahead_ms > 0 ? "ahead of" : "behind");
    return off_ms < CLOCK_FAILURE_MS ? WARNING : FAILURE;
}

static enum grade check_database_clock(struct checkup *checkup, struct error *error)
{
    auto_store *store = NULL;
    int64_t theirs_ms = 0;
    int status = store_borrow(checkup->database, &store, error);

    if (status >= 0)
        status = store_clock(store, &theirs_ms, error);
    return status < 0 ? FAILURE : grade_clock("MariaDB", theirs_ms - clock_now_ms(), error);
}

/* ---- daemons and hooks, as they told ---- */

static enum grade check_member(const struct member *member, struct error *error)
{
    if (!text_equal(member->version, VERSION))
        error_set(error, -ESTALE, "larderd on %s (pid %" PRId64 ") has version %s, this program "
                  "%s: they work together; upgrade the older one", member->host, member->pid,
                  member->version, VERSION);
    else if (member->late[0])
        error_set(error, -ETIME, "larderd on %s (pid %" PRId64 "): %s hangs; its log says where",
                  member->host, member->pid, member->late);
    else
        return WELL;
    return WARNING;
}

static enum grade grade_members(const struct member *members, size_t count, struct error *error)
{
    size_t up = 0;

    for (size_t i = 0; i < count; i++) {
        if (member_state(&members[i], clock_now_ms()) == MEMBER_DOWN)
            continue;
        up++;
        if (check_member(&members[i], error) != WELL)
            return WARNING;
    }
    if (up)
        return WELL;
    error_set(error, -ENOENT, "no larderd runs on this database: systemctl start larderd");
    return WARNING;
}

static enum grade check_members(struct checkup *checkup, struct error *error)
{
    autofree struct member *members = calloc(MEMBERS_MOST, sizeof(*members));
    auto_store *store = NULL;
    size_t count = 0;
    int status = members ? store_borrow(checkup->database, &store, error) : -ENOMEM;

    if (status >= 0)
        status = member_list(store, "", MEMBERS_MOST, members, &count, error);
    return status < 0 ? FAILURE : grade_members(members, count, error);
}

static const char *const hook_files[HOOK_SERVICES] = {
    "LarderFilter in enabled_filters and [larder] of nova.conf",
    "the filter in Neutron's api-paste.ini and [larder] of neutron.conf",
    "the filter in Cinder's api-paste.ini and [larder] of cinder.conf",
};

static enum grade check_hook(const struct hook *hook, struct error *error)
{
    if (hook->problem[0]) {
        error_set(error, -EPERM, "%s on %s: %s", hook_service_name(hook->service), hook->host,
                  hook->problem);
        return WARNING;
    }
    if (text_equal(hook->version, VERSION))
        return WELL;
    error_set(error, -ESTALE, "%s on %s has version %s of larder-openstack, this program is %s: "
              "they work together; pip install the newer one when convenient",
              hook_service_name(hook->service), hook->host, hook->version, VERSION);
    return WARNING;
}

static enum grade grade_hooks(const struct hook *hooks, size_t count, struct error *error)
{
    bool seen[HOOK_SERVICES] = { false };

    for (size_t i = 0; i < count; i++) {
        if (clock_now_ms() - hooks[i].seen_ms > HOOK_SEEN_MS)
            continue;
        seen[hooks[i].service] = true;
        if (check_hook(&hooks[i], error) != WELL)
            return WARNING;
    }
    for (int service = 0; service < HOOK_SERVICES; service++) {
        if (seen[service])
            continue;
        error_set(error, -ENOENT, "%s has not told of its hook within two hours, so boots get "
                  "nothing by it: look at %s, restart it, and read its log",
                  hook_service_name(service), hook_files[service]);
        return WARNING;
    }
    return WELL;
}

static enum grade check_hooks(struct checkup *checkup, struct error *error)
{
    autofree struct hook *hooks = calloc(HOOKS_MOST, sizeof(*hooks));
    auto_store *store = NULL;
    size_t count = 0;
    int status = hooks ? store_borrow(checkup->database, &store, error) : -ENOMEM;

    if (status >= 0)
        status = hook_list(store, HOOKS_MOST, hooks, &count, error);
    return status < 0 ? FAILURE : grade_hooks(hooks, count, error);
}

/* ---- all of them ---- */

enum thing { CONFIG, SECRECY, KEY, DATABASE, SCHEMA, DATABASE_CLOCK, LOGIN, CLOUD_CLOCK, NETWORK,
             VOLUME, IMAGE, COMPUTE, METRIC, HOLDERS, HOOK_ROLE, MEMBERS, HOOKS };

static const struct {
    const char *name;
    check run;
    enum thing needs; /* skipped unless that is there */
} checks[] = {
    [CONFIG] = { "configuration", check_config, CONFIG },
    [SECRECY] = { "connections", check_secrecy, CONFIG },
    [KEY] = { "transfer key", check_key, CONFIG },
    [DATABASE] = { "database", check_database, CONFIG },
    [SCHEMA] = { "database schema", check_schema, DATABASE },
    [DATABASE_CLOCK] = { "database clock", check_database_clock, DATABASE },
    [LOGIN] = { "keystone login", check_login, CONFIG },
    [CLOUD_CLOCK] = { "keystone clock", check_cloud_clock, LOGIN },
    [NETWORK] = { "neutron, as admin", check_network, LOGIN },
    [VOLUME] = { "cinder, as admin", check_volume, LOGIN },
    [IMAGE] = { "glance", check_image, LOGIN },
    [COMPUTE] = { "nova, as admin", check_compute, LOGIN },
    [METRIC] = { "gnocchi", check_metric, LOGIN },
    [HOLDERS] = { "project of pools", check_holders, LOGIN },
    [HOOK_ROLE] = { "role of the hooks", check_hook_role, LOGIN },
    [MEMBERS] = { "daemons", check_members, SCHEMA },
    [HOOKS] = { "hooks", check_hooks, SCHEMA },
};

static void print_line(const char *name, const char *word, const struct error *error)
{
    printf("%-18s %-8s%s%s\n", name, word, error->message[0] ? " " : "", error->message);
}

static enum grade run_checks(struct checkup *checkup)
{
    static const char *const words[] = { "ok", "warning", "FAILED" };
    bool there[ARRAY_SIZE(checks)] = { false };
    enum grade worst = WELL;

    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        struct error error = { 0 };
        enum grade grade;

        if (checks[i].needs != i && !there[checks[i].needs]) {
            print_line(checks[i].name, "skipped", &error);
            continue;
        }
        grade = checks[i].run(checkup, &error);
        print_line(checks[i].name, words[grade], &error);
        there[i] = grade != FAILURE;
        worst = grade > worst ? grade : worst;
    }
    return worst;
}

int manage_check(const char *path)
{
    struct checkup checkup = { .path = path };
    enum grade worst = run_checks(&checkup);

    client_close(checkup.client);
    cloud_close(checkup.cloud);
    database_close(checkup.database);
    explicit_bzero(&checkup.config, sizeof(checkup.config));
    return (int)worst;
}
