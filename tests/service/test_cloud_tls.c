/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of cloud/http against a real TLS server (openssl s_server): nobody gets the password who
 * cannot prove who he is, unless the operator says so.  The server notes what reaches it, and
 * answers no login.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../unit/unit.h"
#include "cloud/client.h"

static char directory[] = "/tmp/larder-test-tls.XXXXXX";
static char key[64], certificate[64], log_file[64];
static pid_t server;
static int port;

/* Its standard input stays open and is silent: openssl s_server ends connections when it ends. */
static pid_t spawn(const char *const *arguments)
{
    int input[2], fd;
    pid_t pid;

    ck_assert_int_eq(pipe(input), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid)
        return pid;
    dup2(input[0], STDIN_FILENO);
    fd = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

static void make_certificate(const char *names)
{
    const char *const arguments[] = {
        "openssl", "req",      "-x509", "-newkey",   "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes",  "-keyout",  key,     "-out",      certificate, "-days", "2",
        "-subj",   "/CN=test", "-addext", names,     NULL,
    };
    int status;

    ck_assert_int_ge(waitpid(spawn(arguments), &status, 0), 0);
    ck_assert_msg(status == 0, "openssl cannot make a certificate; is it installed?");
}

static bool listens(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    autoclose int fd = socket(AF_INET, SOCK_STREAM, 0);

    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    autoclose int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

static void start_server(const char *names)
{
    char where[32];
    const char *const arguments[] = { "openssl", "s_server", "-accept", where, "-key", key,
                                      "-cert", certificate, "-quiet", NULL };

    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(key, sizeof(key), "%s/key", directory);
    snprintf(certificate, sizeof(certificate), "%s/certificate", directory);
    snprintf(log_file, sizeof(log_file), "%s/log", directory);
    make_certificate(names);
    port = free_port();
    snprintf(where, sizeof(where), "127.0.0.1:%d", port);
    server = spawn(arguments);
    for (int i = 0; i < 100 && !listens(); i++)
        usleep(50000);
    ck_assert_msg(waitpid(server, NULL, WNOHANG) == 0, "openssl s_server does not start");
}

static void stop_server(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(key);
    unlink(certificate);
    unlink(log_file);
    rmdir(directory);
}

static int log_in(const char *cafile, bool insecure, struct error *error)
{
    struct cloud_options options = {
        .auth_type = "password", .username = "u", .password = "p", .user_domain_name = "Default",
        .project_name = "p", .project_domain_name = "Default", .interface = "internal",
        .insecure = insecure,
        .services[SERVICE_IDENTITY].timeout_s = 3, /* Valgrind is slow */
    };
    struct cloud *cloud;
    struct client *client;
    char id[ID_SIZE];
    int status;

    snprintf(options.auth_url, sizeof(options.auth_url), "https://127.0.0.1:%d/v3", port);
    text_copy(options.cafile, sizeof(options.cafile), cafile);
    ck_assert_int_eq(cloud_open(&options, &cloud, error), 0);
    ck_assert_int_eq(client_open(cloud, &client, error), 0);
    status = client_project_id(client, id, error);
    client_close(client);
    cloud_close(cloud);
    return status;
}

/* Whether the server got a login since it was last asked; it writes what comes to its log. */
static bool got_login(void)
{
    char text[65536];
    FILE *log = fopen(log_file, "r");
    size_t length;

    ck_assert_ptr_nonnull(log);
    length = fread(text, 1, sizeof(text) - 1, log);
    text[length] = '\0';
    fclose(log);
    ck_assert_int_eq(truncate(log_file, 0), 0);
    return strstr(text, "POST /v3/auth/tokens") != NULL;
}

START_TEST(test_unknown_issuer)
{
    struct error error = { 0 };

    start_server("subjectAltName=IP:127.0.0.1");
    ck_assert_int_eq(log_in("", false, &error), -EAGAIN);
    ck_assert_msg(strstr(error.message, "cafile") != NULL, "%s", error.message);
    ck_assert(!got_login());
    stop_server();
}
END_TEST

START_TEST(test_trusted)
{
    start_server("subjectAltName=IP:127.0.0.1");
    ck_assert_int_eq(log_in(certificate, false, NULL), -EAGAIN);
    ck_assert(got_login());
    ck_assert_int_eq(log_in("", true, NULL), -EAGAIN);
    ck_assert(got_login());
    stop_server();
}
END_TEST

START_TEST(test_other_name)
{
    struct error error = { 0 };

    start_server("subjectAltName=DNS:keystone.example.org");
    ck_assert_int_eq(log_in(certificate, false, &error), -EAGAIN);
    ck_assert_msg(strstr(error.message, "certificate") != NULL, "%s", error.message);
    ck_assert(!got_login());
    stop_server();
}
END_TEST

START_TEST(test_no_cafile)
{
    struct error error = { 0 };

    start_server("subjectAltName=IP:127.0.0.1");
    ck_assert_int_eq(log_in("/nowhere/ca.pem", false, &error), -EAGAIN);
    ck_assert_msg(strstr(error.message, "/nowhere/ca.pem") != NULL, "%s", error.message);
    stop_server();
}
END_TEST

UNIT_MAIN("cloud/tls", test_unknown_issuer, test_trusted, test_other_name, test_no_cafile)
