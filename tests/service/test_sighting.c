/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen: series, sightings, boots, watches and gaps; written twice, in any order. */
#include "store/sighting.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"
#include "role/sink.h"
#include "store/boot.h"
#include "store/gap.h"
#include "store/query.h"
#include "store/slot.h"
#include "tests/service/claims.h"

#define INSTANCE "11111111-1111-4111-8111-111111111111"
#define IMAGE "22222222-2222-4222-8222-222222222222"
#define PROJECT "33333333333343338333333333333333"
#define REQUEST "req-44444444-4444-4444-8444-444444444444"

/* ---- series ---- */

START_TEST(test_series_are_found_or_made)
{
    struct series rows[3], read;

    series_of_capacity("m1.tiny", "nova", PROJECT, 2000, &rows[0]);
    series_of_image(IMAGE, 2000, &rows[1]);
    series_of_capacity("m1.tiny", "nova", PROJECT, 1000, &rows[2]); /* the first once more */
    must(series_note(service_store, rows, 3, &error));
    ck_assert_int_eq(rows[0].id, rows[2].id);
    ck_assert_int_ne(rows[0].id, rows[1].id);
    series_of_capacity("m1.tiny", "nova", PROJECT, 3000, &rows[2]);
    must(series_note(service_store, &rows[2], 1, &error));
    ck_assert_int_eq(rows[0].id, rows[2].id);
    must(series_get(service_store, rows[0].id, &read, &error));
    ck_assert_int_eq(read.kind, SERIES_CAPACITY);
    ck_assert_int_eq(read.began_ms, 1000);
    ck_assert_int_eq(read.last_ms, 3000);
    ck_assert_str_eq(read.zone, "nova");
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM series"), 2);
}
END_TEST

START_TEST(test_series_differ_by_each_part)
{
    struct series one, other;

    series_of_capacity("a", "b", PROJECT, 1, &one);
    series_of_capacity("ab", "", PROJECT, 1, &other);
    ck_assert_str_ne(one.digest, other.digest);
    series_of_capacity("b", "a", PROJECT, 1, &other);
    ck_assert_str_ne(one.digest, other.digest);
}
END_TEST

static void note_body(struct store *store, int index, void *context)
{
    struct series rows[50];

    (void)context;
    for (int i = 0; i < 50; i++) {
        char flavor[32];

        snprintf(flavor, sizeof(flavor), "flavor-%d", index % 2 ? i : 49 - i);
        series_of_capacity(flavor, "nova", PROJECT, 1000 + index, &rows[i]);
    }
    must(series_note(store, rows, 50, &error));
    for (int i = 0; i < 50; i++)
        ck_assert_int_gt(rows[i].id, 0);
}

