/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's notification protocol: one datagram to a Unix socket, see sd_notify(3). */
#include "cmd/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

LOG_MODULE("cmd");

int64_t notify_watchdog_ms(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t usec, number;

    if (!interval || text_to_int(interval, 2000, INT64_MAX, &usec))
        return 0;
    if (pid && (text_to_int(pid, 1, INT32_MAX, &number) || number != getpid()))
        return 0;
    return usec / 1000 / 2;
}

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
