/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenStack APIs, as project 'larder'.  A cloud is the session with Keystone and the catalog,
 * shared by all threads; a client is one thread's connection (libcurl handle) to the services.
 *
 * Every call has a timeout, passes a service's rate limit, sends the request id of the log context
 * (as X-OpenStack-Request-Id, so global request id), renews the token on 401 once, and is
 * retried with backoff (Retry-After honoured) on 429, 502, 503, 504 and lost connections; a POST only
 * when it is certain that it was not carried out (connection refused, 429, 503).
 *
 * Errors: -ENOENT (404), -EEXIST (409), -EDQUOT (413 or a quota's 403/409), -EACCES (401, 403),
 * -EINVAL (other 4xx), -EAGAIN (the service failed or cannot be reached; try later), -ETIMEDOUT (may
 * have been carried out), -EPROTO (an answer that is not understood).
 */
#ifndef LARDER_CLOUD_CLOUD_H
#define LARDER_CLOUD_CLOUD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

enum service { SERVICE_IDENTITY, SERVICE_NETWORK, SERVICE_VOLUME, SERVICE_IMAGE, SERVICE_COMPUTE };
#define SERVICES 5

struct service_options {
    char endpoint_override[512];
    double calls_per_second; /* of this process; 0: no limit */
    int64_t timeout_s;       /* of one call */
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
    char region_name[NAME_SIZE];
    char interface[16]; /* public, internal or admin */
    char cafile[512];   /* "": the system's */
    bool insecure;      /* do not verify TLS */
    int64_t connect_timeout_s;
    int64_t retries;
    int64_t token_cache_s; /* tokens of others, once validated */
    struct service_options services[SERVICES];
};

struct cloud;
struct client;

int cloud_open(const struct cloud_options *options, struct cloud **ret_cloud, struct error *error);
void cloud_close(struct cloud *cloud);

int client_open(struct cloud *cloud, struct client **ret_client, struct error *error);
void client_close(struct client *client);
DEFINE_CLEANUP(client, struct client *, client_close);
#define auto_client __attribute__((cleanup(client_cleanup))) struct client

/* The project our token is for; logs in where needed. */
int client_project_id(struct client *client, char ret_id[static ID_SIZE], struct error *error);

/* One call.  'path' is below the service's endpoint ("/v2.0/ports"), 'body' JSON text or NULL,
 * 'microversion' like "volume 3.55" or NULL.  'ret_json' NULL: the answer's body is dropped;
 * else the parsed body (NULL when it was empty). */
struct call {
    enum service service;
    const char *method;
    const char *path;
    const char *body;
    const char *microversion;
};
int client_call(struct client *client, const struct call *call, struct json **ret_json,
                struct error *error);

/* ---- identity ---- */

#define TOKEN_ROLES_MOST 32
struct token {
    char user_id[64];
    char project_id[64]; /* "" when the token is not for a project */
    char project_name[NAME_SIZE];
    size_t role_count;
    char roles[TOKEN_ROLES_MOST][NAME_SIZE];
    int64_t expires_ms;
};
/* Validates somebody's token, from a short cache or by Keystone.  -EACCES when it is not valid. */
int identity_validate(struct client *client, const char *token, int64_t now_ms,
                      struct token *ret_token, struct error *error);
bool token_has_role(const struct token *token, const char *role);

/* ---- network ---- */

struct port {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char network_id[ID_SIZE];
    char device_id[256];
    char device_owner[256];
    char status[32];
    size_t group_count;
    char groups[32][ID_SIZE];
    size_t address_count;
};
struct port_spec {
    const char *network_id;
    const char *device_id; /* the item's id: how a lost answer is found again */
    size_t group_count;
    const char (*groups)[ID_SIZE];
};
#define POOL_DEVICE_OWNER "larder:pool"
int network_port_create(struct client *client, const struct port_spec *spec, struct port *ret_port,
                        struct error *error);
int network_port_get(struct client *client, const char *id, struct port *ret_port,
                     struct error *error);
int network_port_delete(struct client *client, const char *id, struct error *error);
/* Our ports (project 'project_id'), pages by marker; 'device_id' NULL: all. */
int network_port_list(struct client *client, const char *project_id, const char *device_id,
                      const char *marker, size_t most, struct port *ret_ports, size_t *ret_count,
                      struct error *error);
/* Fewest free addresses in any of the network's subnets of a port's address families (the sum per
 * IP version, the smaller of the versions); INT64_MAX when there is no subnet. */
int network_free_addresses(struct client *client, const char *network_id, int64_t *ret_free,
                           struct error *error);
/* Digest of what a port made now on this network with these groups would get: network, subnets,
 * port security, QoS, DNS, MTU, the groups' existence.  -ENOENT when network or a group is gone. */
int network_fingerprint(struct client *client, const char *network_id, size_t group_count,
                        const char (*groups)[ID_SIZE], char ret_digest[static DIGEST_SIZE],
                        struct error *error);

/* ---- volume ---- */

struct volume {
    char id[ID_SIZE];
    char name[NAME_SIZE];
    char project_id[ID_SIZE];
    char status[32];
    char type[NAME_SIZE];
    char zone[NAME_SIZE];
    int64_t size;
    bool encrypted;
};
struct volume_spec {
    const char *name; /* the item's id while it is being made */
    const char *image_id;
    int64_t size;
    const char *type_id;
    const char *zone;
};
int volume_create(struct client *client, const struct volume_spec *spec, struct volume *ret_volume,
                  struct error *error);
int volume_get(struct client *client, const char *id, struct volume *ret_volume,
               struct error *error);
int volume_rename(struct client *client, const char *id, const char *name, struct error *error);
int volume_delete(struct client *client, const char *id, struct error *error);
/* Our volumes; 'name' NULL: all. */
int volume_list(struct client *client, const char *name, const char *marker, size_t most,
                struct volume *ret_volumes, size_t *ret_count, struct error *error);
struct transfer {
    char id[ID_SIZE];
    char volume_id[ID_SIZE];
    char auth_key[128]; /* only when it was just made */
};
int volume_transfer_create(struct client *client, const char *volume_id,
                           struct transfer *ret_transfer, struct error *error);
int volume_transfer_delete(struct client *client, const char *transfer_id, struct error *error);
int volume_transfer_list(struct client *client, size_t most, struct transfer *ret_transfers,
                         size_t *ret_count, struct error *error);
/* Whether volumes of this type are encrypted (never pooled).  -ENOENT: no such type. */
int volume_type_encrypted(struct client *client, const char *type_id, bool *ret_encrypted,
                          struct error *error);

/* ---- image ---- */

struct image {
    char id[ID_SIZE];
    char status[32];
    char visibility[32];
    char owner[64];
    int64_t min_disk;
    int64_t updated_ms;
    bool encrypted;        /* has cinder_encryption_key_id or another encryption property */
    char fingerprint[DIGEST_SIZE]; /* of status, visibility, owner, checksum, properties, … */
};
int image_get(struct client *client, const char *id, struct image *ret_image, struct error *error);

#endif
