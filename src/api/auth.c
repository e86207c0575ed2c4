/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and roles; see auth.h.  Keystone is asked through the connection's own client; about the
 * hooks' tokens, whose bearers have no time for that, refresher.c asks ahead.
 */
#include "api/auth.h"

#include <errno.h>
#include <string.h>

#include "api/reply.h"
#include "base/log.h"

#define TOKEN_MOST 8192

LOG_MODULE("api");

/* Fernet and JWS tokens are of these characters; anything else is none, and Keystone, whose header
 * it would become, never sees it. */
static bool is_token(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= TOKEN_MOST
           && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~")
              == length;
}

bool auth_allows(const struct api_options *options, const struct token *token, enum access access,
                 const char *pools_project)
{
    if (!token->project_id[0])
        return false;
    if (access == ACCESS_HOOK)
        return token_has_role(token, options->hook_role);
    if (token_has_role(token, options->admin_role))
        return true;
    return access == ACCESS_READ && *pools_project
           && strcmp(token->project_id, pools_project) == 0
           && token_has_role(token, options->reader_role);
}

static bool refuse_token(struct reply *reply)
{
    reply_error(reply, 401, "unauthorized", "This needs a valid Keystone token in X-Auth-Token");
    return false;
}

static bool refuse_for_now(struct reply *reply, const struct error *error)
{
    log_error("cannot validate a token: %s", error->message);
    reply_error(reply, 503, "unavailable", "Keystone cannot be asked about the token now; try "
                "again in a moment.  The log of Larder says why under this request id");
    return false;
}

static bool refuse_role(const struct request *request, struct reply *reply)
{
    const struct api_options *options = request->api->options;

    if (!request->token.project_id[0])
        reply_error(reply, 403, "forbidden", "This needs a token for a project");
    else if (request->route->access == ACCESS_HOOK)
        reply_error(reply, 403, "forbidden", "This needs the role %s", options->hook_role);
    else if (request->route->access == ACCESS_ADMIN)
        reply_error(reply, 403, "forbidden", "This needs the role %s", options->admin_role);
    else
        reply_error(reply, 403, "forbidden", "This needs the role %s, or %s in the project that "
                    "holds the pools", options->admin_role, options->reader_role);
    return false;
}

/* Metrics that are not open are for those who may read. */
static enum access needed(const struct request *request)
{
    enum access access = request->route->access;

    return access == ACCESS_METRICS ? ACCESS_READ : access;
}

static int validate(struct request *request, struct error *error)
{
    int status = 0;

    if (!*request->client)
        status = client_open(request->api->cloud, request->client, error);
    if (status)
        return status == -EACCES ? -EAGAIN : status;
    return identity_validate(*request->client, strbuf_text(&request->headers[HEADER_TOKEN]),
                             request->now_ms, &request->token, error);
}

/* Which project holds the pools matters only where a reader may come in. */
static int find_pools_project(struct request *request, char *ret_id, struct error *error)
{
    ret_id[0] = '\0';
    if (needed(request) != ACCESS_READ
        || token_has_role(&request->token, request->api->options->admin_role))
        return 0;
    return client_project_id(*request->client, ret_id, error);
}

bool auth_check(struct request *request, struct reply *reply)
{
    struct error error = { 0 };
    char pools_project[ID_SIZE];
    int status;

    if (!is_token(strbuf_text(&request->headers[HEADER_TOKEN])))
        return refuse_token(reply);
    status = validate(request, &error);
    if (status == -EACCES)
        return refuse_token(reply);
    if (status)
        return refuse_for_now(reply, &error);
    log_set_context(strbuf_text(&request->headers[HEADER_REQUEST_ID]), request->request_id,
                    request->token.user_id, request->token.project_id);
    if (find_pools_project(request, pools_project, &error))
        return refuse_for_now(reply, &error);
    if (!auth_allows(request->api->options, &request->token, needed(request), pools_project))
        return refuse_role(request, reply);
    if (request->route->access == ACCESS_HOOK)
        identity_keep_fresh(*request->client, strbuf_text(&request->headers[HEADER_TOKEN]),
                            &request->token, request->now_ms);
    return true;
}
