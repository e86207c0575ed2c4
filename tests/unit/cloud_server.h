/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server in a thread of the test, which gives prepared answers one after the other and
 * keeps what it was asked: for faults that no real service shows when one wants them.
 */
#ifndef LARDER_TESTS_CLOUD_SERVER_H
#define LARDER_TESTS_CLOUD_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cloud/cloud.h"

#define REQUESTS_MOST 64
#define CONNECTIONS_MOST 16
#define REQUEST_SIZE 8192

enum fault {
    FAULT_NONE,
    FAULT_NO_ANSWER,   /* the connection is closed once the request was read */
    FAULT_HALF_BODY,   /* less than Content-Length says */
    FAULT_SLOW_HEADER, /* the status line, and then nothing */
    FAULT_ENDLESS_BODY,
    FAULT_ENDLESS_HEADER,
};

struct reply {
    int status;
    const char *headers; /* lines that end with \r\n; NULL: JSON with a request id */
    const char *body;
    enum fault fault;
};

struct server {
    int listener;
    int port;
    const struct reply *replies;
    size_t count;
    atomic_size_t served; /* requests answered */
    atomic_size_t connections;
    int64_t at_ms[REQUESTS_MOST];
    char requests[REQUESTS_MOST][REQUEST_SIZE];
    pthread_t thread;
};

#define ANSWER_ID "req-aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
#define USUAL_HEADERS                                                                              \
    "Content-Type: application/json\r\nX-OpenStack-Request-Id: " ANSWER_ID "\r\n"
#define LOGIN_HEADERS(token) USUAL_HEADERS "X-Subject-Token: " token "\r\n"
#define OUR_PROJECT "3cabd5f4b1404e068a8af11e6ea6bc01"
#define LOGIN_BODY(issued, expires)                                                                \
    "{\"token\": {\"methods\": [\"password\"], \"issued_at\": \"" issued "\", \"expires_at\": \""  \
    expires "\", \"project\": {\"id\": \"" OUR_PROJECT "\", \"name\": \"larder\"}, "               \
    "\"catalog\": []}}"
#define LOGIN_FOR_A_DAY                                                                            \
    LOGIN_BODY("2026-11-24T07:32:24.000000Z", "2026-11-25T07:32:24.000000Z")
#define LOGIN(token) { 201, LOGIN_HEADERS(token), LOGIN_FOR_A_DAY, FAULT_NONE }

static void server_send(int fd, const char *text)
{
    size_t length = strlen(text);

    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        text += sent;
        length -= (size_t)sent;
    }
}

/* Sends 'piece' until the client has enough of it. */
static void server_send_for_ever(int fd, const char *piece)
{
    while (send(fd, piece, strlen(piece), MSG_NOSIGNAL) > 0)
        ;
}

/* Whether the connection goes on. */
static bool server_reply(int fd, const struct reply *reply)
{
    const char *body = reply->body ? reply->body : "";
    char *head;
    size_t extra = reply->fault == FAULT_HALF_BODY ? 100 : 0;

    if (reply->fault == FAULT_NO_ANSWER)
        return false;
    if (reply->fault == FAULT_SLOW_HEADER) {
        char end;

        server_send(fd, "HTTP/1.1 200 OK\r\n");
        (void)!read(fd, &end, 1); /* until the client gives up */
        return false;
    }
    if (asprintf(&head, "HTTP/1.1 %d Some Reason\r\n%s", reply->status,
                 reply->headers ? reply->headers : USUAL_HEADERS) < 0)
        abort();
    server_send(fd, head);
    free(head);
    if (reply->fault == FAULT_ENDLESS_HEADER)
        server_send_for_ever(fd, "X-Padding: 0123456789012345678901234567890123456789\r\n");
    if (reply->fault == FAULT_ENDLESS_BODY) {
        server_send(fd, "\r\n[");
        server_send_for_ever(fd, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ");
    }
    if (asprintf(&head, "Content-Length: %zu\r\n\r\n", strlen(body) + extra) < 0)
        abort();
    server_send(fd, head);
    free(head);
    server_send(fd, body);
    return reply->fault == FAULT_NONE;
}

/* Reads one request with its body; false at the end of the connection. */
static bool server_read(int fd, char request[REQUEST_SIZE])
{
    size_t length = 0;

    for (;;) {
        const char *end, *size;
        size_t body;
        ssize_t got = read(fd, request + length, REQUEST_SIZE - 1 - length);

        if (got <= 0)
            return false;
        length += (size_t)got;
        request[length] = '\0';
        end = strstr(request, "\r\n\r\n");
        size = strcasestr(request, "Content-Length: ");
        body = size ? strtoul(size + 16, NULL, 10) : 0;
        if (end && length >= (size_t)(end + 4 - request) + body)
            return true;
    }
}

static bool server_serve(struct server *server, int fd)
{
    static const struct reply nothing = { .status = 599, .body = "{}" };
    size_t which = server->served;
    char request[REQUEST_SIZE];

    if (!server_read(fd, request))
        return false;
    if (which < REQUESTS_MOST) {
        server->at_ms[which] = clock_monotonic_ms();
        memcpy(server->requests[which], request, sizeof(request));
    }
    server->served = which + 1;
    return server_reply(fd, which < server->count ? &server->replies[which] : &nothing);
}

static void *server_run(void *context)
{
    struct server *server = context;
    struct pollfd fds[1 + CONNECTIONS_MOST] = { { .fd = server->listener, .events = POLLIN } };
    nfds_t count = 1;

    while (poll(fds, count, -1) > 0) {
        for (nfds_t i = count - 1; i > 0; i--) {
            if (!fds[i].revents || server_serve(server, fds[i].fd))
                continue;
            close(fds[i].fd);
            fds[i] = fds[--count];
        }
        if (fds[0].revents & ~POLLIN)
            break;
        if (fds[0].revents && count <= CONNECTIONS_MOST) {
            int fd = accept(server->listener, NULL, NULL);

            if (fd < 0)
                break;
            server->connections++;
            fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
        }
    }
    for (nfds_t i = 1; i < count; i++)
        close(fds[i].fd);
    return NULL;
}

static void server_start(struct server *server, const struct reply *replies, size_t count)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);

    memset(server, 0, sizeof(*server));
    server->replies = replies;
    server->count = count;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(server->listener, 16), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    server->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_stop(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* A cloud all of whose services are this server. */
static struct cloud_options server_options(const struct server *server)
{
    struct cloud_options options = {
        .auth_type = "password",
        .username = "larder",
        .password = "geheim-\"1\"",
        .user_domain_name = "Default",
        .project_name = "larder",
        .project_domain_name = "Default",
        .interface = "internal",
        .connect_timeout_s = 2,
        .retries = 3,
        .token_cache_s = 60,
    };

    snprintf(options.auth_url, sizeof(options.auth_url), "http://127.0.0.1:%d/identity/v3",
             server->port);
    for (int i = 1; i < SERVICES; i++) {
        snprintf(options.services[i].endpoint_override, 512, "http://127.0.0.1:%d/s%d",
                 server->port, i);
        options.services[i].timeout_s = 5;
    }
    options.services[SERVICE_IDENTITY].timeout_s = 5;
    return options;
}

#endif
