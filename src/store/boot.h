/* SPDX-License-Identifier: Apache-2.0 */
/* Boots: what became of an instance, joined from several messages that come in any order. */
#ifndef LARDER_STORE_BOOT_H
#define LARDER_STORE_BOOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "store/sighting.h"
#include "store/store.h"

enum boot_outcome { BOOT_BEGUN, BOOT_ACTIVE, BOOT_FAILED };
#define BOOT_OUTCOME_CHOICES "begun|active|failed"

/* "" and 0 mean: not known (yet). */
struct boot {
    char instance_id[ID_SIZE];
    char project_id[ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char image_id[ID_SIZE];
    char flavor_id[NAME_SIZE];
    char flavor_name[NAME_SIZE];
    int64_t vcpus, memory_mb, disk_gb;
    char zone[NAME_SIZE];
    char host[NAME_SIZE];
    enum boot_outcome outcome;
    int64_t asked_ms, finished_ms, deleted_ms;
};

/* Adds what 'note' knows to 'boot', as boots_note() does in the store.  Pure. */
void boot_join(struct boot *boot, const struct boot *note);

/* Joins each row with what is known of its instance: texts and sizes that were unknown are filled;
 * an instance that became active on one host has not failed, though it failed on another before;
 * it was asked for at the earliest time named, and deleted at the latest. */
int boots_note(struct store *store, const struct boot *rows, size_t count, struct error *error);
/* How many of these instances are known; each stands there once. */
int boots_known(struct store *store, const struct boot *rows, size_t count, int64_t *ret_known,
                struct error *error);
/* The requests of these instances; "" when not known.  'wait': for those who are just noting one of
 * them, until they have committed. */
int boots_requests(struct store *store, struct boot_request *rows, size_t count, bool wait,
                   struct error *error);
int boot_get(struct store *store, const char *instance_id, struct boot *ret_boot,
             struct error *error); /* -ENOENT */

#endif
