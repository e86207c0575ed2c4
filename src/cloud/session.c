/* SPDX-License-Identifier: Apache-2.0 */
/* The session with Keystone; see session.h. */
#include "cloud/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cloud/send.h"

LOG_MODULE("cloud.session");

#define DEFAULT_TIMEOUT_S 30
#define LEAST_MARGIN_MS 60000 /* before a token's end it is renewed: this, or a tenth of its life */
#define PAUSE_MS 5000         /* after a failed login; many wrong ones lock the account */

/* ---- opening ---- */

static const struct {
    const char *name;
    size_t offset;
} password_options[] = {
    { "username", offsetof(struct cloud_options, username) },
    { "password", offsetof(struct cloud_options, password) },
    { "user_domain_name", offsetof(struct cloud_options, user_domain_name) },
    { "project_name", offsetof(struct cloud_options, project_name) },
    { "project_domain_name", offsetof(struct cloud_options, project_domain_name) },
}, credential_options[] = {
    { "application_credential_id", offsetof(struct cloud_options, application_credential_id) },
    { "application_credential_secret",
      offsetof(struct cloud_options, application_credential_secret) },
};

static int need(const struct cloud_options *options, const char *name, size_t offset,
                struct error *error)
{
    if (*((const char *)options + offset))
        return 0;
    return error_set(error, -EINVAL, "[keystone] %s is needed with auth_type %s and is empty", name,
                     options->auth_type);
}

static int check_credentials(const struct cloud_options *options, struct error *error)
{
    int status = 0;

    if (text_equal(options->auth_type, "password") || text_equal(options->auth_type, "v3password"))
        for (size_t i = 0; i < ARRAY_SIZE(password_options) && !status; i++)
            status = need(options, password_options[i].name, password_options[i].offset, error);
    else if (text_equal(options->auth_type, "v3applicationcredential"))
        for (size_t i = 0; i < ARRAY_SIZE(credential_options) && !status; i++)
            status = need(options, credential_options[i].name, credential_options[i].offset, error);
    else
        return error_set(error, -EINVAL,
                         "[keystone] auth_type \"%s\" is not known: use password or "
                         "v3applicationcredential",
                         options->auth_type);
    return status;
}

static int check_endpoints(const struct cloud_options *options, struct error *error)
{
    char root[URL_SIZE];
    int status = catalog_root(options->auth_url, SERVICE_IDENTITY, "", root, error);

    if (status)
        error_wrap(error, "[keystone] auth_url");
    for (int service = 0; service < SERVICES && !status; service++)
        if (options->services[service].endpoint_override[0])
            status = catalog_root(options->services[service].endpoint_override, service, "", root,
                                  error);
    return status;
}

