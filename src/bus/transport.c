/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a transport_url apart, from the left to the right. */
#include "bus/transport.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define PORT 5672
#define PORT_TLS 5671
#define FORM                                                                                       \
    "[listener] transport_url must be of the form "                                                \
    "rabbit://user:password@host:port,user:password@host:port/vhost"

static int form_error(struct error *error, const char *why)
{
    return error_set(error, -EINVAL, FORM "; %s", why);
}

static int parse_user(const char *text, size_t length, struct transport_host *host)
{
    const char *colon = memchr(text, ':', length);
    size_t user_length = colon ? (size_t)(colon - text) : length;

    host->password[0] = '\0';
    if (colon && text_unquote(colon + 1, length - user_length - 1, host->password,
                              sizeof(host->password)) < 0)
        return -EINVAL;
    return user_length ? text_unquote(text, user_length, host->user, sizeof(host->user)) : -EINVAL;
}

static int parse_port(const char *text, size_t length, struct transport_host *host)
{
    char digits[8];

    if (text_unquote(text, length, digits, sizeof(digits)) < 0)
        return -EINVAL;
    return text_to_int(digits, 1, 65535, &host->port);
}

/* host, host:port or [address]:port; no name is this machine. */
static int parse_place(const char *text, size_t length, struct transport_host *host)
{
    const char *close = length && *text == '[' ? memchr(text, ']', length) : NULL;
    const char *name = close ? text + 1 : text, *end = text + length;
    const char *stop = close ? close : memchr(text, ':', length);
    const char *rest = close ? close + 1 : stop;

    if (length && *text == '[' && !close)
        return -EINVAL;
    if (rest && rest < end && (*rest != ':' || parse_port(rest + 1, (size_t)(end - rest - 1),
                                                          host) < 0))
        return -EINVAL;
    if (text_unquote(name, (size_t)((stop ? stop : end) - name), host->name,
                     sizeof(host->name)) < 0)
        return -EINVAL;
    if (!host->name[0])
        text_copy(host->name, sizeof(host->name), "localhost");
    return 0;
}

static int parse_host(const char *text, size_t length, struct transport *transport)
{
    struct transport_host *host = &transport->hosts[transport->host_count];
    const char *at = memrchr(text, '@', length);
    const char *place = at ? at + 1 : text;

    if (transport->host_count)
        *host = host[-1]; /* its user and password */
    else
        *host = (struct transport_host){ .user = "guest", .password = "guest" };
    host->port = 0; /* known when TLS is */
    if (at && parse_user(text, (size_t)(at - text), host) < 0)
        return -EINVAL;
    transport->host_count++;
    return parse_place(place, length - (size_t)(place - text), host);
}

static int parse_hosts(const char *text, size_t length, struct transport *transport,
                       struct error *error)
{
    const char *end = text + length;

    for (;;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma ? comma : end;

        if (transport->host_count == TRANSPORT_HOSTS_MOST)
            return form_error(error, "it names more than 16 hosts");
        if (parse_host(text, (size_t)(stop - text), transport) < 0)
            return form_error(error, "what is special in user and password is percent-encoded");
        if (!comma)
            return 0;
        text = comma + 1;
    }
}

static bool asks_for_tls(const char *options)
{
    static const char *const yes[] = { "ssl=1", "ssl=true", "ssl=yes", "ssl=on" };

    while (*options) {
        size_t length = strcspn(options, "&");

        for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
            if (strlen(yes[i]) == length && strncasecmp(options, yes[i], length) == 0)
                return true;
        options += length;
        options += *options == '&';
    }
    return false;
}

/* "" and "/" are "/", "/name" is "name", "//" is "/" once more: as oslo.messaging has it. */
static int parse_virtual_host(const char *text, size_t length, struct transport *transport)
{
    if (length && *text == '/') {
        text++;
        length--;
    }
    if (!length)
        return text_copy(transport->virtual_host, sizeof(transport->virtual_host), "/");
    return text_unquote(text, length, transport->virtual_host, sizeof(transport->virtual_host));
}

static int parse_scheme(const char *url, struct transport *transport, const char **ret_rest)
{
    static const struct {
        const char *scheme;
        bool tls;
    } schemes[] = { { "rabbit://", false }, { "kombu+amqp://", false }, { "amqp://", false },
                    { "amqps://", true }, { "kombu+amqps://", true } };

    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        size_t length = strlen(schemes[i].scheme);

        if (strncmp(url, schemes[i].scheme, length) != 0)
            continue;
        transport->tls = schemes[i].tls;
        *ret_rest = url + length;
        return 0;
    }
    return -EINVAL;
}

int transport_parse(const char *url, struct transport *ret_transport, struct error *error)
{
    struct transport transport = { 0 };
    const char *rest, *path, *options;
    int status;

    if (parse_scheme(url, &transport, &rest) < 0)
        return form_error(error, "only RabbitMQ is spoken");
    path = rest + strcspn(rest, "/?");
    status = parse_hosts(rest, (size_t)(path - rest), &transport, error);
    if (status < 0)
        return status;
    options = path + strcspn(path, "?");
    if (parse_virtual_host(path, (size_t)(options - path), &transport) < 0)
        return form_error(error, "the virtual host is not well-formed");
    if (*options && asks_for_tls(options + 1))
        transport.tls = true;
    for (size_t i = 0; i < transport.host_count; i++)
        if (!transport.hosts[i].port)
            transport.hosts[i].port = transport.tls ? PORT_TLS : PORT;
    *ret_transport = transport;
    return 0;
}
