/* SPDX-License-Identifier: Apache-2.0 */
/* Whose token is this; see identity.h. */
#include "cloud/identity.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "cloud/client_private.h"
#include "cloud/http.h"
#include "cloud/session.h"

LOG_MODULE("cloud.identity");

/* ---- Keystone's answer ---- */

struct owner {
    char id[DIGEST_SIZE];
    char name[NAME_SIZE];
};
struct answer {
    struct owner user, project;
    int64_t expires_ms;
    const struct json *roles;
};

static const struct json_member owner_members[] = {
    JSON_FIELD(JSON_TEXT, struct owner, id, "id", JSON_REQUIRED),
};
static const struct json_shape owner_shape = { "owner", owner_members, ARRAY_SIZE(owner_members),
                                               false };
static const struct json_member answer_members[] = {
    JSON_FIELD_OBJECT(struct answer, user, "user", JSON_REQUIRED, &owner_shape),
    JSON_FIELD_OBJECT(struct answer, project, "project", JSON_NULLABLE, &owner_shape),
    JSON_FIELD(JSON_TIME, struct answer, expires_ms, "expires_at", JSON_REQUIRED),
    JSON_FIELD(JSON_VALUE, struct answer, roles, "roles", JSON_NULLABLE),
};
static const struct json_shape answer_shape = { "token", answer_members,
                                                ARRAY_SIZE(answer_members), false };

/* Roles beyond the bound give no rights. */
static void read_roles(const struct json *roles, struct token *token)
{
    for (size_t i = 0; i < json_length(roles); i++) {
        const char *name = json_text(json_at(json_element(roles, i), "name"));

        if (token->role_count == TOKEN_ROLES_MOST) {
            log_warning("user %s has %zu roles; only the first %d count", token->user_id,
                        json_length(roles), TOKEN_ROLES_MOST);
            return;
        }
        if (name && text_copy(token->roles[token->role_count], NAME_SIZE, name) == 0)
            token->role_count++;
    }
}

static int read_token(const struct json *body, struct token *token, struct error *error)
{
    const struct json *inside = json_at(body, "token");
    struct answer answer = { 0 };
    struct error why = { 0 };

    if (json_read(inside, &answer_shape, &answer, &why))
        return error_set(error, -EPROTO, "Keystone's word on a token is not understood: %s",
                         why.message);
    *token = (struct token){ .expires_ms = answer.expires_ms };
    text_copy(token->user_id, sizeof(token->user_id), answer.user.id);
    text_copy(token->project_id, sizeof(token->project_id), answer.project.id);
    text_copy(token->project_name, sizeof(token->project_name),
              json_text(json_at(inside, "project.name")));
    read_roles(answer.roles, token);
    return 0;
}

/* ---- asking ---- */

static int refuse(struct error *error)
{
    return error_set(error, -EACCES, "Keystone does not know this token, or it has expired");
}

/* Keystone says 404 of a bad token, and 401 or 403 when it is us whom it refuses. */
static int ask_keystone(struct client *client, const char *token, struct token *ret_token,
                        struct error *error)
{
    const struct call call = {
        .service = SERVICE_IDENTITY,
        .method = "GET",
        .path = "/auth/tokens?nocatalog",
        .subject_token = token,
    };
    auto_json *body = NULL;
    struct error why = { 0 };
    int status = client_call(client, &call, &body, &why);

    if (status == -ENOENT)
        return refuse(error);
    if (status == -EACCES)
        return error_set(error, -EAGAIN, "Larder's own user may not validate tokens (it needs "
                                         "role admin or service): %s", why.message);
    if (status)
        return error_set(error, status, "a token cannot be validated: %s", why.message);
    return read_token(body, ret_token, error);
}

/* What can be in a header and be a token. */
static bool is_plausible(const char *token)
{
    size_t length = token ? strnlen(token, TOKEN_SIZE) : 0;

    if (length == 0 || length >= TOKEN_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return false;
    return true;
}

/* 'ret_token' stays as it is unless Keystone calls the token good. */
static int ask_and_keep(struct client *client, const char *token, const char *digest,
                        int64_t now_ms, struct token *ret_token, struct error *error)
{
    struct cloud *cloud = client_cloud(client);
    struct token answer;
    int status = ask_keystone(client, token, &answer, error);

    token_fresh_asked(cloud->fresh, digest, now_ms, status);
    if (status == -EACCES)
        token_cache_keep(cloud->tokens, digest, now_ms, NULL);
    if (status)
        return status;
    answer.asked_ms = now_ms;
    token_cache_keep(cloud->tokens, digest, now_ms, &answer);
    *ret_token = answer;
    return 0;
}

int identity_validate(struct client *client, const char *token, int64_t now_ms,
                      struct token *ret_token, struct error *error)
{
    struct cloud *cloud = client_cloud(client);
    char digest[DIGEST_SIZE];
    struct error why = { 0 };
    enum token_verdict verdict;
    int status;

    if (!is_plausible(token))
        return refuse(error);
    digest_of(token, strlen(token), digest);
    verdict = token_cache_find(cloud->tokens, digest, now_ms, ret_token);
    if (verdict == TOKEN_GOOD
        || (verdict == TOKEN_GOOD_ASK_AGAIN && token_fresh_has(cloud->fresh, digest, now_ms)))
        return 0;
    if (verdict == TOKEN_BAD)
        return refuse(error);
    status = ask_and_keep(client, token, digest, now_ms, ret_token, &why);
    if (status && status != -EACCES && verdict == TOKEN_GOOD_ASK_AGAIN)
        return 0; /* Keystone is away for a moment: what it said still holds */
    return status ? error_set(error, status, "%s", why.message) : 0;
}

/* ---- asking ahead ---- */

void identity_keep_fresh(struct client *client, const char *token, const struct token *known,
                         int64_t now_ms)
{
    char digest[DIGEST_SIZE];

    digest_of(token, strlen(token), digest);
    token_fresh_use(client_cloud(client)->fresh, digest, token, known, now_ms);
}

int identity_refresh(struct client *client, int64_t now_ms, struct error *error)
{
    char text[TOKEN_SIZE], digest[DIGEST_SIZE];
    struct token token;
    int status;

    if (!token_fresh_due(client_cloud(client)->fresh, now_ms, text))
        return -ENOENT;
    digest_of(text, strlen(text), digest);
    status = ask_and_keep(client, text, digest, now_ms, &token, error);
    explicit_bzero(text, sizeof(text));
    return status == -EACCES ? 0 : status;
}

int64_t identity_cache_s(const struct cloud *cloud)
{
    return cloud->options.token_cache_s;
}

bool token_has_role(const struct token *token, const char *role)
{
    for (size_t i = 0; i < token->role_count; i++)
        if (text_equal(token->roles[i], role))
            return true;
    return false;
}