static int prepare(struct cloud *cloud, struct error *error)
{
    pthread_condattr_t attributes;
    int64_t keep_ms = cloud->options.token_cache_s * 1000;
    int64_t now_ms = clock_monotonic_ms();

    for (int service = 0; service < SERVICES; service++) {
        double pace = cloud->options.services[service].calls_per_second;

        ratelimit_init(&cloud->limits[service], pace, pace, now_ms);
    }
    pthread_mutex_init(&cloud->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cloud->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return token_cache_open(keep_ms, &cloud->tokens, error)
           ?: token_fresh_open(keep_ms, &cloud->fresh, error);
}

int cloud_open(const struct cloud_options *options, struct cloud **ret_cloud, struct error *error)
{
    struct cloud *cloud;
    int status = check_credentials(options, error);

    if (!status)
        status = check_endpoints(options, error);
    if (status)
        return status;
    cloud = calloc(1, sizeof(*cloud));
    if (!cloud)
        return error_set(error, -ENOMEM, "no memory for the session with Keystone");
    cloud->options = *options;
    status = prepare(cloud, error);
    if (status) {
        cloud_close(cloud);
        return status;
    }
    if (options->insecure)
        log_warning("[keystone] insecure is set: whoever answers for Keystone gets the password");
    *ret_cloud = cloud;
    return 0;
}

void cloud_close(struct cloud *cloud)
{
    if (!cloud)
        return;
    token_fresh_close(cloud->fresh);
    token_cache_close(cloud->tokens);
    pthread_cond_destroy(&cloud->changed);
    pthread_mutex_destroy(&cloud->lock);
    explicit_bzero(cloud, sizeof(*cloud));
    free(cloud);
}

/* ---- logging in ---- */

/* Whatever hinders a login says nothing about the call that needed it: not that its resource is
 * gone, nor that it may have been carried out. */
static int code_of_failure(int status)
{
    return status == -EACCES || status == -EPROTO ? status : -EAGAIN;
}

static int judge_login(const struct cloud *cloud, const struct asked *asked, struct http *http,
                       struct login *ret_login, struct error *error)
{
    const struct http_answer *answer = http_answer(http);
    auto_json *body = NULL;
    int status = answer_judge(asked, answer, error);

    if (status == -EACCES)
        error_wrap(error, "Keystone refused the login; see [keystone]");
    if (!status)
        status = answer_parse(asked, answer, &body, error);
    if (!status)
        status = login_read(&cloud->options, body, answer->subject_token, ret_login, error);
    return status;
}

/* Without the lock: 'http' is the caller's own. */
static int log_in(struct cloud *cloud, struct http *http, struct login *ret_login,
                  struct error *error)
{
    auto_strbuf body = STRBUF_INIT(16384);
    char url[URL_SIZE + 16];
    struct request request = {
        .asked = { SERVICE_IDENTITY, "POST", "/auth/tokens" },
        .url = url,
        .repeatable = true,
        .timeout_ms = session_timeout_ms(cloud, SERVICE_IDENTITY),
    };
    int status = catalog_root(cloud->options.auth_url, SERVICE_IDENTITY, "", url, error);

    if (status)
        return status;
    text_copy(url + strlen(url), 16, "/auth/tokens");
    login_ask(&cloud->options, &body);
    if (body.status)
        return error_set(error, body.status, "no memory for a login");
    request.body = strbuf_text(&body);
    http_forget_headers(http);
    http_add_header(http, "Content-Type", "application/json");
    http_add_header(http, "Accept", "application/json");
    http_add_header(http, "X-OpenStack-Request-Id", log_request_id());
    send_request(cloud, http, &request);
    explicit_bzero(body.text, body.length);
    return judge_login(cloud, &request.asked, http, ret_login, error);
}

static void take_login(struct cloud *cloud, const struct login *login, int64_t now_ms)
{
    int64_t margin_ms = login->lifetime_ms / 10;

    if (margin_ms < LEAST_MARGIN_MS)
        margin_ms = LEAST_MARGIN_MS;
    if (margin_ms > login->lifetime_ms / 2)
        margin_ms = login->lifetime_ms / 2;
    cloud->login = *login;
    cloud->generation++;
    cloud->valid = true;
    cloud->end_ms = now_ms + login->lifetime_ms;
    cloud->ahead_ms = login->issued_ms - clock_now_ms();
    cloud->renew_ms = cloud->end_ms - margin_ms;
    log_info("logged in to Keystone at %s for project %s", cloud->options.auth_url,
             login->project_id);
}

/* With the lock, which is given up meanwhile; all who wait are woken. */
static int renew(struct cloud *cloud, struct http *http)
{
    struct login login = { 0 };
    struct error why = { 0 };
    int64_t started_ms = clock_monotonic_ms();
    int status;

    cloud->busy = true;
    pthread_mutex_unlock(&cloud->lock);
    status = log_in(cloud, http, &login, &why);
    pthread_mutex_lock(&cloud->lock);
    cloud->busy = false;
    if (status) {
        cloud->failure = why;
        cloud->failure.code = code_of_failure(status);
        cloud->pause_ms = clock_monotonic_ms() + PAUSE_MS;
    } else {
        take_login(cloud, &login, started_ms);
    }
    explicit_bzero(&login, sizeof(login));
    pthread_cond_broadcast(&cloud->changed);
    return status;
}

/* ---- passes ---- */

static int wait_for_login(struct cloud *cloud, int64_t deadline_ms, struct error *error)
{
    const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                       .tv_nsec = deadline_ms % 1000 * 1000000 };

    if (pthread_cond_timedwait(&cloud->changed, &cloud->lock, &deadline) != ETIMEDOUT)
        return 0;
    return error_set(error, -EAGAIN, "the login to Keystone that another thread began has not "
                                     "ended in time");
}

