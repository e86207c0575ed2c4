/* SPDX-License-Identifier: Apache-2.0 */
/* Database URLs: the forms that oslo.db knows, and that no message gives a password away. */
#include "store/url.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct database_url parsed(const char *text)
{
    struct database_url url;
    struct error error = { 0 };

    ck_assert_msg(database_url_parse(text, &url, &error) == 0, "%s: %s", text, error.message);
    return url;
}

START_TEST(test_whole_url)
{
    struct database_url url = parsed("mysql+pymysql://lar%40der:s%3Ae%2Fc%25@db.example:3307/larder"
                                     "?charset=utf8&ssl_ca=/etc/ssl/a%20b.pem");

    ck_assert_str_eq(url.user, "lar@der");
    ck_assert_str_eq(url.password, "s:e/c%");
    ck_assert_str_eq(url.host, "db.example");
    ck_assert_int_eq(url.port, 3307);
    ck_assert_str_eq(url.database, "larder");
    ck_assert_str_eq(url.ssl_ca, "/etc/ssl/a b.pem");
    ck_assert(url.ssl && url.ssl_verify);
}
END_TEST

START_TEST(test_short_forms)
{
    struct database_url url = parsed("mysql://larder@localhost/larder");

    ck_assert_str_eq(url.password, "");
    ck_assert_int_eq(url.port, 3306);
    ck_assert(!url.ssl);
    url = parsed("mysql://a:b@[::1]:3308/x");
    ck_assert_str_eq(url.host, "::1");
    ck_assert_int_eq(url.port, 3308);
    url = parsed("mysql://a:b@/x?unix_socket=%2Frun%2Fmysqld.sock");
    ck_assert_str_eq(url.unix_socket, "/run/mysqld.sock");
}
END_TEST

START_TEST(test_tls_is_verified_unless_told)
{
    ck_assert(parsed("mysql://a:b@c/d?ssl=true").ssl_verify);
    ck_assert(!parsed("mysql://a:b@c/d?ssl=true&ssl_verify=false").ssl_verify);
    ck_assert(parsed("mysql://a:b@c/d?ssl_verify=false").ssl);
    ck_assert(!parsed("mysql://a:b@c/d?ssl_ca=/x&ssl_check_hostname=0").ssl_verify);
}
END_TEST

START_TEST(test_bad_urls)
{
    static const char *const bad[] = {
        "", "larder", "postgresql://a:hidden@c/d", "mysql://a:hidden@c", "mysql://a:hidden@c/",
        "mysql://a:hidden@c:0/d", "mysql://a:hidden@c:99999/d", "mysql://a:hidden@c:/d",
        "mysql://a:hidden%2@c/d", "mysql://a:hidden%00@c/d", "mysql://:hidden@c/d",
        "mysql://a:hidden@[::1/d", "mysql://a:hidden@c/d?ssl", "mysql://a:hidden@c/d?ssl=maybe",
        "mysql://a:hidden@c/d?sll_ca=/x", "mysql://a:hidden@[::1]3306/d",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error = { 0 };
        struct database_url url;

        ck_assert_msg(database_url_parse(bad[i], &url, &error) == -EINVAL, "%s", bad[i]);
        ck_assert_str_ne(error.message, "");
        ck_assert_ptr_null(strstr(error.message, "hidden"));
    }
}
END_TEST

UNIT_MAIN("url", test_whole_url, test_short_forms, test_tls_is_verified_unless_told, test_bad_urls)
