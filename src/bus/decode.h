/* SPDX-License-Identifier: Apache-2.0 */
/* From the body of a message to an event. */
#ifndef LARDER_BUS_DECODE_H
#define LARDER_BUS_DECODE_H

#include <stddef.h>

#include "base/error.h"
#include "bus/event.h"

#define MESSAGE_BYTES_MOST (1 << 20) /* a longer one is not looked at */

/* 1: an event; 0: of no interest, found out before parsing where that is possible; -EINVAL with a
 * sentence that quotes nothing of the message but the names of its members: not well-formed;
 * -E2BIG: too long. */
int bus_decode(const char *body, size_t length, struct boot_event *ret_event,
               struct error *error);

#endif
