/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cloud is the session with Keystone and the catalog, shared by all threads; a client is one
 * thread's connection (libcurl handle) to the services.
 *
 * Every call has a timeout that holds for all its attempts together, passes a service's rate limit,
 * sends the request id of the log context (as X-OpenStack-Request-Id, so global request id), renews
 * the token on 401 once, and is retried with backoff (Retry-After honoured) on 429, 502, 503, 504
 * and lost connections; a POST only when it is certain that it was not carried out (connection
 * refused, 429, 503).
 *
 * Errors: -ENOENT (404 by the service itself; one by something else on the way is -EPROTO),
 * -EEXIST (409), -ENOSPC (409: the network has no address left), -EDQUOT (413 or a quota's 403 or
 * 409), -EACCES (401, 403), -EINVAL (other 4xx), -EAGAIN (the service failed or cannot be reached;
 * try later), -ETIMEDOUT (may have been carried out: the answer to anything but a GET was lost, or
 * was 500, 502 or 504), -EPROTO (an answer that is not understood).
 */
#ifndef LARDER_CLOUD_CLIENT_H
#define LARDER_CLOUD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

enum service { SERVICE_IDENTITY, SERVICE_NETWORK, SERVICE_VOLUME, SERVICE_IMAGE, SERVICE_COMPUTE,
               SERVICE_METRIC };
#define SERVICES 6
#define SERVICE_CHOICES "identity|network|volume|image|compute|metric" /* in the same order */

struct service_options {
    char endpoint_override[512];
    double calls_per_second; /* of this process; 0: no limit */
    int64_t timeout_s;       /* of one call, with all its attempts */
};

struct cloud_options {
    char auth_url[512];
    char auth_type[32]; /* password or v3applicationcredential */
    char username[NAME_SIZE];
    char password[NAME_SIZE];
    char user_domain_name[NAME_SIZE];
    char project_name[NAME_SIZE]; /* holds the pools: larder */
    char project_domain_name[NAME_SIZE];
    char application_credential_id[NAME_SIZE];
    char application_credential_secret[NAME_SIZE];
    char region_name[NAME_SIZE]; /* "": the first that the catalog has */
    char interface[16];          /* public, internal or admin */
    char cafile[512];            /* "": the system's */
    bool insecure;               /* do not verify TLS */
    int64_t connect_timeout_s;
    int64_t retries;
    int64_t token_cache_s; /* tokens of others, once validated */
    struct service_options services[SERVICES];
};

struct cloud;
struct client;

/* Checks the options; nobody is called yet: the first call logs in. */
int cloud_open(const struct cloud_options *options, struct cloud **ret_cloud, struct error *error);
void cloud_close(struct cloud *cloud); /* after its clients */

int client_open(struct cloud *cloud, struct client **ret_client, struct error *error);
void client_close(struct client *client);
DEFINE_CLEANUP(client, struct client *, client_close);
#define auto_client __attribute__((cleanup(client_cleanup))) struct client

/* The project our token is for; logs in where needed. */
int client_project_id(struct client *client, char ret_id[static ID_SIZE], struct error *error);

/* 1 when the catalog has the service (or an option says where it is), 0 when not; logs in where
 * needed. */
int client_has_service(struct client *client, enum service service, struct error *error);

/* How far Keystone's clock is ahead of ours, to a second or so; logs in where needed. */
int client_clock_ahead(struct client *client, int64_t *ret_ms, struct error *error);

/* One call.  'path' is below the root of the service's API version, which the session finds however
 * the catalog writes the endpoint: "/ports" is GET http://…/v2.0/ports, "/volumes" is
 * http://…/v3/PROJECT/volumes. */
struct call {
    enum service service;
    const char *method;
    const char *path;
    const char *body;          /* JSON text or NULL */
    const char *microversion;  /* "volume 3.55" or NULL */
    bool reads_only;           /* although it is a POST: it is sent again like a GET */
    const char *subject_token; /* identity: sent as X-Subject-Token, or NULL; never logged */
};
/* 'ret_json' NULL: the answer's body is dropped; else the parsed body (NULL when it was empty). */
int client_call(struct client *client, const struct call *call, struct json **ret_json,
                struct error *error);

#endif
