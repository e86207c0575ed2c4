/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told (Type=notify), without a library. */
#ifndef LARDER_CMD_NOTIFY_H
#define LARDER_CMD_NOTIFY_H

/* Sends "READY=1" or the like to the socket in $NOTIFY_SOCKET; nothing when there is none. */
void notify_manager(const char *state);

#endif
