/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's way to the services; see client.h. */
#include "cloud/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cloud/client_private.h"
#include "cloud/send.h"

#define DEFAULT_CONNECT_TIMEOUT_S 5

struct client {
    struct cloud *cloud;
    struct http *http;
};

int client_open(struct cloud *cloud, struct client **ret_client, struct error *error)
{
    int64_t seconds = cloud->options.connect_timeout_s;
    const struct http_options options = {
        .cafile = cloud->options.cafile,
        .insecure = cloud->options.insecure,
        .connect_timeout_ms = (seconds > 0 ? seconds : DEFAULT_CONNECT_TIMEOUT_S) * 1000,
    };
    struct client *client = calloc(1, sizeof(*client));
    int status;

    if (!client)
        return error_set(error, -ENOMEM, "no memory for a client of the OpenStack APIs");
    client->cloud = cloud;
    status = http_open(&options, &client->http, error);
    if (status) {
        client_close(client);
        return status;
    }
    *ret_client = client;
    return 0;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    http_close(client->http);
    free(client);
}

struct cloud *client_cloud(const struct client *client)
{
    return client->cloud;
}

int client_project_id(struct client *client, char ret_id[static ID_SIZE], struct error *error)
{
    struct pass pass;
    int status = session_pass(client->cloud, client->http, SERVICE_IDENTITY, &pass, error);

    if (!status)
        text_copy(ret_id, ID_SIZE, pass.project_id);
    explicit_bzero(pass.token, sizeof(pass.token));
    return status;
}

int client_has_service(struct client *client, enum service service, struct error *error)
{
    struct pass pass;
    int status = session_pass(client->cloud, client->http, SERVICE_IDENTITY, &pass, error);

    explicit_bzero(pass.token, sizeof(pass.token));
    return status ? status : session_knows(client->cloud, service);
}

int client_clock_ahead(struct client *client, int64_t *ret_ms, struct error *error)
{
    char project_id[ID_SIZE];
    int status = client_project_id(client, project_id, error);

    if (!status)
        *ret_ms = session_ahead_ms(client->cloud);
    return status;
}

static int add_headers(struct http *http, const struct call *call, const struct pass *pass)
{
    const struct {
        const char *name, *value;
    } headers[] = {
        { "Accept", "application/json" },
        { "Content-Type", call->body ? "application/json" : NULL },
        { "X-Auth-Token", pass->token },
        { "X-Subject-Token", call->subject_token },
        { "OpenStack-API-Version", call->microversion },
        { "X-OpenStack-Request-Id", log_request_id() },
    };
    int status = 0;

    http_forget_headers(http);
    for (size_t i = 0; i < ARRAY_SIZE(headers) && !status; i++)
        status = http_add_header(http, headers[i].name, headers[i].value);
    return status;
}

/* One call with one token. */
static int call_once(struct client *client, const struct call *call, const struct pass *pass,
                     struct error *error)
{
    auto_strbuf url = STRBUF_INIT(16384);
    struct request request = {
        .asked = { call->service, call->method, call->path },
        .body = call->body,
        .repeatable = call->reads_only,
        .timeout_ms = session_timeout_ms(client->cloud, call->service),
    };
    int status = add_headers(client->http, call, pass);

    strbuf_add_format(&url, "%s%s", pass->root, call->path);
    if (!status)
        status = url.status;
    if (status)
        return error_set(error, status, "%s: %s %s: the request cannot be made: %s",
                         service_name(call->service), call->method, call->path,
                         strerrordesc_np(-status));
    request.url = strbuf_text(&url);
    send_request(client->cloud, client->http, &request);
    return 0;
}

/* A token may be refused before its time (revoked, or Keystone's keys were changed): once per call
 * a new one is fetched. */
static int call_with_pass(struct client *client, const struct call *call, struct error *error)
{
    struct pass pass;
    int status;

    for (int round = 0;; round++) {
        status = session_pass(client->cloud, client->http, call->service, &pass, error);
        if (!status)
            status = call_once(client, call, &pass, error);
        if (status || http_answer(client->http)->status != 401 || round)
            break;
        session_refuse(client->cloud, &pass);
    }
    explicit_bzero(pass.token, sizeof(pass.token));
    http_forget_headers(client->http);
    return status;
}

int client_call(struct client *client, const struct call *call, struct json **ret_json,
                struct error *error)
{
    const struct asked asked = { call->service, call->method, call->path };
    int status = call_with_pass(client, call, error);

    if (!status)
        status = answer_judge(&asked, http_answer(client->http), error);
    if (status == -ETIMEDOUT && call->reads_only) {
        status = -EAGAIN; /* whether it was carried out is all the same */
        if (error)
            error->code = status;
    }
    if (!status && ret_json)
        status = answer_parse(&asked, http_answer(client->http), ret_json, error);
    return status;
}
