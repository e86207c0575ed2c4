/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's notification protocol: one datagram to a Unix socket, see sd_notify(3). */
#include "cmd/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

LOG_MODULE("cmd");

void notify_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    autoclose int fd = -1;
    socklen_t length;

    if (!path || (path[0] != '/' && path[0] != '@') ||
        text_copy(address.sun_path, sizeof(address.sun_path), path) < 0)
        return;
    length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* in the abstract name space */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                         length) < 0)
        log_warning("cannot tell the service manager %s at %s: %s", state, path, strerror(errno));
}
