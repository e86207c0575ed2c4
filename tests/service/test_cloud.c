/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/session and cloud/identity against a real Keystone: logins of all kinds, whose a
 * token is, and what happens when one ends or is revoked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "base/clock.h"
#include "cloud/cloud.h"
#include "cloud/session.h"

static struct error error;

#define must(call)                                                                                 \
    do {                                                                                           \
        error = (struct error){ 0 };                                                               \
        ck_assert_msg((call) == 0, "%s: %s", #call, error.message);                                \
    } while (0)
#define must_fail(code_, call)                                                                     \
    do {                                                                                           \
        error = (struct error){ 0 };                                                               \
        int result_ = (call);                                                                      \
        ck_assert_msg(result_ == (code_), "%s: %d %s", #call, result_, error.message);             \
        ck_assert_msg(error.message[0], "%s says nothing", #call);                                 \
    } while (0)

/* ---- clouds ---- */

static struct cloud_options administrator(void)
{
    struct cloud_options options = {
        .auth_type = "password",
        .username = "admin",
        .user_domain_name = "Default",
        .project_name = "admin",
        .project_domain_name = "Default",
        .region_name = "RegionOne",
        .interface = "internal",
        .retries = 2,
        .token_cache_s = 60,
    };
    const char *url = getenv("LARDER_TEST_KEYSTONE"), *password = getenv("LARDER_TEST_PASSWORD");

    ck_assert_msg(url && password, "LARDER_TEST_KEYSTONE and LARDER_TEST_PASSWORD are not set: "
                                   "tests/service/run sets them");
    text_copy(options.auth_url, sizeof(options.auth_url), url);
    text_copy(options.password, sizeof(options.password), password);
    return options;
}

struct login_of {
    struct cloud *cloud;
    struct client *client;
    char project_id[ID_SIZE];
};

static struct login_of open_login(const struct cloud_options *options)
{
    struct login_of login;

    must(cloud_open(options, &login.cloud, &error));
    must(client_open(login.cloud, &login.client, &error));
    return login;
}

static struct login_of log_in(const struct cloud_options *options)
{
    struct login_of login = open_login(options);

    must(client_project_id(login.client, login.project_id, &error));
    return login;
}

static void log_out(struct login_of *login)
{
    client_close(login->client);
    cloud_close(login->cloud);
}

static const char *token_of(const struct login_of *login)
{
    return login->cloud->login.token;
}

/* ---- calls to Keystone ---- */

static struct json *ask(struct login_of *login, const char *method, const char *path,
                        const char *body)
{
    const struct call call = { .service = SERVICE_IDENTITY, .method = method, .path = path,
                               .body = body };
    struct json *json = NULL;

    must(client_call(login->client, &call, &json, &error));
    return json;
}

static void revoke_token(struct login_of *by, const char *token)
{
    const struct call call = { .service = SERVICE_IDENTITY, .method = "DELETE",
                               .path = "/auth/tokens", .subject_token = token };

    must(client_call(by->client, &call, NULL, &error));
}

/* The id in the answer, copied. */
static void get_id(struct login_of *login, const char *method, const char *path, const char *body,
                   const char *where, char ret_id[static DIGEST_SIZE])
{
    auto_json *json = ask(login, method, path, body);
    const char *id = json_text(json_at(json, where));

    ck_assert_msg(id != NULL, "%s %s: no %s", method, path, where);
    text_copy(ret_id, DIGEST_SIZE, id);
}

/* A user of a name of its own with role 'role' (made here) in our project; its options. */
static struct cloud_options make_user(struct login_of *login, const char *role)
{
    struct cloud_options options = administrator();
    char user_id[DIGEST_SIZE], role_id[DIGEST_SIZE], text[1024];

    text_make_uuid(options.username);
    snprintf(text, sizeof(text), "{\"user\":{\"name\":\"%s\",\"password\":\"%s\"}}",
             options.username, options.password);
    get_id(login, "POST", "/users", text, "user.id", user_id);
    snprintf(text, sizeof(text), "{\"role\":{\"name\":\"%s\"}}", role);
    get_id(login, "POST", "/roles", text, "role.id", role_id);
    snprintf(text, sizeof(text), "/projects/%s/users/%s/roles/%s", login->project_id, user_id,
             role_id);
    json_free(ask(login, "PUT", text, NULL));
    return options;
}

/* An application credential of the user who is logged in, which ends after 'life_ms' (0: never). */
static struct cloud_options make_credential(struct login_of *login, int64_t life_ms)
{
    struct cloud_options options = administrator();
    struct token token;
    char path[256], body[256], name[ID_SIZE], ends[32];
    auto_json *json = NULL;

    must(identity_validate(login->client, token_of(login), clock_now_ms(), &token, &error));
    text_make_uuid(name);
    text_from_time(clock_now_ms() + life_ms, ends);
    snprintf(path, sizeof(path), "/users/%s/application_credentials", token.user_id);
    snprintf(body, sizeof(body), "{\"application_credential\":{\"name\":\"%s\"%s%s%s}}", name,
             life_ms ? ",\"expires_at\":\"" : "", life_ms ? ends : "", life_ms ? "\"" : "");
    json = ask(login, "POST", path, body);
    text_copy(options.auth_type, sizeof(options.auth_type), "v3applicationcredential");
    options.username[0] = options.password[0] = options.project_name[0] = '\0';
    text_copy(options.application_credential_id, NAME_SIZE,
              json_text(json_at(json, "application_credential.id")));
    text_copy(options.application_credential_secret, NAME_SIZE,
              json_text(json_at(json, "application_credential.secret")));
    return options;
}

/* ---- logins ---- */

START_TEST(test_login)
{
    struct cloud_options options = administrator();
    struct login_of login = log_in(&options);
    char id[DIGEST_SIZE];

    get_id(&login, "GET", "/projects?name=admin", NULL, "projects.0.id", id);
    ck_assert_str_eq(login.project_id, id);
    ck_assert_uint_eq(login.cloud->generation, 1);
    log_out(&login);
}
END_TEST

START_TEST(test_wrong_password)
{
    struct cloud_options options = administrator();
    struct login_of login;
    char id[ID_SIZE];

    text_copy(options.password, sizeof(options.password), "not-the-password");
    login = open_login(&options);
    must_fail(-EACCES, client_project_id(login.client, id, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "Keystone refused the login"));
    ck_assert_ptr_null(strstr(error.message, "not-the-password"));
    log_out(&login);
}
END_TEST

START_TEST(test_no_such_project)
{
    struct cloud_options options = administrator();
    struct login_of login;
    char id[ID_SIZE];

    text_copy(options.project_name, sizeof(options.project_name), "elsewhere");
    login = open_login(&options);
    must_fail(-EACCES, client_project_id(login.client, id, &error));
    log_out(&login);
}
END_TEST

START_TEST(test_application_credential)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), login;

    options = make_credential(&admin, 0);
    login = log_in(&options);
    ck_assert_str_eq(login.project_id, admin.project_id);
    log_out(&login);
    text_copy(options.application_credential_secret, NAME_SIZE, "guessed");
    login = open_login(&options);
    must_fail(-EACCES, client_project_id(login.client, login.project_id, &error));
    log_out(&login);
    log_out(&admin);
}
END_TEST

START_TEST(test_service_not_in_catalog)
{
    struct cloud_options options = administrator();
    struct login_of login = log_in(&options);
    const struct call call = { .service = SERVICE_NETWORK, .method = "GET", .path = "/ports" };

    must_fail(-EAGAIN, client_call(login.client, &call, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "no Neutron endpoint"));
    log_out(&login);
}
END_TEST

/* A 404 of Keystone's own is -ENOENT; that of a path it does not have is not. */
START_TEST(test_not_found)
{
    struct cloud_options options = administrator();
    struct login_of login = log_in(&options);
    struct call call = { .service = SERVICE_IDENTITY, .method = "GET",
                         .path = "/users/11111111222243338444555555555555" };

    must_fail(-ENOENT, client_call(login.client, &call, NULL, &error));
    call.path = "/nothing";
    must_fail(-EPROTO, client_call(login.client, &call, NULL, &error));
    log_out(&login);
}
END_TEST

/* ---- tokens of others ---- */

START_TEST(test_good_token)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), hook;
    struct token token;
    int64_t now_ms = clock_now_ms();

    options = make_user(&admin, "larder_guest");
    hook = log_in(&options);
    must(identity_validate(admin.client, token_of(&hook), now_ms, &token, &error));
    ck_assert_str_eq(token.project_id, admin.project_id);
    ck_assert_str_eq(token.project_name, "admin");
    ck_assert_uint_ge(strlen(token.user_id), 32);
    ck_assert_int_gt(token.expires_ms, now_ms);
    ck_assert(token_has_role(&token, "larder_guest"));
    ck_assert(!token_has_role(&token, "admin"));
    must(identity_validate(admin.client, token_of(&admin), now_ms, &token, &error));
    ck_assert(token_has_role(&token, "admin"));
    ck_assert(!token_has_role(&token, "larder_guest"));
    log_out(&hook);
    log_out(&admin);
}
END_TEST

