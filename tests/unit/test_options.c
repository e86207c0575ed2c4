/* SPDX-License-Identifier: Apache-2.0 */
/* Options by a table: forms and ranges, substitution, secrets, and what is printed of them. */
#include "base/options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "unit.h"

struct settings {
    bool debug;
    char log_dir[64], log_file[64];
    int64_t connections;
    double rate;
    char mode[16];
    struct option_list roles;
    char url[32], password[32];
    struct option_list feeds;
};

#define ROW(section_, name_, type_, flags_, field, fallback_, ...)                                 \
    { .section = (section_), .name = (name_), .type = (type_), .flags = (flags_),                  \
      .offset = offsetof(struct settings, field), .size = sizeof(((struct settings *)0)->field),   \
      .fallback = (fallback_), .help = "What " name_ " is for, in words enough that the sample "   \
      "file has to break this line somewhere.", ##__VA_ARGS__ }

static const struct option table[] = {
    ROW("DEFAULT", "debug", OPTION_BOOL, OPTION_RELOAD, debug, "false"),
    ROW("DEFAULT", "log_dir", OPTION_TEXT, 0, log_dir, "/var/log"),
    ROW("DEFAULT", "log_file", OPTION_TEXT, 0, log_file, "$log_dir/larder.log"),
    ROW("database", "connections", OPTION_INT, 0, connections, "20", .min = 1, .max = 1000),
    ROW("database", "rate", OPTION_FLOAT, 0, rate, "0.5", .min = 0, .max = 1, .unit = "per second"),
    ROW("database", "mode", OPTION_CHOICE, 0, mode, "on", .choices = "on|off|observe"),
    ROW("DEFAULT", "roles", OPTION_LIST, 0, roles, "api,worker"),
    ROW("keystone", "url", OPTION_TEXT, OPTION_REQUIRED, url, NULL),
    ROW("keystone", "password", OPTION_TEXT, OPTION_SECRET, password, NULL),
    ROW("keystone", "feeds", OPTION_LIST, OPTION_SECRET, feeds, ""),
};

#define URL "[keystone]\nurl = http://k\n"

static struct settings settings;
static struct error error;

static int apply(const char *text)
{
    struct ini *ini = NULL;
    int status = ini_parse(text, strlen(text), "f", &ini, &error);

    ck_assert_msg(status == 0, "%s", error.message);
    memset(&settings, 0, sizeof(settings));
    status = options_apply(table, ARRAY_SIZE(table), ini, &settings, &error);
    ini_free(ini);
    return status;
}

START_TEST(defaults_are_there)
{
    ck_assert_msg(apply(URL) == 0, "%s", error.message);
    ck_assert(!settings.debug);
    ck_assert_str_eq(settings.log_file, "/var/log/larder.log");
    ck_assert_int_eq(settings.connections, 20);
    ck_assert(settings.rate == 0.5);
    ck_assert_str_eq(settings.mode, "on");
    ck_assert_uint_eq(settings.roles.count, 2);
    ck_assert_str_eq(settings.roles.items[1], "worker");
    ck_assert_str_eq(settings.url, "http://k");
    ck_assert_str_eq(settings.password, "");
}
END_TEST

START_TEST(values_are_read)
{
    ck_assert_msg(apply(URL "password = p$$w\\$x\n[DEFAULT]\ndebug = Yes\nroles = a , b,,\n  c\n"
                        "[database]\nconnections = 1000\nrate = 1e-1\nmode = observe\n") == 0,
                  "%s", error.message);
    ck_assert(settings.debug);
    ck_assert_uint_eq(settings.roles.count, 3);
    ck_assert_str_eq(settings.roles.items[0], "a");
    ck_assert_str_eq(settings.roles.items[2], "c");
    ck_assert_int_eq(settings.connections, 1000);
    ck_assert(settings.rate == 0.1);
    ck_assert_str_eq(settings.mode, "observe");
    ck_assert_str_eq(settings.password, "p$w$x");
}
END_TEST

START_TEST(booleans_have_eight_names)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "ON", "0", "1" };
    char text[128];

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        snprintf(text, sizeof(text), URL "[DEFAULT]\ndebug = %s\n", words[i]);
        ck_assert_int_eq(apply(text), 0);
        ck_assert_int_eq(settings.debug, i % 2);
    }
}
END_TEST

START_TEST(last_of_repeated_values_counts)
{
    ck_assert_int_eq(apply(URL "[database]\nconnections = 3\nconnections = 4\n"), 0);
    ck_assert_int_eq(settings.connections, 4);
}
END_TEST

