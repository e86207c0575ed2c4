/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that does one thing over and over: when it is woken, and when the time is over that the
 * last turn named.  What the roles of the daemon are made of.  Each has a pulse (pulse.h) under its
 * name; within a long turn loop_is_stopping() and loop_pause() keep it beating.
 */
#ifndef LARDER_BASE_LOOP_H
#define LARDER_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct loop;

/* One turn; returns how many milliseconds later the next is due (at least 0).  The log context of
 * the thread has a request id of its own for each turn. */
typedef int64_t (*loop_turn)(struct loop *loop, void *context);

/* The first turn comes at once.  'name' (at most 15 bytes) is the thread's; 'context' outlives the
 * loop. */
int loop_start(const char *name, loop_turn turn, void *context, struct loop **ret_loop,
               struct error *error);
/* The next turn comes at once; any thread may call it, NULL is fine. */
void loop_wake(struct loop *loop);
/* Whether a turn that takes long should end early. */
bool loop_is_stopping(struct loop *loop);
/* Within a turn: waits 'ms', or less when the loop is to stop. */
void loop_pause(struct loop *loop, int64_t ms);
/* Lets the turn end, then frees; NULL is fine.  -ETIMEDOUT when it is still at it after 'grace_ms':
 * nothing is freed then, and what the turn uses must stay as well. */
int loop_stop(struct loop *loop, int64_t grace_ms);

#endif