START_TEST(test_bad_tokens)
{
    static const char *const bad[] = {
        "nonsense", "gAAAAABqQm9ndXM", "a b", "", "x\r\nX-Auth-Token: y", "\xc3\xa4",
        "11111111-2222-4333-8444-555555555555",
    };
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options);
    char huge[TOKEN_SIZE + 10];
    struct token token;

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
            must_fail(-EACCES, identity_validate(admin.client, bad[i], clock_now_ms(), &token,
                                                 &error));
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    must_fail(-EACCES, identity_validate(admin.client, huge, clock_now_ms(), &token, &error));
    must_fail(-EACCES, identity_validate(admin.client, NULL, clock_now_ms(), &token, &error));
    ck_assert_uint_eq(admin.cloud->generation, 1); /* they do not cost us our own token */
    log_out(&admin);
}
END_TEST

/* For a while a token's word holds without Keystone; who keeps nothing sees the revocation. */
START_TEST(test_cache)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), user = log_in(&options), strict;
    int64_t now_ms = clock_now_ms();
    struct token token;

    options.token_cache_s = 0;
    strict = log_in(&options);
    must(identity_validate(admin.client, token_of(&user), now_ms, &token, &error));
    must(identity_validate(strict.client, token_of(&user), now_ms, &token, &error));
    revoke_token(&admin, token_of(&user));
    must(identity_validate(admin.client, token_of(&user), now_ms + 1000, &token, &error));
    ck_assert(token_has_role(&token, "admin"));
    must_fail(-EACCES,
              identity_validate(strict.client, token_of(&user), now_ms, &token, &error));
    must_fail(-EACCES,
              identity_validate(admin.client, token_of(&user), now_ms + 61000, &token, &error));
    log_out(&strict);
    log_out(&user);
    log_out(&admin);
}
END_TEST