START_TEST(test_many_make_the_same_series)
{
    struct series read[60];
    size_t count;

    service_parallel(8, note_body, NULL);
    must(series_list(service_store, SERIES_CAPACITY, PROJECT, 0, 60, read, &count, &error));
    ck_assert_uint_eq(count, 50);
    must(series_list(service_store, -1, NULL, read[29].id, 60, read, &count, &error));
    ck_assert_uint_eq(count, 20);
    must(series_list(service_store, SERIES_PORT, NULL, 0, 60, read, &count, &error));
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* ---- sightings ---- */

START_TEST(test_sighting_is_added_once)
{
    struct series series;

    series_of_image(IMAGE, 5000, &series);
    must(sighting_note(service_store, &series, INSTANCE, "", SIGHTING_BUS, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE request_id = ''"), 1);
    must(sighting_note(service_store, &series, INSTANCE, REQUEST, SIGHTING_HOOK, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE request_id = '" REQUEST
                                    "' AND source = 'bus' AND at_ms = 5000"), 1);
    must(sighting_note(service_store, &series, INSTANCE, "", SIGHTING_BUS, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE request_id <> ''"), 1);
}
END_TEST

START_TEST(test_hit_is_a_sighting)
{
    struct claim_request request;
    struct adoption_request adoption;
    struct ask ask;
    char pool[ID_SIZE];

    service_volume_ask(1, &ask);
    service_pool(&ask, 1, pool);
    request = request_for(1, &ask, 1);
    make_claim(&request, NOW, true);
    adoption = adoption_for(&request);
    ck_assert_str_eq(adopt(&adoption, NOW), "");
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings"), 0);
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, "", NOW + 10, &error));
    must(adoption_finish(service_store, adopted.id, ADOPTION_DONE, "", NOW + 20, &error));
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings JOIN series"
                                    " ON series.id = series_id JOIN pools ON key_digest = digest"
                                    " JOIN adoptions USING (resource_id)"
                                    " WHERE sightings.kind = 'volume' AND source = 'hook'"
                                    " AND sightings.request_id = adoptions.request_id"), 1);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings"), 1);
}
END_TEST

/* ---- boots ---- */

static const struct boot notes[] = {
    { .instance_id = INSTANCE, .project_id = PROJECT, .request_id = REQUEST, .flavor_id = "f",
      .zone = "nova", .asked_ms = 1500 },
    { .instance_id = INSTANCE, .image_id = IMAGE, .vcpus = 2, .host = "host1",
      .outcome = BOOT_FAILED, .asked_ms = 1000, .finished_ms = 3000 },
    { .instance_id = INSTANCE, .host = "host2", .outcome = BOOT_ACTIVE, .asked_ms = 1000,
      .finished_ms = 5000 },
    { .instance_id = INSTANCE, .project_id = PROJECT, .host = "host2", .asked_ms = 1000,
      .deleted_ms = 9000 },
};

static void check_boot(const struct boot *boot)
{
    ck_assert_str_eq(boot->project_id, PROJECT);
    ck_assert_str_eq(boot->request_id, REQUEST);
    ck_assert_str_eq(boot->image_id, IMAGE);
    ck_assert_str_eq(boot->host, "host2");
    ck_assert_int_eq(boot->vcpus, 2);
    ck_assert_int_eq(boot->outcome, BOOT_ACTIVE);
    ck_assert_int_eq(boot->asked_ms, 1000);
    ck_assert_int_eq(boot->finished_ms, 5000);
    ck_assert_int_eq(boot->deleted_ms, 9000);
}

/* The order of the notes: all 24. */
static void order(int number, struct boot *ret_rows)
{
    int left[] = { 0, 1, 2, 3 };

    for (int i = 0, count = 4; i < 4; i++, count--) {
        int pick = number % count;

        number /= count;
        ret_rows[i] = notes[left[pick]];
        for (int j = pick; j < count - 1; j++)
            left[j] = left[j + 1];
    }
}

START_TEST(test_boot_is_joined_in_any_order)
{
    for (int number = 0; number < 24; number++) {
        struct boot rows[4], read, joined;

        order(number, rows);
        joined = rows[0];
        for (int i = 1; i < 4; i++)
            boot_join(&joined, &rows[i]);
        check_boot(&joined);
        must(query_run(service_store, "DELETE FROM boots", NO_VALUES, NULL, &error));
        must(boots_note(service_store, rows, 4, &error));
        must(boots_note(service_store, &rows[number % 4], 1, &error)); /* a duplicate */
        must(boot_get(service_store, INSTANCE, &read, &error));
        check_boot(&read);
    }
}
END_TEST

/* ---- watches and gaps ---- */

START_TEST(test_watches_and_gaps)
{
    struct watch watch;
    struct gap gaps[4];
    size_t count;

    ck_assert_int_eq(watch_get(service_store, SOURCE_BUS, &watch, NULL), -ENOENT);
    must(watch_note(service_store, SOURCE_BUS, 1000, &error));
    must(watch_note(service_store, SOURCE_BUS, 3000, &error));
    must(watch_note(service_store, SOURCE_BUS, 2000, &error));
    must(watch_get(service_store, SOURCE_BUS, &watch, &error));
    ck_assert_int_eq(watch.since_ms, 1000);
    ck_assert_int_eq(watch.until_ms, 3000);
    must(gap_note(service_store, SOURCE_BUS, 3000, 4000, "made anew", &error));
    must(gap_note(service_store, SOURCE_BUS, 3000, 5000, "made anew", &error));
    must(gap_note(service_store, "gnocchi", 100, 200, "down", &error));
    must(gap_list(service_store, NULL, ALL_KINDS, 0, 4, gaps, &count, &error));
    ck_assert_uint_eq(count, 2);
    must(gap_list(service_store, SOURCE_BUS, ALL_KINDS, 4500, 4, gaps, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(gaps[0].until_ms, 5000);
    must(gap_fill(service_store, gaps[0].id, ALL_KINDS, 6000, &error));
    must(gap_list(service_store, SOURCE_BUS, ALL_KINDS, 0, 4, gaps, &count, &error));
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* Filled from what is known of instances, it stays a gap for ports and volumes. */
START_TEST(test_gap_is_filled_by_kind)
{
    static const bool missed[SERIES_KINDS] = { [SERIES_PORT] = true, [SERIES_VOLUME] = true };
    autofree struct watching *watching = calloc(1, sizeof(*watching));
    struct gap gap;
    size_t count;

    ck_assert(watching != NULL);
    must(watch_note(service_store, SOURCE_BUS, 9000, &error));
    must(gap_note(service_store, SOURCE_BUS, 3000, 5000, "made anew", &error));
    must(gap_list(service_store, SOURCE_BUS, KINDS_OF_INSTANCES, 0, 1, &gap, &count, &error));
    ck_assert_int_eq(gap.filled, 0);
    must(gap_fill(service_store, gap.id, KINDS_OF_INSTANCES, 6000, &error));
    must(gap_list(service_store, SOURCE_BUS, KINDS_OF_INSTANCES, 0, 1, &gap, &count, &error));
    ck_assert_uint_eq(count, 0);
    must(watching_read(service_store, 0, watching, &error));
    ck_assert_uint_eq(watching->gap_count, 1);
    ck_assert_int_eq(watching->filled_ms, 6000);
    for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++) {
        ck_assert_int_eq(watching_misses(watching, kind, 4000, 6000), missed[kind]);
        ck_assert(!watching_misses(watching, kind, 5000, 9000));
        ck_assert(watching_misses(watching, kind, 8000, 9001));
    }
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM gaps WHERE filled = 'image,capacity'"),
                     1);
}
END_TEST

/* ---- two listeners at once ---- */

static atomic_bool told;

static void pause_ms(int64_t ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

static int tell_boot_and_linger(struct store *store, void *context, struct error *error)
{
    struct boot_event event = { .kind = EVENT_INSTANCE, .change = CHANGE_MADE, .at_ms = 1000,
                                .request_id = REQUEST };
    const struct harvest harvest = { .events = &event, .count = 1, .pool_project = "",
                                     .now_ms = 1000 };
    int status;

    (void)context;
    event.instance = (struct boot){ .instance_id = INSTANCE, .project_id = PROJECT,
                                    .request_id = REQUEST, .flavor_id = "small",
                                    .asked_ms = 1000 };
    status = sinks_take(store, &harvest, error);
    atomic_store(&told, true);
    pause_ms(500);
    return status;
}

static void tell_port(struct store *store)
{
    struct boot_event event = { .kind = EVENT_PORT, .change = CHANGE_MADE, .at_ms = 1000 };
    const struct harvest harvest = { .events = &event, .count = 1, .pool_project = "",
                                     .now_ms = 1000 };
    struct ask ask;

    service_port_ask(1, &ask);
    text_copy(event.port.port_id, ID_SIZE, IMAGE);
    text_copy(event.port.device_id, ID_SIZE, INSTANCE);
    service_key_of(&ask, &event.port.key);
    must(sinks_take(store, &harvest, &error));
}

static void listen_body(struct store *store, int index, void *context)
{
    (void)context;
    if (index == 0) {
        must(store_transaction(store, tell_boot_and_linger, NULL, &error));
        return;
    }
    while (!atomic_load(&told))
        pause_ms(1);
    tell_port(store);
}

/* Neither transaction sees the other's row before it is committed. */
START_TEST(test_a_boot_and_its_port_are_told_at_once)
{
    atomic_store(&told, false);
    service_parallel(2, listen_body, NULL);
    ck_assert_int_eq(service_number("SELECT COUNT(*) FROM sightings WHERE kind = 'port'"
                                    " AND request_id = '" REQUEST "'"), 1);
}
END_TEST

SERVICE_MAIN("sighting", test_series_are_found_or_made, test_series_differ_by_each_part,
             test_many_make_the_same_series, test_sighting_is_added_once, test_hit_is_a_sighting,
             test_boot_is_joined_in_any_order, test_watches_and_gaps,
             test_gap_is_filled_by_kind, test_a_boot_and_its_port_are_told_at_once)
