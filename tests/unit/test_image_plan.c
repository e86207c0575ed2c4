/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bootstrap/image_plan: what is wanted, in which order, and what stands against it. */
#include <stdlib.h>
#include <string.h>

#include "bootstrap/image_plan.h"
#include "unit.h"

#define OWNER "3cabd5f4b1404e068a8af11e6ea6bc01"
#define GIB ((int64_t)1 << 30)

static const struct image_rules rules = { .least_boots = 1, .disk_gb = 10, .requests = 2 };

static struct image_wish wish(const char *id, int64_t floor, double boots)
{
    struct image_wish made = { .pool = { .floor = floor, .ceiling = 100 }, .boots = boots };

    text_copy(made.pool.id, sizeof(made.pool.id), id);
    return made;
}

START_TEST(test_wanted_by_floor_or_forecast)
{
    struct image_wish one = wish("a", 0, 0.9);

    ck_assert(!image_is_wanted(&one, &rules));
    one.boots = 1;
    ck_assert(image_is_wanted(&one, &rules));
    one.boots = 0.5;
    one.pool.target = 3; /* it was wanted: half as much will do */
    ck_assert(image_is_wanted(&one, &rules));
    one.boots = 0.49;
    ck_assert(!image_is_wanted(&one, &rules));
    one.pool.floor = 1;
    ck_assert(image_is_wanted(&one, &rules));
    one.pool.ceiling = 0;
    ck_assert(!image_is_wanted(&one, &rules));
    one.pool.ceiling = 9;
    one.pool.state = POOL_PAUSED;
    ck_assert(!image_is_wanted(&one, &rules));
}
END_TEST

START_TEST(test_nothing_forecast_is_nothing_wanted)
{
    const struct image_rules all = { .least_boots = 0 };
    struct image_wish one = wish("a", 0, 0);

    ck_assert(!image_is_wanted(&one, &all));
    one.boots = 0.001;
    ck_assert(image_is_wanted(&one, &all));
}
END_TEST

START_TEST(test_floors_come_first)
{
    struct image_wish wishes[] = { wish("a", 0, 5), wish("b", 1, 0), wish("d", 0, 9),
                                   wish("c", 0, 5), wish("e", 2, 3) };
    char order[6] = "";

    qsort(wishes, 5, sizeof(wishes[0]), image_wish_compare);
    for (size_t i = 0; i < 5; i++)
        order[i] = wishes[i].pool.id[0];
    ck_assert_str_eq(order, "ebdac");
}
END_TEST

START_TEST(test_one_at_a_time)
{
    struct image_wish one = wish("a", 1, 0);
    struct image_standing standing = { .hosts = 3, .able = 3, .due = 1 };

    one.pool.not_before_ms = 1000;
    ck_assert(image_is_due(&one, &standing, &rules, 1, 1000));
    ck_assert(!image_is_due(&one, &standing, &rules, 1, 999)); /* the pool waits */
    ck_assert(!image_is_due(&one, &standing, &rules, 2, 1000)); /* Nova is busy */
    standing.asked = 1; /* the aggregate is */
    ck_assert(!image_is_due(&one, &standing, &rules, 0, 1000));
    standing.asked = standing.due = 0;
    ck_assert(!image_is_due(&one, &standing, &rules, 0, 1000));
}
END_TEST

static const struct aggregate open_to_all = { .id = 1 };
static const struct aggregate of_owner = { .id = 2, .isolated = true, .projects = OWNER "," };
static const struct aggregate of_others = { .id = 3, .isolated = true, .projects = "x," };

static bool may(const char *status, const char *visibility, bool hidden, int64_t floor,
                const struct aggregate *aggregate, int64_t used)
{
    struct image image = { .hidden = hidden, .owner = OWNER };
    const struct pool pool = { .floor = floor };
    const struct image_standing standing = { .used = used };

    text_copy(image.status, sizeof(image.status), status);
    text_copy(image.visibility, sizeof(image.visibility), visibility);
    return !image_obstacle(&image, aggregate, &pool, &standing);
}

START_TEST(test_obstacles)
{
    ck_assert(may("active", "public", false, 0, &open_to_all, 0));
    ck_assert(!may("deactivated", "public", false, 1, &open_to_all, 1));
    ck_assert(!may("queued", "public", false, 1, &open_to_all, 1));
    ck_assert(!may("active", "public", true, 0, &open_to_all, 1));
    ck_assert(may("active", "public", true, 1, &open_to_all, 0));
    ck_assert(!may("active", "public", false, 1, NULL, 0));
    ck_assert(may("active", "public", false, 0, &of_others, 0));
    ck_assert(may("active", "community", false, 0, &of_others, 0));
    ck_assert(may("active", "private", false, 0, &open_to_all, 0));
    ck_assert(may("active", "private", false, 0, &of_owner, 0));
    ck_assert(!may("active", "private", false, 1, &of_others, 0));
    ck_assert(!may("active", "shared", false, 0, &of_others, 0));
    ck_assert(may("active", "shared", false, 0, &of_others, 1)); /* a member booted it there */
}
END_TEST

START_TEST(test_encrypted_images_are_left_alone)
{
    struct image image = { .status = "active", .visibility = "public", .encrypted = true };
    const struct pool pool = { .floor = 1 };
    const struct image_standing standing = { .used = 1 };

    ck_assert_ptr_nonnull(image_obstacle(&image, &open_to_all, &pool, &standing));
}
END_TEST

START_TEST(test_disk)
{
    const struct image image = { .size = 1, .virtual_size = 3 * GIB };
    struct image_standing standing = { .bytes = 7 * GIB };

    ck_assert(image_fits(&image, &standing, &rules));
    standing.bytes++;
    ck_assert(!image_fits(&image, &standing, &rules));
}
END_TEST

UNIT_MAIN("image plan", test_wanted_by_floor_or_forecast, test_nothing_forecast_is_nothing_wanted,
          test_floors_come_first, test_one_at_a_time, test_obstacles,
          test_encrypted_images_are_left_alone, test_disk)
