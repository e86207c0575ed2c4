/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session with Keystone: one token for all threads.  One thread logs in while the others wait;
 * a token is renewed before it ends, and while that fails the old one serves on.  Inside this room.
 */
#ifndef LARDER_CLOUD_SESSION_H
#define LARDER_CLOUD_SESSION_H

#include <pthread.h>

#include "base/ratelimit.h"
#include "cloud/login.h"
#include "cloud/token_cache.h"
#include "cloud/token_fresh.h"

struct cloud {
    struct cloud_options options;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool busy;           /* somebody logs in */
    uint64_t generation; /* of the login; 0: none yet */
    bool valid;          /* no service has refused it */
    struct login login;
    int64_t renew_ms, end_ms; /* monotonic */
    int64_t ahead_ms;         /* Keystone's clock of ours, at that login */
    struct error failure;     /* of the last login, if it failed */
    int64_t pause_ms;         /* until then none is tried again; monotonic */
    struct ratelimit limits[SERVICES];
    struct token_cache *tokens; /* of others; locks for itself */
    struct token_fresh *fresh;  /* those of them that are kept fresh; it too */
};

/* What a call needs of the session. */
struct pass {
    uint64_t generation;
    char token[TOKEN_SIZE];
    char root[URL_SIZE];
    char project_id[ID_SIZE];
};

/* Logs in by 'http' where needed.  Waits at most as long as a login may take. */
int session_pass(struct cloud *cloud, struct http *http, enum service service,
                 struct pass *ret_pass, struct error *error);
/* Whether the login's catalog, or an option, says where it is. */
bool session_knows(struct cloud *cloud, enum service service);
/* How far Keystone's clock was ahead of ours at the last login. */
int64_t session_ahead_ms(struct cloud *cloud);
/* A service has refused the token of this pass. */
void session_refuse(struct cloud *cloud, const struct pass *pass);

/* Milliseconds that the service's rate limit asks to wait before the next call. */
int64_t session_pace_ms(struct cloud *cloud, enum service service);

int64_t session_timeout_ms(const struct cloud *cloud, enum service service);

#endif
