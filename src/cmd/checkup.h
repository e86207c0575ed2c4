/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks of larder-manage check share.  check.c has their table and what lies with us, the
 * configuration and the database; check_cloud.c has what lies with OpenStack.
 */
#ifndef LARDER_CMD_CHECKUP_H
#define LARDER_CMD_CHECKUP_H

#include "cmd/config.h"

enum grade { WELL, WARNING, FAILURE }; /* and exit codes */

struct checkup {
    const char *path;
    struct config config;
    struct database *database;
    struct cloud *cloud;
    struct client *client;
    char project_id[ID_SIZE];
};

/* 'error' says what is wrong and what to do about it, or what there is to know. */
typedef enum grade (*check)(struct checkup *checkup, struct error *error);

static inline enum grade graded(int status)
{
    return status < 0 ? FAILURE : WELL;
}

/* A clock that is 'ahead_ms' of ours (or behind) is a warning, or worse. */
enum grade grade_clock(const char *whose, int64_t ahead_ms, struct error *error);

enum grade check_login(struct checkup *checkup, struct error *error);
enum grade check_network(struct checkup *checkup, struct error *error);
enum grade check_volume(struct checkup *checkup, struct error *error);
enum grade check_image(struct checkup *checkup, struct error *error);
enum grade check_compute(struct checkup *checkup, struct error *error);
enum grade check_metric(struct checkup *checkup, struct error *error);
enum grade check_cloud_clock(struct checkup *checkup, struct error *error);
enum grade check_holders(struct checkup *checkup, struct error *error);
enum grade check_hook_role(struct checkup *checkup, struct error *error);

#endif
