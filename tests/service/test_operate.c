/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator does: check, SIGHUP, SIGTERM and remove, with the programs themselves over a
 * real MariaDB and the cloud of fake_cloud.py.  operate.py does it; here is its database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "tests/service/service.h"

static void run_part(const char *part)
{
    struct store_options store = service_options();
    char directory[] = "/tmp/larder-test-operate.XXXXXX";
    pid_t pid;
    int status;

    ck_assert_ptr_nonnull(mkdtemp(directory));
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("python3", "python3", "-B", SOURCE_DIR "/tests/service/operate.py", BUILD_DIR,
               store.connection, directory, part, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "operate.py %s failed; see %s", part, directory);
}

START_TEST(check_finds_what_is_wrong_and_says_what_to_do)
{
    run_part("check");
}
END_TEST

START_TEST(a_hangup_reads_the_configuration_again)
{
    run_part("reload");
}
END_TEST

START_TEST(a_termination_lets_steps_end_and_loses_nothing)
{
    run_part("drain");
}
END_TEST

START_TEST(remove_leaves_nothing_behind)
{
    run_part("remove");
}
END_TEST

START_TEST(no_secret_shows_anywhere)
{
    run_part("secrets");
}
END_TEST

SERVICE_MAIN("operate", check_finds_what_is_wrong_and_says_what_to_do,
             a_hangup_reads_the_configuration_again,
             a_termination_lets_steps_end_and_loses_nothing, remove_leaves_nothing_behind,
             no_secret_shows_anywhere)
