/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of many series in one statement: batches for models, counts for people. */
#include "store/slot.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/boot.h"
#include "store/query.h"
#include "tests/service/predicting.h"

START_TEST(requests_are_batches_at_their_first_sighting)
{
    struct series one = capacity("m1", "a", START), other = capacity("m2", "a", START);
    struct batch batches[16];
    struct shard all = { 1, 0 }, mine = { 1000, other.id % 1000 };
    size_t count;

    see_request(&one, START + SLOT - 10, 3, 1);
    see_request(&one, START + SLOT + 10, 2, 1); /* the same request, in the next slot */
    see_request(&one, START + SLOT + 20, 2, 0); /* two that know of no request */
    see_request(&other, START + SLOT + 5, 4, 2);
    must(batches_of_shard(service_store, &all, START, START + SLOT, 16, batches, &count, &error));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(batches[0].size, 5);
    ck_assert_int_eq(batches[0].at_ms, START + SLOT - 10);
    must(batches_of_shard(service_store, &all, START + SLOT, START + 2 * SLOT, 16, batches, &count,
                          &error));
    ck_assert_uint_eq(count, 3);
    ck_assert_int_eq(batches[0].size, 1);
    ck_assert_int_eq(batches[1].size, 1);
    ck_assert_int_eq(batches[2].series_id, other.id);
    ck_assert_int_eq(batches[2].size, 4);
    must(batches_of_shard(service_store, &mine, START, START + DAY, 16, batches, &count, &error));
    ck_assert_uint_eq(count, 1);
    must(batches_of_series(service_store, one.id, START, START + DAY, 2, batches, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(batches[0].size, 5);
}
END_TEST

START_TEST(slots_are_counted_in_units)
{
    struct series series = capacity("m1", "a", START);
    struct boot boot = { .vcpus = 4, .memory_mb = 2048, .asked_ms = START };
    struct slot_count counts[8];
    char id[32];
    size_t count;

    snprintf(id, sizeof(id), "%" PRId64, series.id);
    see(&series, START + 1, 3);
    see(&series, START + 2, 2);
    see(&series, START + 3 * SLOT, 1);
    must(query_run(service_store, "UPDATE sightings SET resource_id = 'instance' WHERE at_ms = ?",
                   VALUES(INT(START + 3 * SLOT)), NULL, &error));
    text_copy(boot.instance_id, ID_SIZE, "instance");
    must(boots_note(service_store, &boot, 1, &error));
    must(slot_counts_read(service_store, FORECAST_SERIES, id, SLOT, START, START + DAY, 8, counts,
                          &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(counts[0].demand, 5);
    ck_assert_int_eq(counts[0].requests, 2);
    ck_assert_int_eq(counts[1].start_ms, START + 3 * SLOT);
    must(slot_counts_read(service_store, FORECAST_FLAVOR, "m1", SLOT, START, START + DAY, 8,
                          counts, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(counts[0].demand, 5);
    must(slot_counts_read(service_store, FORECAST_RESOURCE, "VCPU", SLOT, START, START + DAY, 8,
                          counts, &count, &error));
    ck_assert_int_eq(counts[1].demand, 4);
    must(slot_counts_read(service_store, FORECAST_RESOURCE, "ports", SLOT, START, START + DAY, 8,
                          counts, &count, &error));
    ck_assert_uint_eq(count, 0);
}
END_TEST

SERVICE_MAIN("slot", requests_are_batches_at_their_first_sighting, slots_are_counted_in_units)
