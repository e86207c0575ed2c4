/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of all programs: the rooms' option structs in one, and the table of options. */
#ifndef LARDER_CMD_CONFIG_H
#define LARDER_CMD_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "api/api.h"
#include "base/log.h"
#include "base/options.h"
#include "bootstrap/bootstrap.h"
#include "bus/bus.h"
#include "bootstrap/image.h"
#include "claim/claim.h"
#include "cloud/cloud.h"
#include "reserve/plan.h"
#include "role/historian.h"
#include "role/predictor.h"
#include "store/store.h"

#define CONFIG_PATH SYSCONFDIR "/larder/larder.conf"

struct config {
    struct log_options log;
    struct option_list roles;
    int64_t late_after_s; /* without progress: a role hangs */
    char mode[16];        /* serve, observe */
    struct store_options database;
    struct cloud_options cloud;
    struct bootstrap_options bootstrap;
    struct image_options image;
    struct claim_options claim;
    struct predictor_options predict;
    struct plan_options reserve;
    struct api_options api;
    struct bus_options listener;
    struct historian_options historian;
};

/* Reads and checks 'path' (NULL: the defaults, unchecked across options). */
int config_load(const char *path, struct config *ret_config, struct error *error);
/* What the options say of each other; config_load() has done it. */
int config_check(const struct config *config, struct error *error);

bool config_has_role(const struct config *config, const char *role);

/* Takes over from 'fresh' what may change while the daemon runs; calls 'report' for each option
 * that changed and needs a restart. */
typedef void (*config_report)(const char *section, const char *name);
void config_reload(struct config *config, const struct config *fresh, config_report report);

void config_print_sample(FILE *out);
void config_print_values(const struct config *config, FILE *out);

#endif