/* Asked about ahead, a token is known beyond the time of the first answer, and a revoked one known
 * no more.  In both cases Keystone could be away then. */
START_TEST(test_refresh)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), user = log_in(&options), other = log_in(&options);
    int64_t now_ms = clock_now_ms();
    struct token token;

    must(identity_validate(admin.client, token_of(&user), now_ms, &token, &error));
    ck_assert_int_eq(identity_refresh(admin.client, now_ms + 31000, NULL), -ENOENT);
    identity_keep_fresh(admin.client, token_of(&user), &token, now_ms);
    ck_assert_int_eq(identity_refresh(admin.client, now_ms + 29000, NULL), -ENOENT);
    must(identity_refresh(admin.client, now_ms + 30000, &error));
    ck_assert_int_eq(identity_refresh(admin.client, now_ms + 30000, NULL), -ENOENT);
    revoke_token(&other, token_of(&user));
    must(identity_validate(admin.client, token_of(&user), now_ms + 89000, &token, &error));
    ck_assert_int_eq(token.asked_ms, now_ms + 30000);
    must(identity_refresh(admin.client, now_ms + 60000, &error));
    must_fail(-EACCES,
              identity_validate(admin.client, token_of(&user), now_ms + 60000, &token, &error));
    ck_assert_int_eq(identity_refresh(admin.client, now_ms + 999000, NULL), -ENOENT);
    log_out(&other);
    log_out(&user);
    log_out(&admin);
}
END_TEST

