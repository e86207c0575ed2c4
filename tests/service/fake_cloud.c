/* SPDX-License-Identifier: Apache-2.0 */
/* Runs fake_cloud.py and talks to it through two pipes; see fake_cloud.h. */
#include "tests/service/fake_cloud.h"

#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t process;
static FILE *to, *from;
static char url[128];

static void run_fake(const int in[2], const int out[2])
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[1]);
    close(out[0]);
    execlp("python3", "python3", "-I", "-B", SOURCE_DIR "/tests/service/fake_cloud.py", NULL);
    perror("python3");
    _exit(127);
}

static void read_line(char *line, size_t size)
{
    ck_assert_msg(fgets(line, (int)size, from) != NULL, "the fake cloud has ended");
    line[strcspn(line, "\n")] = '\0';
}

const char *fake_cloud_start(void)
{
    int in[2], out[2];

    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    process = fork();
    ck_assert_int_ge(process, 0);
    if (process == 0)
        run_fake(in, out);
    close(in[0]);
    close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    read_line(url, sizeof(url));
    return url;
}

void fake_cloud_stop(void)
{
    fclose(to);
    fclose(from);
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}

const char *fake_cloud_say(const char *format, ...)
{
    static char answer[512];
    va_list arguments;

    va_start(arguments, format);
    vfprintf(to, format, arguments);
    va_end(arguments);
    fputc('\n', to);
    fflush(to);
    read_line(answer, sizeof(answer));
    return answer;
}

int64_t fake_cloud_count(const char *kind)
{
    return strtoll(fake_cloud_say("count %s", kind), NULL, 10);
}
