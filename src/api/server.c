/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server, and all that knows libmicrohttpd.  Each connection has a thread of its own:
 * handlers wait for MariaDB and Keystone, and clients may stall, but neither holds up another.
 * What a request is about is found in request.c.
 */
#include "api/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "api/listen.h"
#include "api/refresher.h"
#include "api/reply.h"
#include "api/request.h"
#include "api/version.h"
#include "api/watch.h"
#include "base/clock.h"
#include "base/log.h"

#define CONNECTION_MEMORY (32 * 1024) /* request line and headers; more of them is 431 */
#define BODY_DROPPED_MOST (1024 * 1024) /* of a body that is too large, read to answer it */
#define STOP_MOST_MS 10000

LOG_MODULE("api");

struct api_server {
    struct api api;
    struct listen listen;
    struct MHD_Daemon *daemon;
    struct watch *watch;
    struct refresher *refresher;
    atomic_int active; /* requests that have begun */
};

/* What a request needs while it travels. */
struct exchange {
    struct api_server *server;
    struct request *request;
    struct watched *watched;
    bool begun;
    size_t received; /* of the body */
};

struct connection {
    struct client *client;
    struct watched *watched;
};

static struct connection *connection_of(struct MHD_Connection *http)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static int socket_of(struct MHD_Connection *http)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? info->connect_fd : -1;
}

/* ---- sending the reply ---- */

static void add_headers(struct MHD_Response *response, const struct request *request,
                        const struct reply *reply)
{
    char retry_after[16];

    snprintf(retry_after, sizeof(retry_after), "%d", reply->retry_after_s);
    MHD_add_response_header(response, "OpenStack-API-Version", SERVICE_TYPE " " VERSION_MAX);
    MHD_add_response_header(response, "Vary", "OpenStack-API-Version");
    MHD_add_response_header(response, "x-openstack-request-id", request->request_id);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (reply->type)
        MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->allow[0])
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->retry_after_s)
        MHD_add_response_header(response, "Retry-After", retry_after);
    if (reply->challenge)
        MHD_add_response_header(response, "WWW-Authenticate", "Keystone");
}

static enum MHD_Result send_reply(struct MHD_Connection *http, const struct request *request,
                                  const struct reply *reply)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body.length, reply->body.text,
                                        MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    add_headers(response, request, reply);
    result = MHD_queue_response(http, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *http, struct exchange *exchange)
{
    struct reply reply = { 0 };
    enum MHD_Result result;

    watch_rest(exchange->watched); /* from here on it is not the client who takes time */
    request_answer(exchange->request, &reply);
    result = send_reply(http, exchange->request, &reply);
    watch_restart(exchange->watched);
    reply_clear(&reply);
    return result;
}

/* ---- receiving the request ---- */

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct request *request = context;

    (void)kind;
    for (int i = 0; i < HEADERS; i++) {
        struct strbuf *header = &request->headers[i];

        if (strcasecmp(name, header_name(i)))
            continue;
        strbuf_add_text(header, header->length ? "," : "");
        strbuf_add_text(header, value ? value : "");
    }
    return MHD_YES;
}

/* Whether the body is announced to be larger than we take: then it is not even waited for. */
static bool announces_too_much(struct MHD_Connection *http, const struct request *request)
{
    const char *text =
        MHD_lookup_connection_value(http, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t length;

    return text && text_to_int(text, 0, (int64_t)request->body.maximum, &length);
}

static enum MHD_Result begin(struct exchange *exchange, struct MHD_Connection *http,
                             const char *method)
{
    struct request *request = exchange->request;
    struct connection *connection = connection_of(http);

    if (!connection)
        return MHD_NO;
    exchange->begun = true;
    request->client = &connection->client;
    request->tls = exchange->server->listen.certificate != NULL;
    text_copy(request->method, sizeof(request->method), method);
    MHD_get_connection_values(http, MHD_HEADER_KIND, take_header, request);
    if (!announces_too_much(http, request))
        return MHD_YES;
    request->body.status = -E2BIG;
    return answer(http, exchange);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
    exchange->received += *size;
    strbuf_add(&exchange->request->body, bytes, *size);
    *size = 0;
    return exchange->received > exchange->request->body.maximum + BODY_DROPPED_MOST ? MHD_NO
                                                                                    : MHD_YES;
}

/* Called when the headers are there, for each piece of the body, and at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *http, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request_context)
{
    struct exchange *exchange = *request_context;

    (void)context;
    (void)url;
    (void)version;
    if (!exchange)
        return MHD_NO; /* memory was short in begin_request() */
    if (!exchange->begun)
        return begin(exchange, http, method);
    if (*upload_size)
        return take_body(exchange, upload, upload_size);
    return answer(http, exchange);
}

