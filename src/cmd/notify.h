/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told (Type=notify), without a library. */
#ifndef LARDER_CMD_NOTIFY_H
#define LARDER_CMD_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1" or the like to the socket in $NOTIFY_SOCKET; nothing when there is none. */
void notify_manager(const char *state);
/* How often WATCHDOG=1 is to be sent, half of what systemd waits for; 0: it does not wait. */
int64_t notify_watchdog_ms(void);

#endif
