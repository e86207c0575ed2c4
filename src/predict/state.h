/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved states: a head with magic number, version, length and checksum before the bytes.  The bytes
 * are those of memory: a state of another byte order or version is refused, and rebuilt.
 */
#ifndef LARDER_PREDICT_STATE_H
#define LARDER_PREDICT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_HEAD 24

/* 'ret_state' takes STATE_HEAD + length bytes. */
void state_seal(uint32_t version, const void *body, size_t length, void *ret_state);
/* Copies the body; -EPROTO when it is not what state_seal() made of so many bytes and version. */
int state_open(uint32_t version, const void *state, size_t state_length, void *ret_body,
               size_t length);

/* Whether all numbers of a body are numbers within [min, max]: the checksum finds damage, but
 * whoever can write the database can make one. */
bool numbers_within(const float *values, size_t count, float min, float max);

#endif