/* Called with the target as it came, before the headers are read. */
static void *begin_request(void *context, const char *target, struct MHD_Connection *http)
{
    struct api_server *server = context;
    struct connection *connection = connection_of(http);
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange || !connection) {
        free(exchange);
        return NULL;
    }
    exchange->server = server;
    exchange->request = request_new(&server->api, target);
    if (!exchange->request) {
        free(exchange);
        return NULL;
    }
    exchange->watched = connection->watched;
    atomic_fetch_add(&server->active, 1);
    return exchange;
}

static void end_request(void *context, struct MHD_Connection *http, void **request_context,
                        enum MHD_RequestTerminationCode code)
{
    struct api_server *server = context;
    struct exchange *exchange = *request_context;

    (void)http;
    (void)code;
    if (!exchange)
        return;
    *request_context = NULL;
    watch_restart(exchange->watched);
    request_free(exchange->request);
    free(exchange);
    atomic_fetch_sub(&server->active, 1);
}

static void connection_changed(void *context, struct MHD_Connection *http, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct api_server *server = context;
    struct connection *connection = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection = calloc(1, sizeof(*connection));
        *socket_context = connection;
        if (connection)
            connection->watched = watch_add(server->watch, socket_of(http));
    } else if (connection) {
        *socket_context = NULL;
        watch_remove(connection->watched);
        client_close(connection->client);
        free(connection);
    }
}

/* Paths and queries are decoded by us, and strictly. */
static size_t keep_escapes(void *context, struct MHD_Connection *http, char *text)
{
    (void)context;
    (void)http;
    return strlen(text);
}

static void log_library(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void log_library(void *context, const char *format, va_list arguments)
{
    char text[512];

    (void)context;
    vsnprintf(text, sizeof(text), format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug("libmicrohttpd: %s", text);
}

/* ---- start and stop ---- */

static struct MHD_Daemon *start_daemon(struct api_server *server)
{
    const struct api_options *options = server->api.options;
    const struct listen *listen = &server->listen;
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD
                     | MHD_USE_POLL | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, listen->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, listen->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0,
          (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE" },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem no_tls[] = { { MHD_OPTION_END, 0, NULL } };

    if (listen->certificate)
        flags |= MHD_USE_TLS;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handle, server,
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_LISTEN_SOCKET, listen->socket,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, server,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, server,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, listen->certificate ? tls : no_tls, MHD_OPTION_END);
}

static void server_free(struct api_server *server)
{
    refresher_free(server->refresher);
    watch_free(server->watch);
    listen_close(&server->listen);
    free(server);
}

static int start(struct api_server *server, struct error *error)
{
    const struct api_options *options = server->api.options;
    int status = listen_open(options, &server->listen, error);

    if (status)
        return status;
    status = watch_new(options->idle_timeout_s * 1000, &server->watch);
    if (status)
        return error_set(error, status, "Cannot start the thread that watches connections: %s",
                         strerror(-status));
    status = refresher_new(server->api.cloud, &server->refresher);
    if (status)
        return error_set(error, status, "Cannot start the thread that keeps tokens fresh: %s",
                         strerror(-status));
    server->daemon = start_daemon(server);
    if (!server->daemon)
        return error_set(error, -EIO, "Cannot start the HTTP server on %s port %lld: "
                         "libmicrohttpd refuses%s", options->bind_host,
                         (long long)options->bind_port,
                         server->listen.certificate ? "; look whether [api] cert_file and key_file "
                                                      "are PEM and belong together" : "");
    server->listen.socket = -1; /* the daemon has it now */
    return 0;
}

int api_start(const struct api *api, struct api_server **ret_server, struct error *error)
{
    struct api_server *server = calloc(1, sizeof(*server));
    int status;

    if (!server)
        return error_set(error, -ENOMEM, "No memory for the HTTP server");
    server->api = *api;
    server->listen.socket = -1;
    status = start(server, error);
    if (status) {
        server_free(server);
        return status;
    }
    log_info("listening host=%s port=%d tls=%s", api->options->bind_host, server->listen.port,
             server->listen.certificate ? "yes" : "no");
    *ret_server = server;
    return 0;
}

int api_port(const struct api_server *server)
{
    return server->listen.port;
}

static void wait_for_requests(struct api_server *server)
{
    const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
    int64_t end_ms = clock_monotonic_ms() + STOP_MOST_MS;

    while (atomic_load(&server->active) > 0 && clock_monotonic_ms() < end_ms)
        nanosleep(&moment, NULL);
}

void api_stop(struct api_server *server)
{
    if (!server)
        return;
    server->listen.socket = MHD_quiesce_daemon(server->daemon);
    refresher_free(steal(&server->refresher));
    wait_for_requests(server);
    MHD_stop_daemon(server->daemon);
    server_free(server);
}
