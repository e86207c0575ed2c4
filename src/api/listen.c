/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket and the files for TLS; see listen.h. */
#include "api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PEM_MOST (256 * 1024)
#define BACKLOG 512

static bool is_loopback(const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6
           && (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)
               || (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127));
}

bool listen_is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || text_equal(host, "::1") ||
           text_equal(host, "localhost");
}

/* ---- TLS ---- */

static int read_all(int fd, char *text, size_t size, size_t *ret_length)
{
    size_t length = 0;
    ssize_t got;

    while (length < size) {
        got = read(fd, text + length, size - length);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    *ret_length = length;
    return length == size ? -EFBIG : 0;
}

static int check_secret(int fd, const char *path, struct error *error)
{
    struct stat about;

    if (fstat(fd, &about))
        return error_set(error, -errno, "Cannot look at %s: %s", path, strerror(errno));
    if (about.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
        return error_set(error, -EACCES, "[api] key_file %s can be read or changed by others; do: "
                         "chmod 640 %s", path, path);
    return 0;
}

static int load_pem(const char *path, bool secret, char **ret_pem, struct error *error)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    autofree char *pem = calloc(1, PEM_MOST + 1);
    size_t length;
    int status;

    if (fd < 0)
        return error_set(error, -errno, "Cannot open %s: %s", path, strerror(errno));
    if (secret && check_secret(fd, path, error))
        return -EACCES;
    status = pem ? read_all(fd, pem, PEM_MOST, &length) : -ENOMEM;
    if (status)
        return error_set(error, status, "Cannot read %s: %s", path, strerror(-status));
    *ret_pem = steal(&pem);
    return 0;
}

static int load_tls(const struct api_options *options, struct listen *listen, struct error *error)
{
    int status;

    if (!options->cert_file[0] && !options->key_file[0])
        return 0;
    if (!options->cert_file[0] || !options->key_file[0])
        return error_set(error, -EINVAL, "TLS needs both [api] cert_file and key_file");
    status = load_pem(options->cert_file, false, &listen->certificate, error);
    return status ? status : load_pem(options->key_file, true, &listen->key, error);
}

/* ---- the socket ---- */

static int resolve(const struct api_options *options, struct addrinfo **ret_address,
                   struct error *error)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    char port[16];
    int status;

    snprintf(port, sizeof(port), "%d", (int)options->bind_port);
    status = getaddrinfo(options->bind_host, port, &hints, ret_address);
    if (status)
        return error_set(error, -EINVAL, "[api] bind_host '%s' is no address of this machine: %s",
                         options->bind_host, gai_strerror(status));
    return 0;
}

/* Replies are small and whole, so they are not held back to be joined with what follows; accepted
 * connections inherit that. */
static int bind_socket(const struct addrinfo *address)
{
    autoclose int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    int bound;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
        || bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, BACKLOG))
        return -errno;
    bound = fd;
    fd = -1;
    return bound;
}

static int bound_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size))
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int open_socket(const struct api_options *options, const struct addrinfo *address,
                       struct listen *listen, struct error *error)
{
    if (!listen->certificate && !is_loopback(address->ai_addr))
        return error_set(error, -EINVAL, "[api] bind_host %s can be reached by others, and tokens "
                         "and transfer keys must not cross a network in the clear: set [api] "
                         "cert_file and key_file, or bind to 127.0.0.1 behind a proxy that does "
                         "TLS", options->bind_host);
    listen->socket = bind_socket(address);
    if (listen->socket < 0)
        return error_set(error, listen->socket, "Cannot listen on %s port %d: %s",
                         options->bind_host, (int)options->bind_port, strerror(-listen->socket));
    listen->port = bound_port(listen->socket);
    return 0;
}

int listen_open(const struct api_options *options, struct listen *ret_listen, struct error *error)
{
    struct addrinfo *address = NULL;
    int status = load_tls(options, ret_listen, error);

    if (!status)
        status = resolve(options, &address, error);
    if (!status) {
        status = open_socket(options, address, ret_listen, error);
        freeaddrinfo(address);
    }
    return status;
}

void listen_close(struct listen *listen)
{
    if (listen->socket >= 0)
        close(listen->socket);
    if (listen->key)
        explicit_bzero(listen->key, strlen(listen->key));
    free(listen->key);
    free(listen->certificate);
}
