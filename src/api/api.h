/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: REST /v1, version discovery, health.  The only user of libmicrohttpd. */
#ifndef LARDER_API_API_H
#define LARDER_API_API_H

#include "base/digest.h"
#include "claim/claim.h"
#include "cloud/cloud.h"
#include "store/pool.h"
#include "store/store.h"

struct api_options {
    char bind_host[64];
    int64_t bind_port;
    char public_endpoint[512]; /* in links; "": made from the request's Host */
    char cert_file[512], key_file[512]; /* TLS; required unless bound to loopback */
    int64_t max_body_bytes;
    int64_t max_connections;
    int64_t idle_timeout_s;
    char hook_role[NAME_SIZE];   /* may claim and adopt: larder_hook */
    char admin_role[NAME_SIZE];  /* may do all but that: admin */
    char reader_role[NAME_SIZE]; /* may read, with a token for the project that holds the pools */
    char metrics[8];             /* who may read /metrics: auto, open, token or off */
    int64_t metrics_pools;       /* that have figures of their own there */
    int64_t watch_port; /* of processes without the role api, for health and metrics; 0: none */
};

/* What the handlers need; all members outlive the server. */
struct api {
    const struct api_options *options;
    const struct claim_options *claim_options;
    const struct pool_defaults *pool_defaults;
    int64_t slot_s; /* of [predict] */
    const struct seal_key *key;
    struct database *database;
    struct cloud *cloud;
    bool watch_only;       /* health and metrics, and nothing else, at watch_port */
    int64_t give_way_s;    /* pools that stood in a tenant's way make nothing for so long */
    int64_t late_after_ms; /* a thread that has not turned for so long hangs */
    void (*wake)(void *context); /* called when an item was taken or a pool changed; may be NULL */
    void (*replan)(void *context); /* when what targets go by changed; may be NULL */
    void *wake_context;
};

struct api_server;
int api_start(const struct api *api, struct api_server **ret_server, struct error *error);
int api_port(const struct api_server *server); /* the one it got when bind_port is 0 */
void api_stop(struct api_server *server); /* lets running requests finish */

#endif
