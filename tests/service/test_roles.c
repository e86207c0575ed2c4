/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All roles as processes, two of each over one database, while boots claim and adopt, services
 * publish on the bus, and one process is killed and one hung again and again (roles.py).  Then
 * nothing is lost, nothing is there twice, and nothing is left under way.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/service/fake_cloud.h"
#include "tests/service/service.h"
#include "tests/traffic.h"

#define BUS_BOOTS 300
#define PATIENCE_MS 90000

struct script {
    pid_t pid;
    FILE *to, *from;
};

static const char *needed(const char *variable)
{
    const char *value = getenv(variable);

    ck_assert_msg(value != NULL, "%s is not set; use tests/service/run", variable);
    return value;
}

static void run_script(const char *cloud, const char *directory, int in, int out)
{
    struct store_options store = service_options();
    const char *seed = getenv("LARDER_TEST_SEED");

    setpgid(0, 0); /* with all that it starts */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    execlp("python3", "python3", "-B", SOURCE_DIR "/tests/service/roles.py", BUILD_DIR, cloud,
           store.connection, getenv("LARDER_TEST_RABBIT"), directory, seed ? seed : "1",
           (char *)NULL);
    _exit(127);
}

static struct script start_script(const char *cloud, const char *directory)
{
    struct script script;
    int down[2], up[2];

    ck_assert_int_eq(pipe(down), 0);
    ck_assert_int_eq(pipe(up), 0);
    script.pid = fork();
    ck_assert_int_ge(script.pid, 0);
    if (script.pid == 0)
        run_script(cloud, directory, down[0], up[1]);
    close(down[0]);
    close(up[1]);
    script.to = fdopen(down[1], "w");
    script.from = fdopen(up[0], "r");
    return script;
}

/* The next line begins with the word; the rest of it. */
static const char *hear(const struct script *script, const char *word)
{
    static char line[256];

    if (!fgets(line, sizeof(line), script->from) || strncmp(line, word, strlen(word))) {
        killpg(script->pid, SIGKILL);
        ck_abort_msg("roles.py does not say '%s'", word);
    }
    return line + strlen(word);
}

/* Waits until the statement's number is that. */
static void settles(const char *sql, int64_t number)
{
    int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS, now = service_number(sql);

    while (now != number && clock_monotonic_ms() < end_ms) {
        nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000000 }, NULL);
        now = service_number(sql);
    }
    ck_assert_msg(now == number, "%s: %ld, not %ld", sql, (long)now, (long)number);
}

static void check_hand_overs(long long hits)
{
    settles("SELECT COUNT(*) FROM adoptions WHERE state = 'begun'", 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM (SELECT item_id FROM adoptions"
                                    " WHERE state <> 'returned' GROUP BY item_id"
                                    " HAVING COUNT(*) > 1) twice"), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM (SELECT request_id FROM adoptions"
                                    " WHERE state = 'done' GROUP BY request_id"
                                    " HAVING COUNT(*) > 1) twice"), 0);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM adoptions WHERE state = 'done'"), hits);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM demand WHERE outcome = 'hit'"), hits);
}

/* Claims end, pools fill up again, and the cloud holds what the rows say. */
static void check_stock(void)
{
    settles("SELECT COUNT(*) FROM claims WHERE state = 'open'", 0);
    settles("SELECT COUNT(*) FROM pools p WHERE (SELECT COUNT(*) FROM items i"
            " WHERE i.pool_id = p.id AND i.state = 'ready') < p.floor", 0);
    for (int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;;) {
        int64_t rows = service_number("SELECT COUNT(*) FROM items WHERE state IN ('ready',"
                                      " 'claimed')");
        int64_t moving = service_number("SELECT COUNT(*) FROM items WHERE state IN ('wanted',"
                                        " 'creating', 'releasing')");

        if (moving == 0 && rows == fake_cloud_count("ports"))
            return;
        ck_assert_msg(clock_monotonic_ms() < end_ms, "%ld rows, %ld ports, %ld under way",
                      (long)rows, (long)fake_cloud_count("ports"), (long)moving);
        nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000000 }, NULL);
    }
}

/* The series of the pools were forecast, one planner led, and all processes are there. */
static void check_roles(void)
{
    settles("SELECT COUNT(*) FROM members WHERE seen_ms > UNIX_TIMESTAMP() * 1000 - 15000", 10);
    settles("SELECT COUNT(*) = 0 FROM models m JOIN series s ON s.id = m.series_id"
            " WHERE s.kind = 'port'", 0);
    settles("SELECT COUNT(*) = 0 FROM decisions", 0);
}

START_TEST(two_of_each_are_killed_and_hung_and_nothing_is_lost_or_doubled)
{
    char directory[] = "/tmp/larder-test-roles.XXXXXX";
    const char *cloud = fake_cloud_start(), *rabbit = needed("LARDER_TEST_RABBIT");
    static struct traffic *traffic; /* the program's until it ends */
    struct feed *feed = feed_open(rabbit); /* the exchanges are there before the listeners */
    struct script script;
    long long claims, hits, misses;
    int status;

    traffic = traffic_load(SOURCE_DIR "/tests/data/captures");
    ck_assert_ptr_nonnull(feed);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    script = start_script(cloud, directory);
    hear(&script, "ready");
    for (int64_t boot = 0; boot < BUS_BOOTS; boot += 10) {
        feed_boots(&feed, rabbit, traffic, boot, boot + 10);
        nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000000 }, NULL);
    }
    ck_assert_int_eq(sscanf(hear(&script, "done"), "%lld %lld %lld", &claims, &hits, &misses), 3);
    ck_assert_int_gt(hits, 0);
    check_hand_overs(hits);
    check_stock();
    check_roles();
    for (int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;
         traffic_lost(service_store, BUS_BOOTS) && clock_monotonic_ms() < end_ms;)
        nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000000 }, NULL);
    ck_assert_int_eq(traffic_lost(service_store, BUS_BOOTS), 0);
    fputs("end\n", script.to);
    fclose(script.to);
    ck_assert_int_eq(waitpid(script.pid, &status, 0), script.pid);
    ck_assert_msg(status == 0, "roles.py failed; see %s", directory);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM members"), service_number(
        "SELECT COUNT(*) FROM members WHERE seen_ms < UNIX_TIMESTAMP() * 1000 - 10000"));
    feed_close(feed);
    fake_cloud_stop();
    printf("roles: %lld claims, %lld hits, %lld misses\n", claims, hits, misses);
}
END_TEST

SERVICE_MAIN("roles", two_of_each_are_killed_and_hung_and_nothing_is_lost_or_doubled)
