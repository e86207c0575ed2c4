/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larder-manage check: everything larderd needs, looked at in the order in which one thing needs
 * the other. What cannot be looked at, since something before it failed, is skipped.
 */
#include "cmd/manage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum grade { WELL, WARNING, FAILURE }; /* and exit codes */

struct checkup {
    const char *path;
    struct config config;
    struct database *database;
    struct cloud *cloud;
    struct client *client;
    char project_id[ID_SIZE];
};

/* 'error' says what is wrong, or what there is to know. */
typedef enum grade (*check)(struct checkup *checkup, struct error *error);

static enum grade graded(int status)
{
    return status < 0 ? FAILURE : WELL;
}

static enum grade check_config(struct checkup *checkup, struct error *error)
{
    int status = config_load(checkup->path, &checkup->config, error);

    if (status < 0 || !checkup->config.cloud.insecure)
        return graded(status);
    error_set(error, -EACCES, "[keystone] insecure = true: whoever is between larderd and the "
              "services can read its password");
    return WARNING;
}

static enum grade check_key(struct checkup *checkup, struct error *error)
{
    struct seal_key key = { 0 };
    int status = seal_key_load(checkup->config.bootstrap.key_file, &key, error);

    explicit_bzero(&key, sizeof(key));
    return graded(status);
}

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

static enum grade check_login(struct checkup *checkup, struct error *error)
{
    int status = cloud_open(&checkup->config.cloud, &checkup->cloud, error);

    if (status >= 0)
        status = client_open(checkup->cloud, &checkup->client, error);
    return graded(status < 0 ? status : client_project_id(checkup->client, checkup->project_id,
                                                          error));
}

static int get(struct checkup *checkup, enum service service, const char *path,
               struct json **ret_json, struct error *error)
{
    const struct call call = { .service = service, .method = "GET", .path = path };
    int status = client_call(checkup->client, &call, ret_json, error);

    if (status == -EACCES)
        error_wrap(error, "give the user the role admin in project %s",
                   checkup->config.cloud.project_name);
    return status;
}

/* Each asks for something that only the role admin may see, so that it is known to be there. */
static enum grade check_network(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_NETWORK, "/network-ip-availabilities?limit=1", NULL,
                      error));
}

static enum grade check_volume(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_VOLUME, "/os-services", NULL, error));
}

static enum grade check_image(struct checkup *checkup, struct error *error)
{
    return graded(get(checkup, SERVICE_IMAGE, "/images?limit=1&visibility=all", NULL, error));
}

static enum grade check_hook_role(struct checkup *checkup, struct error *error)
{
    auto_strbuf path = STRBUF_INIT(1024);
    auto_json *json = NULL;
    int status;

    strbuf_add_format(&path, "/roles?name=%s", checkup->config.api.hook_role);
    status = get(checkup, SERVICE_IDENTITY, strbuf_text(&path), &json, error);
    if (status < 0)
        return FAILURE;
    if (json_length(json_at(json, "roles")) > 0)
        return WELL;
    error_set(error, -ENOENT, "there is no role %s, so no hook may claim or adopt: run openstack "
              "role create %s and give it to the hooks' user", checkup->config.api.hook_role,
              checkup->config.api.hook_role);
    return WARNING;
}

enum thing { CONFIG, KEY, DATABASE, SCHEMA, LOGIN, NETWORK, VOLUME, IMAGE, HOOK_ROLE };

static const struct {
    const char *name;
    check run;
    enum thing needs; /* skipped unless that is there */
} checks[] = {
    [CONFIG] = { "configuration", check_config, CONFIG },
    [KEY] = { "transfer key", check_key, CONFIG },
    [DATABASE] = { "database", check_database, CONFIG },
    [SCHEMA] = { "database schema", check_schema, DATABASE },
    [LOGIN] = { "keystone login", check_login, CONFIG },
    [NETWORK] = { "neutron, as admin", check_network, LOGIN },
    [VOLUME] = { "cinder, as admin", check_volume, LOGIN },
    [IMAGE] = { "glance", check_image, LOGIN },
    [HOOK_ROLE] = { "role of the hooks", check_hook_role, LOGIN },
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
