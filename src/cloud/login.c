/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in to Keystone, as JSON; see login.h. */
#include "cloud/login.h"

#include <errno.h>

/* ---- asking ---- */

static void put_named(struct json_writer *writer, const char *what, const char *name)
{
    json_begin_object(writer, what);
    json_put_text(writer, "name", name);
    json_end_object(writer);
}

static void put_password(struct json_writer *writer, const struct cloud_options *options)
{
    json_begin_object(writer, "password");
    json_begin_object(writer, "user");
    json_put_text(writer, "name", options->username);
    put_named(writer, "domain", options->user_domain_name);
    json_put_text(writer, "password", options->password);
    json_end_object(writer);
    json_end_object(writer);
}

static void put_application_credential(struct json_writer *writer,
                                       const struct cloud_options *options)
{
    json_begin_object(writer, "application_credential");
    json_put_text(writer, "id", options->application_credential_id);
    json_put_text(writer, "secret", options->application_credential_secret);
    json_end_object(writer);
}

/* An application credential brings its project; with a password one says for which. */
static void put_scope(struct json_writer *writer, const struct cloud_options *options)
{
    json_begin_object(writer, "scope");
    json_begin_object(writer, "project");
    json_put_text(writer, "name", options->project_name);
    put_named(writer, "domain", options->project_domain_name);
    json_end_object(writer);
    json_end_object(writer);
}

void login_ask(const struct cloud_options *options, struct strbuf *out)
{
    bool password = !text_equal(options->auth_type, "v3applicationcredential");
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "auth");
    json_begin_object(&writer, "identity");
    json_begin_array(&writer, "methods");
    json_put_text(&writer, NULL, password ? "password" : "application_credential");
    json_end_array(&writer);
    if (password)
        put_password(&writer, options);
    else
        put_application_credential(&writer, options);
    json_end_object(&writer);
    if (password)
        put_scope(&writer, options);
    json_end_object(&writer);
    json_end_object(&writer);
}

/* ---- the answer ---- */

struct grant {
    int64_t issued_ms, expires_ms;
    struct {
        char id[ID_SIZE];
    } project;
    const struct json *catalog;
};

static const struct json_member project_members[] = {
    { .name = "id", .type = JSON_ID, .flags = JSON_REQUIRED, .size = ID_SIZE },
};
static const struct json_shape project_shape = { "project", project_members, 1, false };
static const struct json_member grant_members[] = {
    JSON_FIELD(JSON_TIME, struct grant, issued_ms, "issued_at", JSON_REQUIRED),
    JSON_FIELD(JSON_TIME, struct grant, expires_ms, "expires_at", JSON_REQUIRED),
    JSON_FIELD_OBJECT(struct grant, project, "project", JSON_REQUIRED, &project_shape),
    JSON_FIELD(JSON_VALUE, struct grant, catalog, "catalog", JSON_REQUIRED),
};
static const struct json_shape grant_shape = { "token", grant_members, ARRAY_SIZE(grant_members),
                                               false };

/* Identity is where one logs in: the catalog may name a place that is not reached from here. */
static const char *endpoint_of(const struct cloud_options *options, const struct json *catalog,
                               enum service service)
{
    const char *override = options->services[service].endpoint_override;

    if (*override)
        return override;
    if (service == SERVICE_IDENTITY)
        return options->auth_url;
    return catalog_find(catalog, service, options->region_name, options->interface);
}

static int find_roots(const struct cloud_options *options, const struct json *catalog,
                      struct login *login, struct error *error)
{
    int status = 0;

    for (int service = 0; service < SERVICES && !status; service++) {
        const char *endpoint = endpoint_of(options, catalog, service);

        login->roots[service][0] = '\0';
        if (endpoint)
            status = catalog_root(endpoint, service, login->project_id, login->roots[service],
                                  error);
    }
    return status;
}

int login_read(const struct cloud_options *options, const struct json *answer, const char *token,
               struct login *ret_login, struct error *error)
{
    struct grant grant = { 0 };
    struct error why = { 0 };

    if (json_read(json_at(answer, "token"), &grant_shape, &grant, &why))
        return error_set(error, -EPROTO,
                         "Keystone's answer to the login is not understood (%s); is the login for "
                         "a project, and auth_url Keystone's?",
                         why.message);
    if (!*token)
        return error_set(error, -EPROTO, "Keystone's answer to the login has no X-Subject-Token, "
                                         "or one longer than %d bytes", TOKEN_SIZE - 1);
    text_copy(ret_login->token, sizeof(ret_login->token), token);
    text_copy(ret_login->project_id, sizeof(ret_login->project_id), grant.project.id);
    ret_login->issued_ms = grant.issued_ms;
    ret_login->lifetime_ms = grant.expires_ms - grant.issued_ms;
    return find_roots(options, grant.catalog, ret_login, error);
}
