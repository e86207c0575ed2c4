/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/token_fresh: of which tokens Keystone is asked ahead, when, and for how long. */
#include "cloud/token_fresh.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "unit.h"

#define KEEP_MS 60000
#define NOW_MS 10000000
#define HOUR_MS 3600000

static struct token_fresh *fresh;
static char due[TOKEN_SIZE];

static void open_fresh(int64_t keep_ms)
{
    ck_assert_int_eq(token_fresh_open(keep_ms, &fresh, NULL), 0);
}

static const char *digest_for(const char *text)
{
    static char digest[DIGEST_SIZE];

    digest_of(text, strlen(text), digest);
    return digest;
}

/* Used at 'now_ms', when what Keystone said of it was 'age_ms' old. */
static void use(const char *text, int64_t now_ms, int64_t age_ms)
{
    const struct token known = { .expires_ms = NOW_MS + 10 * HOUR_MS, .asked_ms = now_ms - age_ms };

    token_fresh_use(fresh, digest_for(text), text, &known, now_ms);
}

static bool is_due(int64_t now_ms)
{
    return token_fresh_due(fresh, now_ms, due);
}

static void asked(const char *text, int64_t now_ms, int status)
{
    token_fresh_asked(fresh, digest_for(text), now_ms, status);
}

static bool has(const char *text, int64_t now_ms)
{
    return token_fresh_has(fresh, digest_for(text), now_ms);
}

/* Keystone is asked when half of the time of its last answer has passed, whoever asked before. */
START_TEST(test_due_at_half_time)
{
    open_fresh(KEEP_MS);
    ck_assert(!is_due(NOW_MS));
    use("t", NOW_MS, 0);
    ck_assert(!is_due(NOW_MS + 29999));
    ck_assert(is_due(NOW_MS + 30000));
    ck_assert_str_eq(due, "t");
    asked("t", NOW_MS + 30000, 0);
    ck_assert(!is_due(NOW_MS + 59999));
    ck_assert(is_due(NOW_MS + 60000));
    use("older", NOW_MS, 29000);
    ck_assert(is_due(NOW_MS + 1000));
    ck_assert_str_eq(due, "older");
    token_fresh_close(fresh);
}
END_TEST

START_TEST(test_longest_waiting_first)
{
    open_fresh(KEEP_MS);
    use("b", NOW_MS, 0);
    use("a", NOW_MS, 10);
    use("c", NOW_MS, 5);
    for (const char *next = "acb"; *next; next++) {
        ck_assert(is_due(NOW_MS + 30000));
        ck_assert_int_eq(due[0], *next);
        asked(due, NOW_MS + 30000, 0);
    }
    ck_assert(!is_due(NOW_MS + 30000));
    token_fresh_close(fresh);
}
END_TEST

/* Use says nothing about when Keystone was asked, and asking is no use. */
START_TEST(test_for_an_hour_after_the_last_use)
{
    open_fresh(KEEP_MS);
    use("t", NOW_MS, 0);
    use("t", NOW_MS + 20000, 20000);
    ck_assert(is_due(NOW_MS + 30000));
    asked("t", NOW_MS + HOUR_MS, 0);
    ck_assert(has("t", NOW_MS + 20000 + HOUR_MS - 1));
    ck_assert(!has("t", NOW_MS + 20000 + HOUR_MS));
    asked("t", NOW_MS, 0);
    ck_assert(is_due(NOW_MS + 20000 + HOUR_MS - 1));
    ck_assert(!is_due(NOW_MS + 20000 + HOUR_MS));
    ck_assert(!is_due(NOW_MS)); /* it was forgotten */
    token_fresh_close(fresh);
}
END_TEST

START_TEST(test_ends_with_the_token)
{
    const struct token ending = { .expires_ms = NOW_MS + 40000, .asked_ms = NOW_MS };

    open_fresh(KEEP_MS);
    token_fresh_use(fresh, digest_for("t"), "t", &ending, NOW_MS);
    ck_assert(is_due(NOW_MS + 39999));
    ck_assert(!is_due(NOW_MS + 40000));
    token_fresh_close(fresh);
}
END_TEST

START_TEST(test_bad_goes_at_once)
{
    open_fresh(KEEP_MS);
    use("t", NOW_MS, 0);
    ck_assert(has("t", NOW_MS));
    asked("t", NOW_MS + 30000, -EACCES);
    ck_assert(!has("t", NOW_MS + 30000));
    ck_assert(!is_due(NOW_MS + HOUR_MS - 1));
    asked("stranger", NOW_MS, 0);
    ck_assert(!has("stranger", NOW_MS));
    token_fresh_close(fresh);
}
END_TEST

/* What gives no answer is tried again soon, behind the others; and it is not forgotten. */
START_TEST(test_no_answer)
{
    open_fresh(KEEP_MS);
    use("t", NOW_MS, 1000);
    use("u", NOW_MS, 0);
    ck_assert(is_due(NOW_MS + 30000));
    ck_assert_str_eq(due, "t");
    asked("t", NOW_MS + 30000, -EAGAIN);
    ck_assert(is_due(NOW_MS + 30000));
    ck_assert_str_eq(due, "u");
    asked("u", NOW_MS + 30000, 0);
    ck_assert(!is_due(NOW_MS + 31999));
    ck_assert(is_due(NOW_MS + 32000));
    ck_assert_str_eq(due, "t");
    asked("t", NOW_MS + 32000, -EAGAIN);
    ck_assert(has("t", NOW_MS + HOUR_MS - 1));
    token_fresh_close(fresh);
}
END_TEST

/* Of many tokens the 256 that were used last are kept fresh. */
START_TEST(test_bounded)
{
    char text[32];

    open_fresh(KEEP_MS);
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof(text), "token %d", i);
        use(text, NOW_MS + i, 0);
        use("kept", NOW_MS + i, 0);
    }
    ck_assert(has("kept", NOW_MS + 300));
    ck_assert(has("token 299", NOW_MS + 300));
    ck_assert(has("token 45", NOW_MS + 300));
    ck_assert(!has("token 44", NOW_MS + 300));
    token_fresh_close(fresh);
}
END_TEST

START_TEST(test_off)
{
    open_fresh(0);
    use("t", NOW_MS, 0);
    ck_assert(!has("t", NOW_MS));
    ck_assert(!is_due(NOW_MS));
    token_fresh_close(fresh);
}
END_TEST

UNIT_MAIN("cloud/token_fresh", test_due_at_half_time, test_longest_waiting_first,
          test_for_an_hour_after_the_last_use, test_ends_with_the_token, test_bad_goes_at_once,
          test_no_answer, test_bounded, test_off)
