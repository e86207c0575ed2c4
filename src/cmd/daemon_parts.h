/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What larderd consists of: the roles that its configuration names, and what they stand on.  Each
 * role has threads of its own; starting, reloading and stopping belong to one thread.
 */
#ifndef LARDER_CMD_DAEMON_PARTS_H
#define LARDER_CMD_DAEMON_PARTS_H

#include "cmd/config.h"
#include "role/listener.h"
#include "role/member.h"
#include "role/planner.h"

struct daemon {
    const char *path;
    struct config config;
    struct pool_defaults pool_defaults;
    struct seal_key key;
    struct database *database;
    struct cloud *cloud;
    struct bootstrap bootstrap;
    struct workers *workers;
    struct predictor predictor;
    struct predictor_role *predictor_role;
    struct image_keeper *images;
    char roles[256]; /* "api,worker" */
    struct membership *membership;
    struct api_options api_options;
    struct planner *planner;
    struct api api;
    struct api_server *server;
    struct listener *listener;
    struct historian *historian;
};

/* Starts all parts, or none: then the log, if there is one by then, and the error say which could
 * not and why. */
int daemon_start(struct daemon *daemon, struct error *error);
/* Steps under way have some seconds to end.  Ends the process when one hangs in a call: its thread
 * still uses what the other parts would free. */
void daemon_stop(struct daemon *daemon);
/* After daemon->config has changed: what can follow without a restart does. */
void daemon_reload(struct daemon *daemon);

#endif
