/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as an operator writes it: what is refused, and with which sentence. */
#include "cmd/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"

/* The least that larderd runs with; rows of the tests are put behind it. */
static const char least[] =
    "[database]\nconnection = mysql://larder:secret@db/larder\n"
    "[keystone]\nauth_url = https://keystone/v3\npassword = secret\n"
    "[listener]\ntransport_url = rabbit://larder:secret@bus/\n";

#define PATH "/tmp/larder-test-config-"

/* Makes a file that only its owner may read; its name goes to 'ret_path'. */
static void write_file(const char *text, char ret_path[static sizeof(PATH) + 6])
{
    int fd;

    text_copy(ret_path, sizeof(PATH) + 6, PATH "XXXXXX");
    fd = mkstemp(ret_path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, least, strlen(least)), (ssize_t)strlen(least));
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int load(const char *text, struct config *config, struct error *error)
{
    char path[sizeof(PATH) + 6];
    int status;

    write_file(text, path);
    status = config_load(path, config, error);
    unlink(path);
    return status;
}

static const char *const all_roles[] = { "api", "worker", "listener", "predictor", "planner" };

START_TEST(defaults_are_as_documented)
{
    struct config config;
    struct error error = { 0 };

    ck_assert_msg(load("", &config, &error) == 0, "%s", error.message);
    ck_assert_int_eq(config.bootstrap.workers, 4);
    ck_assert_int_eq(config.bootstrap.free_addresses, 16);
    ck_assert_int_eq(config.claim.lifetime_s, 300);
    ck_assert_int_eq(config.api.bind_port, 8787);
    ck_assert_str_eq(config.api.hook_role, "larder_hook");
    ck_assert_str_eq(config.cloud.project_name, "larder");
    ck_assert_str_eq(config.cloud.interface, "internal");
    for (size_t i = 0; i < ARRAY_SIZE(all_roles); i++)
        ck_assert_msg(config_has_role(&config, all_roles[i]), "no %s", all_roles[i]);
}
END_TEST

/* Each row: what an operator wrote, and words of the sentence that tells what is wrong. */
static const struct {
    const char *text;
    const char *words[3];
} refused[] = {
    { "[bootstrap]\nworkers = 0\n", { "[bootstrap] workers = 0", "from 1 to 64", ":9:" } },
    { "[bootstrap]\nworkers = four\n", { "workers = four", "whole number" } },
    { "[bootstrap]\nworker = 4\n", { "[bootstrap]", "no option worker", ":9:" } },
    { "[boostrap]\nworkers = 4\n", { "no section [boostrap]" } },
    { "[bootstrap]\nfloor_port = 5\nceiling_pool = 4\n",
      { "floor_port = 5", "ceiling_pool = 4", "raise" } },
    { "[bootstrap]\nfloor_volume = 101\n", { "floor_volume = 101", "ceiling_pool = 100" } },
    { "[bootstrap]\nlease = 30\n", { "lease = 30", "[neutron] timeout = 30" } },
    { "[predict]\nslot = 301\n", { "slot = 301", "divide a day" } },
    { "[predict]\nslot = 60\ngrace = 60\n", { "grace = 60", "slot = 60" } },
    { "[cinder]\ntimeout = 500\n", { "lease = 120", "[cinder] timeout = 500" } },
    { "[bootstrap]\nworkers = 20\n", { "max_connections = 20", "workers = 20", "at least 27" } },
    { "[DEFAULT]\nroles = api,cook\n", { "no role \"cook\"", "listener, predictor and planner" } },
    { "[DEFAULT]\nroles =\n", { "roles is empty" } },
    { "[DEFAULT]\ndebug = perhaps\n", { "debug = perhaps", "true or false" } },
    { "[keystone]\npassword =\n", { "password", "auth_type = password" } },
    { "[keystone]\nauth_type = v3applicationcredential\n", { "application_credential_secret" } },
    { "[keystone]\nauth_type = token\n", { "auth_type = token", "v3applicationcredential" } },
    { "[keystone]\ninterface = outer\n", { "interface = outer", "public, internal, admin" } },
    { "[neutron]\ncalls_per_second = -1\n", { "calls_per_second = -1", "from 0 to 10000" } },
    { "[api]\nbind_host = 0.0.0.0\n", { "bind_host = 0.0.0.0", "cert_file", "TLS" } },
    { "[api]\ncert_file = /etc/larder/tls.pem\n", { "cert_file and key_file", "together" } },
    { "[api]\nbind_port = 70000\n", { "bind_port = 70000", "from 1 to 65535" } },
    { "[api]\nhook_role = admin\n", { "hook_role = admin", "a role of its own" } },
    { "[api]\nhook_role = service\n", { "hook_role = service", "a role of its own" } },
    { "[listener]\ntransport_url =\n", { "transport_url", "name the other roles" } },
    { "[database]\nconnection =\n", { "[database] connection", "must be set" } },
};

