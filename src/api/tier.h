/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and decisions as they are shown, by themselves and with the pool that they are about. */
#ifndef LARDER_API_TIER_H
#define LARDER_API_TIER_H

#include "base/json.h"
#include "store/plan.h"
#include "store/tier.h"

void put_tier(struct json_writer *writer, const char *name, const struct tier_rule *rule);
void put_decision(struct json_writer *writer, const char *name, const struct decision *decision);

#endif
