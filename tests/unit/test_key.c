/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and asks: equal things have equal digests, different ones different, and what is written can
 * be read. */
#include "store/key.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "tests/unit/unit.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "cccccccc-0000-4000-8000-000000000003"
#define PROJECT "0123456789abcdef0123456789abcdef"

static struct ask port_ask(const char *first, const char *second)
{
    struct ask ask = { .kind = KIND_PORT };

    text_copy(ask.project_id, ID_SIZE, PROJECT);
    text_copy(ask.network_id, ID_SIZE, C);
    text_copy(ask.groups[ask.group_count++], ID_SIZE, first);
    text_copy(ask.groups[ask.group_count++], ID_SIZE, second);
    return ask;
}

static struct ask volume_ask(void)
{
    struct ask ask = { .kind = KIND_VOLUME, .size = 20 };

    text_copy(ask.project_id, ID_SIZE, PROJECT);
    text_copy(ask.image_id, ID_SIZE, A);
    return ask;
}

static bool same_ask(struct ask a, struct ask b)
{
    char digest_a[DIGEST_SIZE], digest_b[DIGEST_SIZE];

    ask_normalise(&a);
    ask_normalise(&b);
    ask_digest(&a, digest_a);
    ask_digest(&b, digest_b);
    return strcmp(digest_a, digest_b) == 0;
}

START_TEST(test_order_of_groups_does_not_matter)
{
    ck_assert(same_ask(port_ask(A, B), port_ask(B, A)));
    ck_assert(!same_ask(port_ask(A, B), port_ask(A, C)));
}
END_TEST

START_TEST(test_repeated_groups_count_once)
{
    struct ask ask = port_ask(A, A);

    ask_normalise(&ask);
    ck_assert_uint_eq(ask.group_count, 1);
    ck_assert_str_eq(ask.groups[0], A);
    ck_assert(!same_ask(port_ask(A, A), port_ask(A, B)));
}
END_TEST

START_TEST(test_every_member_of_a_volume_ask_counts)
{
    struct ask asks[6];

    for (size_t i = 0; i < 6; i++)
        asks[i] = volume_ask();
    text_copy(asks[1].project_id, ID_SIZE, A);
    text_copy(asks[2].image_id, ID_SIZE, B);
    asks[3].size = 21;
    text_copy(asks[4].type, NAME_SIZE, "fast");
    text_copy(asks[5].zone, NAME_SIZE, "fast");
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            ck_assert_int_eq(same_ask(asks[i], asks[j]), i == j);
}
END_TEST

START_TEST(test_digest_is_pinned)
{
    char digest[DIGEST_SIZE];
    struct ask ask = volume_ask();
    auto_strbuf out = STRBUF_INIT(1000);

    /* Rows of a running database are found by it. */
    ask_write(&ask, &out);
    ck_assert_str_eq(strbuf_text(&out),
                     "{\"kind\":\"volume\",\"project_id\":\"" PROJECT "\",\"image_id\":\"" A "\","
                     "\"size\":20,\"volume_type\":\"\",\"availability_zone\":\"\"}");
    ask_digest(&ask, digest);
    ck_assert_uint_eq(strlen(digest), DIGEST_SIZE - 1);
}
END_TEST

static void check_round_trip(const struct key *key)
{
    auto_strbuf out = STRBUF_INIT(8000);
    struct key read;
    char before[DIGEST_SIZE], after[DIGEST_SIZE];
    struct error error = { 0 };

    key_write(key, &out);
    ck_assert_int_eq(out.status, 0);
    ck_assert_msg(key_read(key->kind, strbuf_text(&out), &read, &error) == 0, "%s",
                  error.message);
    key_digest(key, before);
    key_digest(&read, after);
    ck_assert_str_eq(before, after);
}

START_TEST(test_keys_survive_writing)
{
    struct ask port = port_ask(B, A), volume = volume_ask();
    struct key key;

    key_of_port_ask(&port, port.group_count, port.groups, &key);
    ck_assert_str_eq(key.port.groups[0], A); /* sorted */
    check_round_trip(&key);
    key_of_port_ask(&port, 0, NULL, &key);
    ck_assert_uint_eq(key.port.group_count, 0);
    check_round_trip(&key);
    key_of_volume_ask(&volume, B, "zone \"\xc3\xa9\" \\ \n", &key);
    check_round_trip(&key);
    ck_assert_int_eq(key.volume.size, 20);
    key = (struct key){ .kind = KIND_IMAGE, .image = { .image_id = A, .aggregate_id = 7 } };
    check_round_trip(&key);
}
END_TEST

START_TEST(test_bad_keys_are_refused)
{
    static const char *const bad[] = {
        "", "[]", "{}", "{\"image_id\":\"" A "\",\"size\":1,\"volume_type_id\":\"" B "\"}",
        "{\"image_id\":\"" A "\",\"size\":0,\"volume_type_id\":\"" B
        "\",\"availability_zone\":\"nova\"}",
        "{\"image_id\":\"" A "\",\"size\":1,\"volume_type_id\":\"" B
        "\",\"availability_zone\":\"\"}",
        "{\"image_id\":\"" A "\",\"size\":1,\"volume_type_id\":\"" B
        "\",\"availability_zone\":\"nova\",\"more\":1}",
    };
    struct key key;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error = { 0 };

        ck_assert_int_lt(key_read(KIND_VOLUME, bad[i], &key, &error), 0);
        ck_assert_str_ne(error.message, "");
    }
}
END_TEST

START_TEST(test_kinds_have_names)
{
    enum kind kind;

    ck_assert_int_eq(kind_from_name("volume", &kind), 0);
    ck_assert_int_eq(kind, KIND_VOLUME);
    ck_assert_str_eq(kind_name(KIND_PORT), "port");
    ck_assert_int_eq(kind_from_name("image", &kind), 0);
    ck_assert_int_eq(kind, KIND_IMAGE);
    ck_assert_int_eq(kind_from_name("config", &kind), -EINVAL);
    ck_assert_int_eq(kind_from_name(NULL, &kind), -EINVAL);
}
END_TEST

UNIT_MAIN("key", test_order_of_groups_does_not_matter, test_repeated_groups_count_once,
          test_every_member_of_a_volume_ask_counts, test_digest_is_pinned,
          test_keys_survive_writing, test_bad_keys_are_refused, test_kinds_have_names)