START_TEST(names_are_substituted)
{
    ck_assert_int_eq(apply(URL "[DEFAULT]\nlog_dir = /d\n"), 0);
    ck_assert_str_eq(settings.log_file, "/d/larder.log");
    ck_assert_int_eq(apply(URL "password = ${url}s${log_dir}.x$database.mode$ 5$5${\n"), 0);
    ck_assert_str_eq(settings.password, "http://ks/var/log.xon$ 5$5${");
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    { "", "[keystone] url: must be set, and not empty" },
    { "[keystone]\nurl =\n", "f:2: [keystone] url = : must be set, and not empty" },
    { URL "[database]\nconnections = 0\n",
      "f:4: [database] connections = 0: must be a whole number from 1 to 1000" },
    { URL "[database]\nconnections = 1001\n", "f:4: [database] connections = 1001: must be a" },
    { URL "[database]\nconnections = 99999999999999999999\n", "f:4: [database] connections = 9" },
    { URL "[database]\nconnections = 5.0\n", "f:4: [database] connections = 5.0: must be" },
    { URL "[database]\nconnections =\n", "f:4: [database] connections = : must be" },
    { URL "[database]\nrate = 1.01\n",
      "f:4: [database] rate = 1.01: must be a number from 0 to 1 (per second)" },
    { URL "[database]\nrate = nan\n", "f:4: [database] rate = nan: must be a number" },
    { URL "[database]\nrate = inf\n", "f:4: [database] rate = inf: must be a number" },
    { URL "[database]\nrate = 0x1p-3\n", "f:4: [database] rate = 0x1p-3: must be a number" },
    { URL "[database]\nrate = 1e999\n", "f:4: [database] rate = 1e999: must be a number" },
    { URL "[database]\nmode = of\n",
      "f:4: [database] mode = of: must be one of: on, off, observe" },
    { URL "[database]\nmode = on|off\n", "f:4: [database] mode = on|off: must be one of" },
    { URL "[database]\nmode =\n", "f:4: [database] mode = : must be one of" },
    { URL "[DEFAULT]\ndebug = maybe\n", "f:4: [DEFAULT] debug = maybe: must be true or false" },
    { "[keystone]\nurl = 0123456789012345678901234567890123\n", "f:2: [keystone] url = 01234567890"
      "12345678901234567890123: is too long" },
    { "[keystone]\nurl = a\n  b\n", "f:2: [keystone] url = a b: must be one line" },
    { URL "[database]\nconection = 3\n", "f:4: section [database] has no option conection" },
    { URL "[DEFAULT]\nconnections = 3\n", "f:4: section [DEFAULT] has no option connections" },
    { URL "[databases]\nconnections = 3\n", "f:4: there is no section [databases]" },
    { "[keystone]\nurl = $nothing\n", "f:2: [keystone] url = $nothing: names an option that" },
    { "[keystone]\nurl = ${x.y}\n", "f:2: [keystone] url = ${x.y}: names an option that" },
    { "[keystone]\nurl = a$url\n", "f:2: [keystone] url = a$url: is made of itself" },
};

START_TEST(bad_values_are_refused_with_place_and_reason)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(apply(bad[i].text) == -EINVAL, "case %zu", i);
        ck_assert_msg(strncmp(error.message, bad[i].message, strlen(bad[i].message)) == 0,
                      "case %zu: %s", i, error.message);
    }
}
END_TEST

START_TEST(secrets_do_not_show_in_messages)
{
    ck_assert_int_eq(apply(URL "password = hunter2hunter2hunter2hunter2hunter2hunter2\n"), -EINVAL);
    ck_assert_str_eq(error.message, "f:3: [keystone] password: is too long");
    ck_assert_int_eq(apply(URL "password = hunter2$oops\n"), -EINVAL);
    ck_assert_ptr_null(strstr(error.message, "hunter2"));
}
END_TEST

/* A value that doubles at each step stays within its maximum. */
START_TEST(substitution_is_bounded)
{
    ck_assert_int_eq(apply("[keystone]\nurl = $password$password\npassword = $url$url\n"), -EINVAL);
}
END_TEST

START_TEST(lists_are_bounded)
{
    auto_strbuf text = STRBUF_INIT(10000);

    strbuf_add_text(&text, URL "[DEFAULT]\nroles = ");
    for (int i = 0; i < OPTION_LIST_MOST; i++)
        strbuf_add_format(&text, "r%d,", i);
    ck_assert_int_eq(apply(text.text), 0);
    ck_assert_uint_eq(settings.roles.count, OPTION_LIST_MOST);
    strbuf_add_text(&text, "more");
    ck_assert_int_eq(apply(text.text), -EINVAL);
    strbuf_reset(&text);
    strbuf_add_format(&text, URL "[DEFAULT]\nroles = %0256d\n", 0);
    ck_assert_int_eq(apply(text.text), -EINVAL);
}
END_TEST

