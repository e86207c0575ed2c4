/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cloud/catalog: endpoints however they are written. */
#include "cloud/catalog.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

#define PROJECT "3cabd5f4b1404e068a8af11e6ea6bc01"

START_TEST(test_root)
{
    static const struct {
        enum service service;
        const char *endpoint, *root;
    } cases[] = {
        { SERVICE_IDENTITY, "http://k:5000/v3", "http://k:5000/v3" },
        { SERVICE_IDENTITY, "http://k:5000/v3/", "http://k:5000/v3" },
        { SERVICE_IDENTITY, "http://k:5000", "http://k:5000/v3" },
        { SERVICE_IDENTITY, "https://k/identity", "https://k/identity/v3" },
        { SERVICE_IDENTITY, "https://k/identity/v2.0", "https://k/identity/v3" },
        { SERVICE_NETWORK, "http://n:9696", "http://n:9696/v2.0" },
        { SERVICE_NETWORK, "http://n:9696/", "http://n:9696/v2.0" },
        { SERVICE_NETWORK, "http://n:9696/v2.0", "http://n:9696/v2.0" },
        { SERVICE_NETWORK, "http://h/networking", "http://h/networking/v2.0" },
        { SERVICE_VOLUME, "http://c:8776/v3/" PROJECT, "http://c:8776/v3/" PROJECT },
        { SERVICE_VOLUME, "http://c:8776/v3", "http://c:8776/v3/" PROJECT },
        { SERVICE_VOLUME, "http://c:8776", "http://c:8776/v3/" PROJECT },
        { SERVICE_VOLUME, "http://c/volume/v3/%(project_id)s/", "http://c/volume/v3/" PROJECT },
        { SERVICE_VOLUME, "http://c/v2/$(tenant_id)s", "http://c/v3/" PROJECT },
        { SERVICE_IMAGE, "http://g:9292", "http://g:9292/v2" },
        { SERVICE_IMAGE, "http://g/image/v2/", "http://g/image/v2" },
        { SERVICE_COMPUTE, "http://c:8774/v2.1", "http://c:8774/v2.1" },
        { SERVICE_COMPUTE, "http://c:8774/v2.1/" PROJECT, "http://c:8774/v2.1" },
        { SERVICE_NETWORK, "http://v2.example.org", "http://v2.example.org/v2.0" },
        { SERVICE_NETWORK, "http://n/vault", "http://n/vault/v2.0" },
        { SERVICE_NETWORK, "http://[::1]:9696", "http://[::1]:9696/v2.0" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char root[URL_SIZE];

        ck_assert_int_eq(catalog_root(cases[i].endpoint, cases[i].service, PROJECT, root, NULL), 0);
        ck_assert_str_eq(root, cases[i].root);
    }
}
END_TEST

START_TEST(test_no_url)
{
    static const char *const bad[] = { "", "keystone:5000", "ftp://k/v3", "file:///etc/passwd",
                                       "://", "httpx://k" };
    char root[URL_SIZE], endless[2 * URL_SIZE] = "http://";
    struct error error = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_int_eq(catalog_root(bad[i], SERVICE_NETWORK, PROJECT, root, &error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error.message, "Neutron"));
    memset(endless + 7, 'x', sizeof(endless) - 8);
    ck_assert_int_eq(catalog_root(endless, SERVICE_NETWORK, PROJECT, root, NULL), -EINVAL);
}
END_TEST

static const char catalog_text[] =
    "[{\"endpoints\": ["
    "  {\"interface\": \"internal\", \"region_id\": \"One\", \"url\": \"http://n-int\"},"
    "  {\"interface\": \"public\", \"region\": \"One\", \"url\": \"http://n-pub\"},"
    "  {\"interface\": \"internal\", \"region\": \"Two\", \"url\": \"http://n-two\"}],"
    " \"id\": \"1d4ac8ab\", \"type\": \"network\", \"name\": \"neutron\"},"
    " {\"endpoints\": [{\"interface\": \"public\", \"region\": \"One\", \"url\": \"http://old\"}],"
    "  \"type\": \"volume\", \"name\": \"cinder\"},"
    " {\"endpoints\": [{\"interface\": \"public\", \"region\": \"One\", \"url\": \"http://new\"}],"
    "  \"type\": \"volumev3\", \"name\": \"cinderv3\"},"
    " {\"endpoints\": [], \"type\": \"compute\"}, {\"type\": \"image\"}, 7, null]";

START_TEST(test_find)
{
    auto_json *catalog = NULL;

    ck_assert_int_eq(json_parse(catalog_text, strlen(catalog_text), &catalog, NULL), 0);
    ck_assert_str_eq(catalog_find(catalog, SERVICE_NETWORK, "One", "internal"), "http://n-int");
    ck_assert_str_eq(catalog_find(catalog, SERVICE_NETWORK, "One", "public"), "http://n-pub");
    ck_assert_str_eq(catalog_find(catalog, SERVICE_NETWORK, "Two", "internal"), "http://n-two");
    ck_assert_str_eq(catalog_find(catalog, SERVICE_NETWORK, "", "internal"), "http://n-int");
    ck_assert_str_eq(catalog_find(catalog, SERVICE_VOLUME, "One", "public"), "http://new");
    ck_assert_ptr_null(catalog_find(catalog, SERVICE_NETWORK, "Two", "public"));
    ck_assert_ptr_null(catalog_find(catalog, SERVICE_NETWORK, "Three", "internal"));
    ck_assert_ptr_null(catalog_find(catalog, SERVICE_COMPUTE, "One", "public"));
    ck_assert_ptr_null(catalog_find(catalog, SERVICE_IMAGE, "One", "public"));
    ck_assert_ptr_null(catalog_find(NULL, SERVICE_IMAGE, "", "public"));
}
END_TEST

UNIT_MAIN("cloud/catalog", test_root, test_no_url, test_find)
