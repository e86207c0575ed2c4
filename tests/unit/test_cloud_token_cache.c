/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/token_cache: for how long a judgement of Keystone's holds. */
#include "cloud/token_cache.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "unit.h"

#define KEEP_MS 60000
#define NOW_MS 1000000

static struct token_cache *cache;
static struct token found;

static void open_cache(int64_t keep_ms)
{
    ck_assert_int_eq(token_cache_open(keep_ms, &cache, NULL), 0);
}

static const char *digest_for(const char *text)
{
    static char digest[DIGEST_SIZE];

    digest_of(text, strlen(text), digest);
    return digest;
}

static enum token_verdict find(const char *text, int64_t now_ms)
{
    return token_cache_find(cache, digest_for(text), now_ms, &found);
}

static const struct token alice = {
    .user_id = "alice", .project_id = "p", .project_name = "demo", .expires_ms = INT64_MAX,
    .role_count = 2, .roles = { "member", "reader" },
};

START_TEST(test_good)
{
    open_cache(KEEP_MS);
    ck_assert_int_eq(find("t", NOW_MS), TOKEN_UNKNOWN);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &alice);
    ck_assert_int_eq(find("t", NOW_MS), TOKEN_GOOD);
    ck_assert_str_eq(found.user_id, "alice");
    ck_assert_uint_eq(found.role_count, 2);
    ck_assert(token_has_role(&found, "reader"));
    ck_assert(!token_has_role(&found, "admin"));
    ck_assert_int_eq(find("u", NOW_MS), TOKEN_UNKNOWN);
    ck_assert_int_eq(find("t", NOW_MS + KEEP_MS), TOKEN_UNKNOWN);
    token_cache_close(cache);
}
END_TEST

/* Near its end one caller asks Keystone, and the others go on with what is known. */
START_TEST(test_one_asks_again)
{
    open_cache(KEEP_MS);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &alice);
    ck_assert_int_eq(find("t", NOW_MS + 44999), TOKEN_GOOD);
    ck_assert_int_eq(find("t", NOW_MS + 45000), TOKEN_GOOD_ASK_AGAIN);
    ck_assert_str_eq(found.user_id, "alice");
    ck_assert_int_eq(find("t", NOW_MS + 45000), TOKEN_GOOD);
    ck_assert_int_eq(find("t", NOW_MS + 50000), TOKEN_GOOD_ASK_AGAIN);
    token_cache_close(cache);
}
END_TEST

START_TEST(test_ends_with_the_token)
{
    struct token ending = alice;

    ending.expires_ms = NOW_MS + 100;
    open_cache(KEEP_MS);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &ending);
    ck_assert_int_eq(find("t", NOW_MS + 99), TOKEN_GOOD);
    ck_assert_int_eq(find("t", NOW_MS + 100), TOKEN_UNKNOWN);
    token_cache_close(cache);
}
END_TEST

START_TEST(test_bad)
{
    open_cache(KEEP_MS);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &alice);
    token_cache_keep(cache, digest_for("t"), NOW_MS + 1, NULL); /* revoked meanwhile */
    ck_assert_int_eq(find("t", NOW_MS + 1), TOKEN_BAD);
    ck_assert_int_eq(find("t", NOW_MS + 5000), TOKEN_BAD);
    ck_assert_int_eq(find("t", NOW_MS + 5001), TOKEN_UNKNOWN);
    token_cache_close(cache);
}
END_TEST

/* However many bad tokens come, a good one stays; and the cache does not grow. */
START_TEST(test_flood)
{
    char text[32];

    open_cache(KEEP_MS);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &alice);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "bad %d", i);
        token_cache_keep(cache, digest_for(text), NOW_MS, NULL);
    }
    ck_assert_int_eq(find("t", NOW_MS), TOKEN_GOOD);
    ck_assert_int_eq(find("bad 19999", NOW_MS), TOKEN_BAD);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "good %d", i);
        token_cache_keep(cache, digest_for(text), NOW_MS + 1, &alice);
    }
    ck_assert_int_eq(find("good 19999", NOW_MS + 1), TOKEN_GOOD);
    ck_assert_int_eq(find("t", NOW_MS + 1), TOKEN_UNKNOWN);
    token_cache_close(cache);
}
END_TEST

START_TEST(test_off)
{
    open_cache(0);
    token_cache_keep(cache, digest_for("t"), NOW_MS, &alice);
    token_cache_keep(cache, digest_for("u"), NOW_MS, NULL);
    ck_assert_int_eq(find("t", NOW_MS), TOKEN_UNKNOWN);
    ck_assert_int_eq(find("u", NOW_MS), TOKEN_UNKNOWN);
    token_cache_close(cache);
}
END_TEST

UNIT_MAIN("cloud/token_cache", test_good, test_one_asks_again, test_ends_with_the_token, test_bad,
          test_flood, test_off)