static int load_with_mode(const char *text, mode_t mode)
{
    char path[] = "/tmp/larder-test-options-XXXXXX";
    autoclose int fd = mkstemp(path);
    int status;

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    memset(&settings, 0, sizeof(settings));
    status = options_load(table, ARRAY_SIZE(table), path, &settings, &error);
    unlink(path);
    return status;
}

START_TEST(file_with_a_secret_is_closed_to_others)
{
    ck_assert_int_eq(load_with_mode(URL, 0644), 0);
    ck_assert_int_eq(load_with_mode(URL "password = p\n", 0640), 0);
    ck_assert_str_eq(settings.password, "p");
    ck_assert_int_eq(load_with_mode(URL "password = p\n", 0644), -EACCES);
    ck_assert_ptr_nonnull(strstr(error.message, "0644; run: chmod o-rwx /tmp/"));
    ck_assert_int_eq(load_with_mode(URL "password = p\n", 0602), -EACCES);
    ck_assert_int_eq(options_load(table, ARRAY_SIZE(table), "/nonexistent", &settings, &error),
                     -ENOENT);
    ck_assert_int_eq(options_load(table, ARRAY_SIZE(table), NULL, &settings, &error), -EINVAL);
    ck_assert_str_eq(error.message, "[keystone] url: must be set, and not empty");
}
END_TEST

static void print(struct strbuf *out, bool sample)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);

    if (sample)
        options_print_sample(table, ARRAY_SIZE(table), file);
    else
        options_print_values(table, ARRAY_SIZE(table), &settings, file);
    fclose(file);
    strbuf_add(out, text, length);
    free(text);
}

START_TEST(sample_reads_back)
{
    auto_strbuf sample = STRBUF_INIT(100000);
    auto_strbuf active = STRBUF_INIT(100000);
    struct settings defaults;
    char *text, *line;

    ck_assert_int_eq(apply(URL), 0);
    defaults = settings;
    print(&sample, true);
    text = sample.text;
    while ((line = strsep(&text, "\n"))) {
        ck_assert_uint_le(strlen(line), 79);
        strbuf_add_format(&active, "%s%s\n", line + (line[0] == '#' && line[1] != ' '),
                          strcmp(line, "#url =") == 0 ? " http://k" : "");
    }
    ck_assert_msg(apply(active.text) == 0, "%s\n%s", error.message, active.text);
    ck_assert_int_eq(memcmp(&settings, &defaults, sizeof(settings)), 0);
}
END_TEST

START_TEST(sample_says_all_there_is_to_know)
{
    auto_strbuf sample = STRBUF_INIT(100000);

    print(&sample, true);
    ck_assert_ptr_null(strstr(strstr(sample.text, "[DEFAULT]") + 1, "[DEFAULT]"));
    ck_assert_ptr_nonnull(strstr(sample.text, "\n#log_file = $log_dir/larder.log\n"));
    ck_assert_ptr_nonnull(strstr(sample.text, "\n# Form: a number from 0 to 1 (per second).\n"));
    ck_assert_ptr_nonnull(strstr(sample.text, "\n# Form: text. Required.\n#url =\n"));
    ck_assert_ptr_nonnull(strstr(sample.text, "\n# Form: text. Secret.\n#password =\n"));
    ck_assert_ptr_nonnull(strstr(sample.text, "true or false. Read again at SIGHUP.\n#debug"));
}
END_TEST

START_TEST(effective_values_hide_secrets)
{
    auto_strbuf values = STRBUF_INIT(10000);

    ck_assert_int_eq(apply(URL "password = hunter2\nfeeds = http://k?hunter2,/k\n"), 0);
    print(&values, false);
    ck_assert_str_eq(values.text,
                     "DEFAULT.debug = false\nDEFAULT.log_dir = /var/log\n"
                     "DEFAULT.log_file = /var/log/larder.log\ndatabase.connections = 20\n"
                     "database.rate = 0.5\ndatabase.mode = on\nDEFAULT.roles = api,worker\n"
                     "keystone.url = http://k\nkeystone.password = ****\n"
                     "keystone.feeds = ****,****\n");
}
END_TEST

UNIT_MAIN("options", defaults_are_there, values_are_read, booleans_have_eight_names,
          last_of_repeated_values_counts, names_are_substituted,
          bad_values_are_refused_with_place_and_reason, secrets_do_not_show_in_messages,
          substitution_is_bounded, lists_are_bounded, file_with_a_secret_is_closed_to_others,
          sample_reads_back, sample_says_all_there_is_to_know, effective_values_hide_secrets)
