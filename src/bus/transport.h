/* SPDX-License-Identifier: Apache-2.0 */
/* A transport_url, as oslo.messaging writes it, taken apart.  Pure. */
#ifndef LARDER_BUS_TRANSPORT_H
#define LARDER_BUS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define TRANSPORT_HOSTS_MOST 16

struct transport_host {
    char name[NAME_SIZE]; /* without the brackets of an IPv6 address */
    int64_t port;
    char user[NAME_SIZE];
    char password[NAME_SIZE];
};

struct transport {
    size_t host_count; /* at least 1 */
    struct transport_host hosts[TRANSPORT_HOSTS_MOST];
    char virtual_host[NAME_SIZE];
    bool tls;
};

/* rabbit://user:password@host:port,user:password@host:port/vhost; what is special is
 * percent-encoded.  A host without user has that of the host before; no vhost is "/".  The scheme
 * amqps and the option ssl=1 mean TLS; other options are oslo's and passed over.  No message
 * contains a password. */
int transport_parse(const char *url, struct transport *ret_transport, struct error *error);

#endif
