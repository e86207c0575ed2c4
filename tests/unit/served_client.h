/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client, and the server that gives it prepared answers: what a test of the cloud's calls begins
 * and ends with.  For one client at a time.
 */
#ifndef LARDER_TESTS_SERVED_CLIENT_H
#define LARDER_TESTS_SERVED_CLIENT_H

#include "cloud_server.h"

static struct server server;
static struct cloud *cloud;
static struct client *client;
static struct error error;

#define OK(body) { 200, NULL, body, FAULT_NONE }

/* START(OK("{}"), ...): what is answered once the client has its token. */
#define START(...)                                                                                 \
    static const struct reply replies[] = { LOGIN("t"), __VA_ARGS__ };                             \
                                                                                                   \
    start(replies, ARRAY_SIZE(replies))

/* The answers must hold until finish(); the first is to the client's login. */
static void start(const struct reply *replies, size_t count)
{
    struct cloud_options options;

    server_start(&server, replies, count);
    options = server_options(&server);
    ck_assert_int_eq(cloud_open(&options, &cloud, &error), 0);
    ck_assert_int_eq(client_open(cloud, &client, &error), 0);
}

static void finish(void)
{
    client_close(client);
    cloud_close(cloud);
    server_stop(&server);
}

/* Whether that stands in a request; number 0 is the login. */
static bool asked(size_t which, const char *what)
{
    return strstr(server.requests[which], what) != NULL;
}

#endif
