/* SPDX-License-Identifier: Apache-2.0 */
/* transport_urls: those that oslo.messaging takes, and those that nobody should. */
#include "bus/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static struct transport parsed(const char *url)
{
    struct transport transport;
    struct error error = { 0 };

    ck_assert_msg(transport_parse(url, &transport, &error) == 0, "%s: %s", url, error.message);
    return transport;
}

START_TEST(test_several_hosts)
{
    struct transport transport = parsed("rabbit://u:p@h1:5673,v%40:q%2F%2C@[::1]:5674,h3/larder");

    ck_assert_uint_eq(transport.host_count, 3);
    ck_assert_str_eq(transport.hosts[0].name, "h1");
    ck_assert_int_eq(transport.hosts[0].port, 5673);
    ck_assert_str_eq(transport.hosts[0].password, "p");
    ck_assert_str_eq(transport.hosts[1].name, "::1");
    ck_assert_int_eq(transport.hosts[1].port, 5674);
    ck_assert_str_eq(transport.hosts[1].user, "v@");
    ck_assert_str_eq(transport.hosts[1].password, "q/,");
    ck_assert_str_eq(transport.hosts[2].name, "h3");
    ck_assert_int_eq(transport.hosts[2].port, 5672);
    ck_assert_str_eq(transport.hosts[2].user, "v@"); /* of the host before */
    ck_assert_str_eq(transport.virtual_host, "larder");
    ck_assert(!transport.tls);
}
END_TEST

START_TEST(test_virtual_hosts)
{
    static const char *const rows[][2] = {
        { "rabbit://h", "/" },        { "rabbit://h/", "/" },      { "rabbit://h//", "/" },
        { "rabbit://h/%2Fa", "/a" },  { "rabbit://h/a", "a" },     { "rabbit://h/a?b=c", "a" },
        { "rabbit://h?b=c", "/" },    { "rabbit://h//a", "/a" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        ck_assert_str_eq(parsed(rows[i][0]).virtual_host, rows[i][1]);
}
END_TEST

START_TEST(test_defaults_and_tls)
{
    struct transport transport = parsed("rabbit:///");

    ck_assert_str_eq(transport.hosts[0].name, "localhost");
    ck_assert_str_eq(transport.hosts[0].user, "guest");
    ck_assert_int_eq(transport.hosts[0].port, 5672);
    ck_assert_str_eq(parsed("rabbit://u@h/").hosts[0].password, "");
    ck_assert_int_eq(parsed("amqps://h/").hosts[0].port, 5671);
    ck_assert(parsed("amqps://h/").tls);
    ck_assert(parsed("rabbit://h/v?driver=x&ssl=True").tls);
    ck_assert(!parsed("rabbit://h/v?ssl=0").tls);
    ck_assert_int_eq(parsed("rabbit://h:5672/v?ssl=1").hosts[0].port, 5672);
}
END_TEST

START_TEST(test_refused)
{
    static const char *const urls[] = {
        "", "h:5672", "kafka://h/", "http://h/", "rabbit://u:secret@h:0/", "rabbit://u:secret@h:x/",
        "rabbit://u:secret@h:65536/", "rabbit://u:secret@[::1/", "rabbit://u:sec%ret@h/",
        "rabbit://u:secret%00@h/", "rabbit://:secret@h/", "rabbit://u:secret@h/%zz",
        "rabbit://u:secret@[::1]x/", "rabbit://u:secret@h:/",
        "rabbit://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/",
    };

    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        struct transport transport;
        struct error error = { 0 };

        ck_assert_msg(transport_parse(urls[i], &transport, &error) == -EINVAL, "%s", urls[i]);
        ck_assert_ptr_null(strstr(error.message, "secret"));
        ck_assert(error.message[0]);
    }
}
END_TEST

START_TEST(test_too_long)
{
    char url[1024];
    struct transport transport;

    snprintf(url, sizeof(url), "rabbit://u:p@%0300d/", 1);
    ck_assert_int_eq(transport_parse(url, &transport, NULL), -EINVAL);
    snprintf(url, sizeof(url), "rabbit://u:%0300d@h/", 1);
    ck_assert_int_eq(transport_parse(url, &transport, NULL), -EINVAL);
    snprintf(url, sizeof(url), "rabbit://u:p@h/%0300d", 1);
    ck_assert_int_eq(transport_parse(url, &transport, NULL), -EINVAL);
}
END_TEST

UNIT_MAIN("transport", test_several_hosts, test_virtual_hosts, test_defaults_and_tls, test_refused,
          test_too_long)
