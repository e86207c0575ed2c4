/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server listens, and with which certificate. */
#ifndef LARDER_API_LISTEN_H
#define LARDER_API_LISTEN_H

#include <stdbool.h>

#include "api/api.h"

struct listen {
    int socket; /* -1: none */
    int port;
    char *certificate, *key; /* PEM; NULL: no TLS */
};

/* Binds and reads the files.  Refuses an address that others reach when there is no certificate:
 * tokens and transfer keys would cross the network in the clear. */
int listen_open(const struct api_options *options, struct listen *ret_listen, struct error *error);
void listen_close(struct listen *listen);

/* Whether only this machine reaches what is bound to 'host', by its name. */
bool listen_is_loopback(const char *host);

#endif