/* The token of a credential that ends, ends with it, whatever is in the cache. */
START_TEST(test_expired_token)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), user;
    struct token token;

    options = make_credential(&admin, 10000);
    user = log_in(&options);
    must(identity_validate(admin.client, token_of(&user), clock_now_ms(), &token, &error));
    ck_assert_int_le(token.expires_ms, clock_now_ms() + 10000);
    while (clock_now_ms() <= token.expires_ms + 1000)
        usleep(100000);
    must_fail(-EACCES,
              identity_validate(admin.client, token_of(&user), clock_now_ms(), &token, &error));
    log_out(&user);
    log_out(&admin);
}
END_TEST

/* ---- our own token ---- */

START_TEST(test_renewal_after_revocation)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), other = log_in(&options);
    char before[TOKEN_SIZE];

    text_copy(before, sizeof(before), token_of(&admin));
    revoke_token(&other, token_of(&admin));
    json_free(ask(&admin, "GET", "/projects?name=admin", NULL));
    ck_assert_uint_eq(admin.cloud->generation, 2);
    ck_assert_str_ne(before, token_of(&admin));
    log_out(&other);
    log_out(&admin);
}
END_TEST

/* Our own token may be bad when we are asked about another's: that does not make that one bad. */
START_TEST(test_validation_after_revocation)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), other = log_in(&options), user = log_in(&options);
    struct token token;

    revoke_token(&other, token_of(&admin));
    must(identity_validate(admin.client, token_of(&user), clock_now_ms(), &token, &error));
    ck_assert_uint_eq(admin.cloud->generation, 2);
    log_out(&user);
    log_out(&other);
    log_out(&admin);
}
END_TEST

/* A token that lives for seconds is renewed before it ends, without a call that fails. */
START_TEST(test_renewal_before_the_end)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), short_lived;

    options = make_credential(&admin, 12000);
    short_lived = log_in(&options);
    for (int i = 0; i < 80 && short_lived.cloud->generation < 2; i++) {
        usleep(100000);
        must(client_project_id(short_lived.client, short_lived.project_id, &error));
    }
    ck_assert_uint_ge(short_lived.cloud->generation, 2);
    log_out(&short_lived);
    log_out(&admin);
}
END_TEST

/* Keystone lets users validate their own tokens only; a service that may not ask must say why. */
START_TEST(test_validation_without_the_right)
{
    struct cloud_options options = administrator();
    struct login_of admin = log_in(&options), nobody;
    struct token token;

    options = make_user(&admin, "larder_nobody");
    nobody = log_in(&options);
    must_fail(-EAGAIN, identity_validate(nobody.client, token_of(&admin), clock_now_ms(), &token,
                                         &error));
    ck_assert_ptr_nonnull(strstr(error.message, "may not validate tokens"));
    log_out(&nobody);
    log_out(&admin);
}
END_TEST

UNIT_MAIN("cloud", test_login, test_wrong_password, test_no_such_project,
          test_application_credential, test_service_not_in_catalog, test_not_found,
          test_good_token, test_bad_tokens, test_cache, test_refresh, test_expired_token,
          test_renewal_after_revocation, test_validation_after_revocation,
          test_renewal_before_the_end, test_validation_without_the_right)
