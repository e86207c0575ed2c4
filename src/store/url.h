/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a database, as oslo.db writes it, taken apart.  Pure. */
#ifndef LARDER_STORE_URL_H
#define LARDER_STORE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct database_url {
    char host[256]; /* without the brackets of an IPv6 address */
    int64_t port;
    char user[256];
    char password[256];
    char database[65];
    char unix_socket[108];
    bool ssl; /* set by any option that starts with ssl_, too */
    bool ssl_verify;
    char ssl_ca[512];
    char ssl_cert[512];
    char ssl_key[512];
};

/* mysql://user:password@host:port/database?option=value&…; user, password, database and values may
 * be percent-encoded.  Unknown options are refused; no message contains the password. */
int database_url_parse(const char *url, struct database_url *ret_url, struct error *error);

#endif
