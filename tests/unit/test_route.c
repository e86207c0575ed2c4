/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: found, refused, and all of them in doc/api.md. */
#include "api/route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "unit.h"

#define UUID "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

static const struct route *route;
static char id[ID_SIZE], allow[64];

static int find(const char *method, const char *path)
{
    route = NULL;
    return route_find(method, path, &route, id, allow);
}

START_TEST(every_row_is_found_by_its_own_path)
{
    size_t count;
    const struct route *routes = route_table(&count);

    ck_assert_uint_gt(count, 10);
    for (size_t i = 0; i < count; i++) {
        const char *place = strchr(routes[i].path, '{');
        const char *text = strstr(routes[i].path, "{number}") ? "17" : UUID;
        char path[128];

        snprintf(path, sizeof(path), "%.*s%s",
                 place ? (int)(place - routes[i].path) : (int)strlen(routes[i].path),
                 routes[i].path, place ? text : "");
        ck_assert_int_eq(find(routes[i].method, path), 0);
        ck_assert_ptr_eq(route, &routes[i]);
        ck_assert_str_eq(id, place ? text : "");
        ck_assert_ptr_nonnull(routes[i].handler);
    }
}
END_TEST

START_TEST(ids_are_kept_in_small_letters)
{
    ck_assert_int_eq(find("GET", "/v1/pools/0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"), 0);
    ck_assert_str_eq(id, UUID);
}
END_TEST

START_TEST(other_paths_are_not_found)
{
    static const char *const paths[] = { "", "/v", "/v1x", "/v2/pools", "/v1/pool", "/v1/poolss",
                                         "/v1/pools/", "/v1/pools/" UUID "/", "v1/pools", "//",
                                         "/v1/pools/" UUID "/items", "/V1/pools", "/v1//pools",
                                         "/v1/pools/a/b", "*", "/../v1/pools" };

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        ck_assert_msg(find("GET", paths[i]) == -ENOENT, "'%s' was found", paths[i]);
}
END_TEST

START_TEST(other_methods_are_told_which_there_are)
{
    ck_assert_int_eq(find("DELETE", "/v1/pools/" UUID), -EPERM);
    ck_assert_str_eq(allow, "GET, PATCH");
    ck_assert_int_eq(find("PUT", "/v1/claims"), -EPERM);
    ck_assert_str_eq(allow, "POST, GET");
    ck_assert_int_eq(find("POST", "/healthcheck"), -EPERM);
    ck_assert_str_eq(allow, "GET, HEAD");
    ck_assert_int_eq(find("get", "/v1/pools"), -EPERM);
}
END_TEST

START_TEST(bad_ids_have_a_route_but_no_id)
{
    static const char *const ids[] = { "x", "%30", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", UUID "0",
                                       "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f", "..", "{id}" };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        char path[128];

        snprintf(path, sizeof(path), "/v1/items/%s", ids[i]);
        ck_assert_int_eq(find("GET", path), -EINVAL);
        ck_assert_ptr_nonnull(route);
        ck_assert_str_eq(id, "");
    }
}
END_TEST

START_TEST(numbers_are_whole_and_positive)
{
    static const char *const bad[] = { UUID, "0", "-1", "+1", "1x", "0x1", "1.0", "%31", "1%20",
                                       "99999999999999999999", "{number}" };

    ck_assert_int_eq(find("GET", "/v1/series/9223372036854775807"), 0);
    ck_assert_str_eq(id, "9223372036854775807");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char path[128];

        snprintf(path, sizeof(path), "/v1/series/%s", bad[i]);
        ck_assert_msg(find("GET", path) == -EINVAL, "'%s' is a number", bad[i]);
        ck_assert_str_eq(id, "");
    }
}
END_TEST

/* The reference must have a heading for each row, as in "### GET /v1/pools/{id}", with its
 * access. */
START_TEST(every_route_is_documented)
{
    static char text[256 * 1024];
    const char *top = getenv("top_srcdir");
    char path[4096];
    size_t count;
    const struct route *routes = route_table(&count);
    FILE *file;

    snprintf(path, sizeof(path), "%s/doc/api.md", top ? top : ".");
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing", path);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < count; i++) {
        char heading[256];

        snprintf(heading, sizeof(heading), "\n### %s %s (%s)\n", routes[i].method, routes[i].path,
                 access_name(routes[i].access));
        ck_assert_msg(strstr(text, heading) != NULL, "doc/api.md has no heading '%s'", heading);
        for (size_t p = 0; routes[i].parameters && p < routes[i].parameters->count; p++) {
            char row[256];

            snprintf(row, sizeof(row), "`%s`", routes[i].parameters->rows[p].name);
            ck_assert_msg(strstr(strstr(text, heading), row) != NULL,
                          "doc/api.md says nothing of %s at %s", row, heading);
        }
    }
}
END_TEST

UNIT_MAIN("route", every_row_is_found_by_its_own_path, ids_are_kept_in_small_letters,
          other_paths_are_not_found, other_methods_are_told_which_there_are,
          bad_ids_have_a_route_but_no_id, numbers_are_whole_and_positive,
          every_route_is_documented)