static void check_refused(size_t row)
{
    struct config config;
    struct error error = { 0 };

    ck_assert_msg(load(refused[row].text, &config, &error) == -EINVAL, "taken: %s",
                  refused[row].text);
    for (size_t i = 0; i < 3 && refused[row].words[i]; i++)
        ck_assert_msg(strstr(error.message, refused[row].words[i]) != NULL,
                      "\"%s\" is not in: %s", refused[row].words[i], error.message);
    ck_assert_msg(strstr(error.message, PATH) != NULL, "no file in: %s", error.message);
    ck_assert_msg(!strstr(error.message, "secret@"), "a secret is in: %s", error.message);
}

START_TEST(bad_values_are_refused_with_a_sentence)
{
    for (size_t row = 0; row < ARRAY_SIZE(refused); row++)
        check_refused(row);
}
END_TEST

START_TEST(what_is_needed_must_be_given)
{
    struct config config;
    struct error error = { 0 };
    char path[] = PATH "XXXXXX";

    close(mkstemp(path));
    ck_assert_int_eq(config_load(path, &config, &error), -EINVAL);
    ck_assert_msg(strstr(error.message, "[database] connection") != NULL, "%s", error.message);
    unlink(path);
    ck_assert_int_lt(config_load(path, &config, &error), 0);
    ck_assert_msg(strstr(error.message, path) != NULL, "%s", error.message);
}
END_TEST

START_TEST(a_readable_file_must_not_hold_secrets)
{
    struct config config;
    struct error error = { 0 };
    char path[sizeof(PATH) + 6];

    write_file("", path);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(config_load(path, &config, &error), -EACCES);
    ck_assert_msg(strstr(error.message, "chmod") != NULL, "%s", error.message);
    unlink(path);
}
END_TEST

static size_t reports;
static char reported[2][64];

static void note_report(const char *section, const char *name)
{
    ck_assert_uint_lt(reports, 2);
    snprintf(reported[reports++], sizeof(reported[0]), "%s.%s", section, name);
}

START_TEST(reload_takes_what_may_change_and_reports_the_rest)
{
    struct config config, fresh;
    struct error error = { 0 };

    ck_assert_int_eq(load("", &config, &error), 0);
    ck_assert_int_eq(load("[DEFAULT]\ndebug = true\nroles = api\n"
                          "[bootstrap]\nfree_addresses = 3\nworkers = 2\n", &fresh, &error), 0);
    config_reload(&config, &fresh, note_report);
    ck_assert(config.log.debug);
    ck_assert_int_eq(config.bootstrap.free_addresses, 3);
    ck_assert_int_eq(config.bootstrap.workers, 4);
    ck_assert(config_has_role(&config, "worker"));
    ck_assert_uint_eq(reports, 2);
    ck_assert_str_eq(reported[0], "DEFAULT.roles");
    ck_assert_str_eq(reported[1], "bootstrap.workers");
}
END_TEST

START_TEST(values_are_printed_without_secrets)
{
    struct config config;
    struct error error = { 0 };
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    ck_assert_int_eq(load("", &config, &error), 0);
    config_print_values(&config, out);
    config_print_sample(out);
    fclose(out);
    ck_assert(strstr(text, "bootstrap.workers = 4") != NULL);
    ck_assert(strstr(text, "secret@db") == NULL);
    ck_assert(strstr(text, "keystone.password = ****") != NULL);
    free(text);
}
END_TEST

UNIT_MAIN("config", defaults_are_as_documented, bad_values_are_refused_with_a_sentence,
          what_is_needed_must_be_given, a_readable_file_must_not_hold_secrets,
          reload_takes_what_may_change_and_reports_the_rest, values_are_printed_without_secrets)
