/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and sealed secrets; see digest.h.  A sealed value is nonce, ciphertext, tag. */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/random.h"

#define NONCE_BYTES 12
#define TAG_BYTES 16
#define KEY_DIGITS ((size_t)SEAL_KEY_BYTES * 2)

_Static_assert(NONCE_BYTES + TAG_BYTES == SEAL_OVERHEAD, "the header states the overhead");

DEFINE_CLEANUP(cipher, EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free);
#define auto_cipher __attribute__((cleanup(cipher_cleanup))) EVP_CIPHER_CTX

static void to_hex(const unsigned char *bytes, size_t count, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *ret_hex++ = digits[bytes[i] >> 4];
        *ret_hex++ = digits[bytes[i] & 0x0f];
    }
    *ret_hex = '\0';
}

/* The value of a hex digit, or -1. */
static int from_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int from_hex(const char *hex, size_t count, unsigned char *ret_bytes)
{
    for (size_t i = 0; i < count; i++) {
        int high = from_digit(hex[2 * i]), low = high < 0 ? -1 : from_digit(hex[2 * i + 1]);

        if (low < 0)
            return -EINVAL;
        ret_bytes[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

void digest_of(const char *text, size_t length, char ret_hex[static DIGEST_SIZE])
{
    unsigned char bytes[EVP_MAX_MD_SIZE] = { 0 };

    /* Fails only without memory or without SHA-256; then nothing else works either. */
    if (!EVP_Digest(text, length, bytes, NULL, EVP_sha256(), NULL))
        abort();
    to_hex(bytes, (DIGEST_SIZE - 1) / 2, ret_hex);
}

/* ---- key files ---- */

static int check_key_file(int fd, const char *path, struct error *error)
{
    struct stat status;

    if (fstat(fd, &status))
        return error_set(error, -errno, "key file %s: %s", path, strerrordesc_np(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, -EINVAL, "key file %s is not a regular file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(error, -EACCES,
                         "key file %s has mode %04o, so that others than its owner may use it; "
                         "run: chmod 0600 %s",
                         path, status.st_mode & 07777u, path);
    return 0;
}

/* Reads until the end or 'size' bytes, whichever is first. */
static ssize_t read_all(int fd, char *ret_text, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size) {
        got = read(fd, ret_text + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

static int parse_key(const char *text, size_t length, struct seal_key *ret_key)
{
    if (length == KEY_DIGITS + 1 && text[KEY_DIGITS] == '\n')
        length--;
    if (length != KEY_DIGITS)
        return -EINVAL;
    return from_hex(text, SEAL_KEY_BYTES, ret_key->bytes);
}

int seal_key_load(const char *path, struct seal_key *ret_key, struct error *error)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char text[KEY_DIGITS + 2];
    struct seal_key key;
    ssize_t length;
    int status;

    if (fd < 0 && errno == ENOENT)
        return error_set(error, -ENOENT,
                         "key file %s does not exist; make one with: larder-manage key create",
                         path);
    if (fd < 0)
        return error_set(error, -errno, "key file %s: %s", path, strerrordesc_np(errno));
    status = check_key_file(fd, path, error);
    if (status)
        return status;
    length = read_all(fd, text, sizeof(text));
    if (length < 0)
        return error_set(error, (int)length, "key file %s: %s", path,
                         strerrordesc_np((int)-length));
    status = parse_key(text, (size_t)length, &key);
    OPENSSL_cleanse(text, sizeof(text));
    if (status)
        return error_set(error, status, "key file %s must hold %zu hex digits and nothing else",
                         path, KEY_DIGITS);
    *ret_key = key;
    OPENSSL_cleanse(&key, sizeof(key));
    return 0;
}

/* Writes all of it to the disk. */
static int write_key(int fd, const char *text, size_t length)
{
    ssize_t written = write(fd, text, length);

    if (written < 0)
        return -errno;
    if ((size_t)written != length)
        return -ENOSPC;
    if (fchmod(fd, S_IRUSR | S_IWUSR) || fsync(fd))
        return -errno;
    return 0;
}

int seal_key_create(const char *path, struct error *error)
{
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    unsigned char bytes[SEAL_KEY_BYTES];
    char text[KEY_DIGITS + 2];
    int status;

    if (fd < 0 && errno == EEXIST)
        return error_set(error, -EEXIST,
                         "key file %s exists; it was left alone, since what was sealed with it "
                         "cannot be opened with another",
                         path);
    if (fd < 0)
        return error_set(error, -errno, "key file %s: %s", path, strerrordesc_np(errno));
    random_bytes(bytes, sizeof(bytes));
    to_hex(bytes, sizeof(bytes), text);
    text[KEY_DIGITS] = '\n';
    status = write_key(fd, text, KEY_DIGITS + 1);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(text, sizeof(text));
    if (status) {
        unlink(path);
        return error_set(error, status, "key file %s: %s", path, strerrordesc_np(-status));
    }
    return 0;
}

/* ---- sealing ---- */

int seal(const struct seal_key *key, const char *context, const char *text, size_t length,
         unsigned char *ret_sealed)
{
    unsigned char *inside = ret_sealed + NONCE_BYTES;
    auto_cipher *cipher = EVP_CIPHER_CTX_new();
    int count;

    if (!cipher)
        return -ENOMEM;
    if (length > INT_MAX - SEAL_OVERHEAD || strlen(context) > INT_MAX)
        return -E2BIG;
    random_bytes(ret_sealed, NONCE_BYTES);
    if (!EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, ret_sealed) ||
        !EVP_EncryptUpdate(cipher, NULL, &count, (const unsigned char *)context,
                           (int)strlen(context)) ||
        !EVP_EncryptUpdate(cipher, inside, &count, (const unsigned char *)text, (int)length) ||
        !EVP_EncryptFinal_ex(cipher, inside + length, &count) ||
        !EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, inside + length))
        return -EIO;
    return 0;
}

int unseal(const struct seal_key *key, const char *context, const unsigned char *sealed,
           size_t length, char *ret_text)
{
    auto_cipher *cipher = EVP_CIPHER_CTX_new();
    const unsigned char *inside = sealed + NONCE_BYTES;
    unsigned char tag[TAG_BYTES];
    size_t inside_length;
    int count;

    if (!cipher)
        return -ENOMEM;
    if (length < SEAL_OVERHEAD || length > INT_MAX || strlen(context) > INT_MAX)
        return -EBADMSG;
    inside_length = length - SEAL_OVERHEAD;
    memcpy(tag, inside + inside_length, TAG_BYTES);
    if (!EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, sealed) ||
        !EVP_DecryptUpdate(cipher, NULL, &count, (const unsigned char *)context,
                           (int)strlen(context)) ||
        !EVP_DecryptUpdate(cipher, (unsigned char *)ret_text, &count, inside,
                           (int)inside_length) ||
        !EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) ||
        EVP_DecryptFinal_ex(cipher, (unsigned char *)ret_text + inside_length, &count) <= 0) {
        OPENSSL_cleanse(ret_text, inside_length + 1);
        return -EBADMSG;
    }
    ret_text[inside_length] = '\0';
    return 0;
}