static int tell_failure(const struct cloud *cloud, struct error *error)
{
    return error_set(error, cloud->failure.code, "%s", cloud->failure.message);
}

/* One look at the session, with the lock: 0 when its token may be used, 1 to look again. */
static int look(struct cloud *cloud, struct http *http, int64_t deadline_ms, struct error *error)
{
    int64_t now_ms = clock_monotonic_ms();
    bool usable = cloud->valid && now_ms < cloud->end_ms;
    bool pausing = now_ms < cloud->pause_ms;
    int status;

    if (usable && (now_ms < cloud->renew_ms || cloud->busy || pausing))
        return 0;
    if (cloud->busy)
        return wait_for_login(cloud, deadline_ms, error) ?: 1;
    if (pausing)
        return tell_failure(cloud, error);
    status = renew(cloud, http);
    if (!status)
        return 1;
    if (!usable)
        return tell_failure(cloud, error);
    log_warning("the token cannot be renewed and serves on: %s", cloud->failure.message);
    return 0;
}

static int fill_pass(const struct cloud *cloud, enum service service, struct pass *ret_pass,
                     struct error *error)
{
    if (!cloud->login.roots[service][0])
        return error_set(error, -EAGAIN,
                         "Keystone's catalog has no %s endpoint for [keystone] interface \"%s\" "
                         "and region_name \"%s\"",
                         service_name(service), cloud->options.interface,
                         cloud->options.region_name);
    ret_pass->generation = cloud->generation;
    text_copy(ret_pass->token, sizeof(ret_pass->token), cloud->login.token);
    text_copy(ret_pass->root, sizeof(ret_pass->root), cloud->login.roots[service]);
    text_copy(ret_pass->project_id, sizeof(ret_pass->project_id), cloud->login.project_id);
    return 0;
}

int session_pass(struct cloud *cloud, struct http *http, enum service service,
                 struct pass *ret_pass, struct error *error)
{
    int64_t deadline_ms = clock_monotonic_ms() + session_timeout_ms(cloud, SERVICE_IDENTITY) + 1000;
    int status;

    pthread_mutex_lock(&cloud->lock);
    do
        status = look(cloud, http, deadline_ms, error);
    while (status > 0);
    if (!status)
        status = fill_pass(cloud, service, ret_pass, error);
    pthread_mutex_unlock(&cloud->lock);
    return status;
}

bool session_knows(struct cloud *cloud, enum service service)
{
    bool known;

    pthread_mutex_lock(&cloud->lock);
    known = cloud->login.roots[service][0] != '\0';
    pthread_mutex_unlock(&cloud->lock);
    return known;
}

int64_t session_ahead_ms(struct cloud *cloud)
{
    int64_t ahead_ms;

    pthread_mutex_lock(&cloud->lock);
    ahead_ms = cloud->ahead_ms;
    pthread_mutex_unlock(&cloud->lock);
    return ahead_ms;
}

void session_refuse(struct cloud *cloud, const struct pass *pass)
{
    pthread_mutex_lock(&cloud->lock);
    if (cloud->generation == pass->generation)
        cloud->valid = false;
    pthread_mutex_unlock(&cloud->lock);
}

int64_t session_pace_ms(struct cloud *cloud, enum service service)
{
    int64_t wait_ms;

    pthread_mutex_lock(&cloud->lock);
    wait_ms = ratelimit_take(&cloud->limits[service], clock_monotonic_ms());
    pthread_mutex_unlock(&cloud->lock);
    return wait_ms;
}

int64_t session_timeout_ms(const struct cloud *cloud, enum service service)
{
    int64_t seconds = cloud->options.services[service].timeout_s;

    return (seconds > 0 ? seconds : DEFAULT_TIMEOUT_S) * 1000;
}
