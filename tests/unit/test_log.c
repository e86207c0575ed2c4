/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: oslo's format, context of the thread, one line a message, files that rotate. */
#include "base/log.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "unit.h"

LOG_MODULE("test");

#define STAMP "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} [0-9]+ "
#define THREADS 8
#define LINES 500

static char folder[] = "/tmp/larder-test-log-XXXXXX";
static struct log_options options;
static char content[1 << 22];

static void start(bool debug)
{
    struct error error = { 0 };

    if (!options.log_file[0]) {
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(options.log_file, sizeof(options.log_file), "%s/log", folder);
    }
    options.debug = debug;
    ck_assert_msg(log_start(&options, &error) == 0, "%s", error.message);
}

static const char *read_log(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t length;

    ck_assert_ptr_nonnull(file);
    length = fread(content, 1, sizeof(content) - 1, file);
    content[length] = '\0';
    fclose(file);
    return content;
}

static void finish(void)
{
    log_stop();
    unlink(options.log_file);
    rmdir(folder);
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s does not match %s", text, pattern);
    regfree(&regex);
}

START_TEST(line_has_oslo_format)
{
    start(false);
    log_info("pool made pool=%s size=%d", "a", 3);
    assert_matches(read_log(options.log_file),
                   STAMP "INFO larder\\.test \\[-\\] pool made pool=a size=3\n$");
    finish();
}
END_TEST

START_TEST(context_is_shown_until_changed)
{
    start(false);
    log_set_context("req-g", "req-r", "user", "project");
    ck_assert_str_eq(log_request_id(), "req-r");
    log_error("one");
    assert_matches(read_log(options.log_file),
                   "ERROR larder\\.test \\[req-g req-r user project\\] one");
    log_set_context(NULL, "req-s", NULL, "");
    log_critical("two");
    assert_matches(read_log(options.log_file), "CRITICAL larder\\.test \\[- req-s - -\\] two");
    log_set_context(NULL, NULL, NULL, NULL);
    ck_assert_str_eq(log_request_id(), "");
    log_warning("three");
    assert_matches(read_log(options.log_file), "WARNING larder\\.test \\[-\\] three");
    finish();
}
END_TEST

START_TEST(nobody_can_forge_a_line)
{
    start(false);
    log_set_context("a\nb", "\x1b[2J", "\r", "\x7f");
    log_info("first\n2026-01-01 00:00:00.000 1 INFO larder.test [-] second\tthird");
    read_log(options.log_file);
    ck_assert_ptr_eq(strchr(content, '\n'), content + strlen(content) - 1);
    ck_assert_ptr_nonnull(strstr(content, "[a\\nb \\x1b[2J \\x0d \\x7f] first\\n2026"));
    ck_assert_ptr_nonnull(strstr(content, "second\\x09third"));
    finish();
}
END_TEST

START_TEST(debug_is_a_switch)
{
    start(false);
    ck_assert(!log_enabled(LOG_DEBUG) && log_enabled(LOG_INFO));
    log_debug("hidden");
    log_write(LOG_DEBUG, "larder.test", "hidden as well");
    start(true);
    log_debug("shown");
    read_log(options.log_file);
    ck_assert_ptr_null(strstr(content, "hidden"));
    ck_assert_ptr_nonnull(strstr(content, "DEBUG larder.test [-] shown\n"));
    finish();
}
END_TEST

START_TEST(long_line_is_cut_and_says_so)
{
    static char text[20000];

    for (size_t pad = 0; pad < 3; pad++) {
        memset(text, 'x', pad);
        for (size_t at = pad; at + 3 < sizeof(text); at += 3)
            memcpy(text + at, "\xe2\x82\xac", 4);
        start(false);
        log_info("%s", text);
        read_log(options.log_file);
        ck_assert_uint_gt(strlen(content), 8000);
        ck_assert_uint_lt(strlen(content), 8193);
        ck_assert_str_eq(content + strlen(content) - 4, "...\n");
        ck_assert(text_is_utf8(content, strlen(content)));
        unlink(options.log_file);
    }
    finish();
}
END_TEST

START_TEST(starting_again_opens_the_file_anew)
{
    char moved[600];

    start(false);
    snprintf(moved, sizeof(moved), "%s/moved", folder);
    log_info("before");
    ck_assert_int_eq(rename(options.log_file, moved), 0);
    log_info("between");
    start(false);
    log_info("after");
    assert_matches(read_log(moved), "before\n.*between\n$");
    ck_assert_ptr_null(strstr(content, "after"));
    assert_matches(read_log(options.log_file), STAMP "INFO larder.test \\[-\\] after\n$");
    unlink(moved);
    finish();
}
END_TEST

START_TEST(bad_file_is_refused_and_the_old_one_stays)
{
    struct log_options bad = { .log_file = "/nonexistent/folder/log" };
    struct error error = { 0 };

    start(false);
    ck_assert_int_lt(log_start(&bad, &error), 0);
    assert_matches(error.message, "^log file /nonexistent/folder/log: ");
    log_info("still here");
    assert_matches(read_log(options.log_file), "still here\n$");
    finish();
}
END_TEST

static void *write_lines(void *argument)
{
    char name[16];

    snprintf(name, sizeof(name), "thread-%d", *(int *)argument);
    log_set_context(NULL, name, NULL, NULL);
    for (int i = 0; i < LINES; i++)
        log_info("%s line %d %0*d", name, i, 50 + i % 7, 0);
    return NULL;
}

/* Counts the lines; each must be whole and name the thread in its context and its message. */
static int check_lines(char *text)
{
    int count = 0;

    for (char *line; (line = strsep(&text, "\n")) && *line; count++) {
        char context[16], message[16];

        ck_assert_msg(sscanf(line, "%*s %*s %*s INFO larder.test [- %15s - -] %15s line %*d %*s",
                             context, message) == 2, "%s", line);
        ck_assert_str_eq(context, message);
    }
    return count;
}

START_TEST(threads_do_not_mix_lines_or_contexts)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];

    start(false);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, &numbers[i]), 0);
    }
    for (int i = 0; i < 50; i++)
        start(false);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    read_log(options.log_file);
    ck_assert_int_eq(check_lines(content), THREADS * LINES);
    finish();
}
END_TEST

UNIT_MAIN("log", line_has_oslo_format, context_is_shown_until_changed, nobody_can_forge_a_line,
          debug_is_a_switch, long_line_is_cut_and_says_so, starting_again_opens_the_file_anew,
          bad_file_is_refused_and_the_old_one_stays, threads_do_not_mix_lines_or_contexts)
