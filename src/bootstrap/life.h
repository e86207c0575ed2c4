/* SPDX-License-Identifier: Apache-2.0 */
/* One step of an item's life, from lease to unlease; worker.c calls it in a loop. */
#ifndef LARDER_BOOTSTRAP_LIFE_H
#define LARDER_BOOTSTRAP_LIFE_H

#include "bootstrap/kind.h"

/* What a step came to; worker.c reads the clock in between, so that what the cloud took counts. */
struct outcome {
    int code; /* 0, or why it failed */
    struct step step;
    struct error error;
};

/* The part that talks to the cloud: makes or releases task->item, one step. */
void life_step(struct task *task, struct outcome *ret_outcome);
/* The part that writes down what came of it, and gives the item back. */
int life_settle(struct task *task, const struct outcome *outcome, int64_t now_ms,
                struct error *error);

#endif
