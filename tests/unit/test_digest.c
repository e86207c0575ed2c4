/* SPDX-License-Identifier: Apache-2.0 */
/* Digests by known values; sealed secrets that open only as they were sealed; key files. */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "unit.h"

#define SECRET "transfer key \0 with a NUL"

static struct seal_key key;
static char folder[] = "/tmp/larder-test-digest-XXXXXX";
static char path[64];

static void make_path(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/key", folder);
}

static void remove_path(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_file(const char *text, mode_t mode)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
}

START_TEST(digests_are_sha256)
{
    char hex[DIGEST_SIZE];

    digest_of("", 0, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_of("abc", 3, hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(sealed_opens_again)
{
    unsigned char sealed[sizeof(SECRET) + SEAL_OVERHEAD], again[sizeof(sealed)];
    char text[sizeof(SECRET) + 1];

    random_bytes(key.bytes, sizeof(key.bytes));
    ck_assert_int_eq(seal(&key, "item-1", SECRET, sizeof(SECRET), sealed), 0);
    ck_assert_int_eq(seal(&key, "item-1", SECRET, sizeof(SECRET), again), 0);
    ck_assert_int_ne(memcmp(sealed, again, sizeof(sealed)), 0);
    ck_assert_int_eq(unseal(&key, "item-1", sealed, sizeof(sealed), text), 0);
    ck_assert_int_eq(memcmp(text, SECRET, sizeof(SECRET)), 0);
    ck_assert_int_eq(text[sizeof(SECRET)], 0);
    ck_assert_ptr_null(memmem(sealed, sizeof(sealed), "transfer", 8));
}
END_TEST

START_TEST(empty_secret_can_be_sealed)
{
    unsigned char sealed[SEAL_OVERHEAD];
    char text[1] = "x";

    ck_assert_int_eq(seal(&key, "", "", 0, sealed), 0);
    ck_assert_int_eq(unseal(&key, "", sealed, sizeof(sealed), text), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(any_changed_bit_is_seen)
{
    unsigned char sealed[10 + SEAL_OVERHEAD];
    char text[11];

    ck_assert_int_eq(seal(&key, "item-1", "0123456789", 10, sealed), 0);
    for (size_t bit = 0; bit < sizeof(sealed) * 8; bit++) {
        sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        memset(text, 'x', sizeof(text));
        ck_assert_int_eq(unseal(&key, "item-1", sealed, sizeof(sealed), text), -EBADMSG);
        ck_assert_msg(!memchr(text, '0', sizeof(text)), "what does not open is not shown");
        sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert_int_eq(unseal(&key, "item-1", sealed, sizeof(sealed), text), 0);
}
END_TEST

START_TEST(other_key_context_or_length_do_not_open)
{
    unsigned char sealed[10 + SEAL_OVERHEAD];
    struct seal_key other = key;
    char text[11];

    other.bytes[31] ^= 1;
    ck_assert_int_eq(seal(&key, "item-1", "0123456789", 10, sealed), 0);
    ck_assert_int_eq(unseal(&other, "item-1", sealed, sizeof(sealed), text), -EBADMSG);
    ck_assert_int_eq(unseal(&key, "item-2", sealed, sizeof(sealed), text), -EBADMSG);
    ck_assert_int_eq(unseal(&key, "", sealed, sizeof(sealed), text), -EBADMSG);
    for (size_t length = 0; length < sizeof(sealed); length++)
        ck_assert_int_eq(unseal(&key, "item-1", sealed, length, text), -EBADMSG);
}
END_TEST

START_TEST(made_key_loads_and_is_not_replaced)
{
    struct error error = { 0 };
    struct seal_key loaded = { 0 }, none = { 0 };
    struct stat status;

    make_path();
    umask(0);
    ck_assert_int_eq(seal_key_load(path, &loaded, &error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.message, "larder-manage key create"));
    ck_assert_int_eq(seal_key_create(path, &error), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(seal_key_load(path, &loaded, &error), 0);
    ck_assert_int_ne(memcmp(&loaded, &none, sizeof(none)), 0);
    ck_assert_int_eq(seal_key_create(path, &error), -EEXIST);
    ck_assert_int_eq(seal_key_load(path, &none, &error), 0);
    ck_assert_int_eq(memcmp(&loaded, &none, sizeof(none)), 0);
    remove_path();
}
END_TEST

#define DIGITS "00112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100"

START_TEST(key_file_must_be_private_and_whole)
{
    static const struct {
        const char *text;
        mode_t mode;
        int status;
    } cases[] = {
        { DIGITS, 0600, 0 },
        { DIGITS "\n", 0400, 0 },
        { DIGITS, 0640, -EACCES },
        { DIGITS, 0604, -EACCES },
        { DIGITS, 0602, -EACCES },
        { DIGITS "\n\n", 0600, -EINVAL },
        { DIGITS "0", 0600, -EINVAL },
        { "", 0600, -EINVAL },
        { "00", 0600, -EINVAL },
        { "g" DIGITS, 0600, -EINVAL },
        { "zz112233445566778899aabbccddeeffFFEEDDCCBBAA99887766554433221100", 0600, -EINVAL },
    };

    make_path();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error error = { 0 };
        struct seal_key loaded = { { 0x55 } };

        write_file(cases[i].text, cases[i].mode);
        ck_assert_msg(seal_key_load(path, &loaded, &error) == cases[i].status, "case %zu: %s", i,
                      error.message);
        ck_assert_uint_eq(loaded.bytes[0], cases[i].status ? 0x55 : 0x00);
        ck_assert_ptr_null(strstr(error.message, "0011"));
        unlink(path);
    }
    remove_path();
}
END_TEST

START_TEST(key_file_must_be_a_file)
{
    struct error error = { 0 };
    struct seal_key loaded;

    make_path();
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(seal_key_load(path, &loaded, &error), -EINVAL);
    ck_assert_int_eq(seal_key_load(folder, &loaded, &error), -EINVAL);
    remove_path();
}
END_TEST

UNIT_MAIN("digest", digests_are_sha256, sealed_opens_again, empty_secret_can_be_sealed,
          any_changed_bit_is_seen, other_key_context_or_length_do_not_open,
          made_key_loads_and_is_not_replaced, key_file_must_be_private_and_whole,
          key_file_must_be_a_file)
