/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a database URL apart.  Options are a table: a name and where its value goes. */
#include "store/url.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define FORM "mysql://user:password@host:port/database"

struct url_option {
    const char *name;
    size_t offset;
    size_t size; /* 0: a bool */
};

#define TEXT_OPTION(name, field)                                                                   \
    { name, offsetof(struct database_url, field), sizeof(((struct database_url *)0)->field) }
#define BOOL_OPTION(name, field) { name, offsetof(struct database_url, field), 0 }

static const struct url_option url_options[] = {
    BOOL_OPTION("ssl", ssl),
    TEXT_OPTION("ssl_ca", ssl_ca),
    TEXT_OPTION("ssl_cert", ssl_cert),
    TEXT_OPTION("ssl_key", ssl_key),
    BOOL_OPTION("ssl_verify", ssl_verify),
    BOOL_OPTION("ssl_verify_cert", ssl_verify),
    BOOL_OPTION("ssl_verify_identity", ssl_verify),
    BOOL_OPTION("ssl_check_hostname", ssl_verify),
    TEXT_OPTION("unix_socket", unix_socket),
};

/* The connection is always utf8mb4, whatever this says. */
static const char ignored_option[] = "charset";

static int parse_bool(const char *text, bool *ret_value)
{
    static const char *const yes[] = { "true", "1", "yes", "on" };
    static const char *const no[] = { "false", "0", "no", "off" };

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *ret_value = strcasecmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return -EINVAL;
}

static int apply_option(const char *name, const char *value, struct database_url *url,
                        struct error *error)
{
    if (strcmp(name, ignored_option) == 0)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(url_options); i++) {
        const struct url_option *option = &url_options[i];
        char *field = (char *)url + option->offset;

        if (strcmp(name, option->name) != 0)
            continue;
        if ((option->size ? text_copy(field, option->size, value)
                          : parse_bool(value, (bool *)field)) < 0)
            return error_set(error, -EINVAL, "The database URL's option %s has a bad value", name);
        if (strncmp(name, "ssl_", 4) == 0)
            url->ssl = true;
        return 0;
    }
    return error_set(error, -EINVAL,
                     "The database URL has the option \"%.40s\", which is not known; there are "
                     "ssl, ssl_ca, ssl_cert, ssl_key, ssl_verify, unix_socket and charset", name);
}

static int parse_options(const char *text, struct database_url *url, struct error *error)
{
    while (*text) {
        size_t length = strcspn(text, "&");
        const char *equals = memchr(text, '=', length);
        char name[64], value[512];
        int r;

        if (!equals || text_unquote(text, (size_t)(equals - text), name, sizeof(name)) < 0
            || text_unquote(equals + 1, length - (size_t)(equals + 1 - text), value,
                            sizeof(value)) < 0)
            return error_set(error, -EINVAL,
                             "The options of the database URL are not name=value&name=value");
        r = apply_option(name, value, url, error);
        if (r < 0)
            return r;
        text += length;
        text += *text == '&';
    }
    return 0;
}

static int parse_user(const char *text, size_t length, struct database_url *url)
{
    const char *colon = memchr(text, ':', length);
    size_t user_length = colon ? (size_t)(colon - text) : length;

    if (colon && text_unquote(colon + 1, length - user_length - 1, url->password,
                        sizeof(url->password)) < 0)
        return -EINVAL;
    return user_length ? text_unquote(text, user_length, url->user, sizeof(url->user)) : -EINVAL;
}

static int parse_host(const char *text, size_t length, struct database_url *url)
{
    const char *close = length && *text == '[' ? memchr(text, ']', length) : NULL;
    const char *colon;
    char port[8];

    if (length && *text == '[' && !close)
        return -EINVAL;
    colon = close ? close + 1 : memchr(text, ':', length);
    if (!colon || colon == text + length)
        colon = text + length;
    else if (*colon != ':' || text_unquote(colon + 1, (size_t)(text + length - colon - 1), port,
                                     sizeof(port)) < 0
             || text_to_int(port, 1, 65535, &url->port) < 0)
        return -EINVAL;
    return close ? text_unquote(text + 1, (size_t)(close - text - 1), url->host, sizeof(url->host))
                 : text_unquote(text, (size_t)(colon - text), url->host, sizeof(url->host));
}

/* What stands before the database: [user[:password]@]host[:port]. */
static int parse_authority(const char *text, size_t length, struct database_url *url)
{
    const char *at = memrchr(text, '@', length);
    const char *host = at ? at + 1 : text;

    if (at && parse_user(text, (size_t)(at - text), url) < 0)
        return -EINVAL;
    return parse_host(host, length - (size_t)(host - text), url);
}

int database_url_parse(const char *url, struct database_url *ret_url, struct error *error)
{
    static const char *const schemes[] = { "mysql", "mysql+pymysql", "mariadb",
                                           "mariadb+pymysql" };
    struct database_url parsed = { .port = 3306, .ssl_verify = true };
    const char *rest = strstr(url, "://");
    bool known = false;
    size_t length, name_length;
    int r;

    for (size_t i = 0; rest && i < ARRAY_SIZE(schemes); i++)
        known |= strlen(schemes[i]) == (size_t)(rest - url)
                 && strncmp(url, schemes[i], strlen(schemes[i])) == 0;
    if (!known)
        return error_set(error, -EINVAL, "The database URL must be of the form " FORM);
    rest += 3;
    length = strcspn(rest, "/");
    if (!rest[length] || parse_authority(rest, length, &parsed) < 0)
        return error_set(error, -EINVAL, "The database URL must be of the form " FORM
                         ", with what is special in user and password percent-encoded");
    rest += length + 1;
    name_length = strcspn(rest, "?");
    if (!name_length
        || text_unquote(rest, name_length, parsed.database, sizeof(parsed.database)) < 0)
        return error_set(error, -EINVAL, "The database URL must be of the form " FORM
                         "; it names no database");
    rest += name_length;
    r = parse_options(rest + (*rest == '?'), &parsed, error);
    if (r == 0)
        *ret_url = parsed;
    return r;
}
