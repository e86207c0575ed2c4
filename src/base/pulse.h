/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the threads of this process still turn.  Each that does something over and over has a
 * pulse: it beats when a turn begins, when it ends, and in between with each statement that the
 * database and each call that the cloud has answered.  A thread that waits for work is well however
 * long it waits; one that has not beaten for a while in the middle of a turn is late.  Beats are
 * atomic stores; who looks needs no lock that a hung thread could hold.
 */
#ifndef LARDER_BASE_PULSE_H
#define LARDER_BASE_PULSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PULSES_MOST 160 /* threads that turn, of one process */
#define PULSE_ROLE_SIZE 16

struct pulse;

/* A pulse for a thread of that role (at most 15 bytes); NULL when there are too many already, which
 * all the functions take: that thread is then not watched. */
struct pulse *pulse_open(const char *role);
void pulse_close(struct pulse *pulse);

void pulse_begin(struct pulse *pulse); /* a turn, in the calling thread */
void pulse_beat(void); /* the turn of the calling thread, if it has one, goes on */
void pulse_end(struct pulse *pulse);

/* What the threads of one role do, taken together. */
struct pulse_role {
    char role[PULSE_ROLE_SIZE];
    int64_t threads;
    int64_t late;      /* of them, without a beat for 'late_after_ms' within a turn */
    int64_t turned_ms; /* when the last turn of any of them ended (monotonic); 0: none has yet */
    int64_t oldest_ms; /* how long the one that is late longest has not beaten; 0: none is late */
};

/* Roles in the order in which their first thread began. */
size_t pulse_roles(int64_t now_ms, int64_t late_after_ms, struct pulse_role *ret_roles,
                   size_t most);
/* Whether any thread is late. */
bool pulse_any_late(int64_t now_ms, int64_t late_after_ms);

#endif
