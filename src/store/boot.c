/* SPDX-License-Identifier: Apache-2.0 */
/* Boots: each message adds what it knows. */
#include "store/boot.h"

#include <string.h>

#include "base/cleanup.h"
#include "store/query.h"

static const struct column boot_columns[] = {
    TEXT_COLUMN(struct boot, instance_id),
    TEXT_COLUMN(struct boot, project_id),
    TEXT_COLUMN(struct boot, request_id),
    TEXT_COLUMN(struct boot, image_id),
    TEXT_COLUMN(struct boot, flavor_id),
    TEXT_COLUMN(struct boot, flavor_name),
    INT_COLUMN(struct boot, vcpus),
    INT_COLUMN(struct boot, memory_mb),
    INT_COLUMN(struct boot, disk_gb),
    TEXT_COLUMN(struct boot, zone),
    TEXT_COLUMN(struct boot, host),
    CHOICE_COLUMN(struct boot, outcome, BOOT_OUTCOME_CHOICES),
    INT_COLUMN(struct boot, asked_ms),
    INT_COLUMN(struct boot, finished_ms),
    INT_COLUMN(struct boot, deleted_ms),
};
static const struct row_type boot_type = ROW_TYPE(struct boot, boot_columns);

#define BOOT_COLUMNS                                                                               \
    "instance_id, project_id, request_id, image_id, flavor_id, flavor_name, vcpus, memory_mb,"    \
    " disk_gb, zone, host, outcome, asked_ms, finished_ms, deleted_ms"

/* ---- joining ---- */

static const size_t texts[][2] = { /* offset and size */
#define TEXT_OF(field) { offsetof(struct boot, field), sizeof(((struct boot *)0)->field) }
    TEXT_OF(project_id), TEXT_OF(request_id),  TEXT_OF(image_id),
    TEXT_OF(flavor_id),  TEXT_OF(flavor_name), TEXT_OF(zone),
};
static const size_t numbers[] = { offsetof(struct boot, vcpus), offsetof(struct boot, memory_mb),
                                  offsetof(struct boot, disk_gb) };

static void fill(struct boot *boot, const struct boot *note)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char *text = (char *)boot + texts[i][0];

        if (!*text)
            text_copy(text, texts[i][1], (const char *)note + texts[i][0]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        int64_t *number = (int64_t *)(void *)((char *)boot + numbers[i]);

        if (!*number)
            *number = *(const int64_t *)(const void *)((const char *)note + numbers[i]);
    }
}

/* Whether the note's word on the outcome, with its time and host, is the one that stays. */
static bool outdoes(const struct boot *note, const struct boot *boot)
{
    if (note->outcome == BOOT_BEGUN || boot->outcome == BOOT_ACTIVE)
        return false;
    return note->outcome == BOOT_ACTIVE || boot->outcome == BOOT_BEGUN;
}

void boot_join(struct boot *boot, const struct boot *note)
{
    bool newer = outdoes(note, boot);

    fill(boot, note);
    if (note->host[0] && (newer || !boot->host[0]))
        text_copy(boot->host, NAME_SIZE, note->host);
    if (newer) {
        boot->outcome = note->outcome;
        boot->finished_ms = note->finished_ms;
    }
    if (note->asked_ms && (!boot->asked_ms || note->asked_ms < boot->asked_ms))
        boot->asked_ms = note->asked_ms;
    if (note->deleted_ms > boot->deleted_ms)
        boot->deleted_ms = note->deleted_ms;
}

/* ---- rows ---- */

/* boot_join() once more.  MariaDB assigns from left to right, and what stands to the right sees
 * the new values: so the outcome comes last. */
#define FILL_TEXT(name) #name " = IF(" #name " = '', VALUES(" #name "), " #name ")"
#define FILL_NUMBER(name) #name " = IF(" #name " = 0, VALUES(" #name "), " #name ")"
#define NEWER                                                                                      \
    "(VALUES(outcome) <> 'begun' AND outcome <> 'active'"                                          \
    " AND (VALUES(outcome) = 'active' OR outcome = 'begun'))"
static const char note_sql[] =
    "INSERT INTO boots (" BOOT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON DUPLICATE KEY UPDATE " FILL_TEXT(project_id) ", " FILL_TEXT(request_id) ", "
    FILL_TEXT(image_id) ", " FILL_TEXT(flavor_id) ", " FILL_TEXT(flavor_name) ", "
    FILL_NUMBER(vcpus) ", " FILL_NUMBER(memory_mb) ", " FILL_NUMBER(disk_gb) ", "
    FILL_TEXT(zone) ", host = IF(VALUES(host) <> '' AND (host = '' OR " NEWER "), VALUES(host),"
    " host), finished_ms = IF(" NEWER ", VALUES(finished_ms), finished_ms),"
    " asked_ms = IF(VALUES(asked_ms) <> 0 AND (asked_ms = 0 OR VALUES(asked_ms) < asked_ms),"
    " VALUES(asked_ms), asked_ms), deleted_ms = GREATEST(deleted_ms, VALUES(deleted_ms)),"
    " outcome = IF(" NEWER ", VALUES(outcome), outcome)";

int boots_note(struct store *store, const struct boot *rows, size_t count, struct error *error)
{
    return query_run_many(store, note_sql, &boot_type, rows, count, NULL, error);
}

int boot_get(struct store *store, const char *instance_id, struct boot *ret_boot,
             struct error *error)
{
    return query_read_one(store, "SELECT " BOOT_COLUMNS " FROM boots WHERE instance_id = ?",
                          VALUES(TEXT(instance_id)), &boot_type, ret_boot, error);
}

/* ---- some by their ids ---- */

#define CHUNK 32 /* instances a query; fewer are filled up with "" */
#define PLACES_8 "?, ?, ?, ?, ?, ?, ?, ?"
#define IN_CHUNK " IN (" PLACES_8 ", " PLACES_8 ", " PLACES_8 ", " PLACES_8 ")"

static int count_known(struct store *store, const struct boot *rows, size_t count,
                       int64_t *ret_known, struct error *error)
{
    struct value values[CHUNK];

    for (size_t i = 0; i < CHUNK; i++)
        values[i] = TEXT(i < count ? rows[i].instance_id : "");
    return query_read_int(store, "SELECT COUNT(*) FROM boots WHERE instance_id" IN_CHUNK, values,
                          CHUNK, ret_known, error);
}

int boots_known(struct store *store, const struct boot *rows, size_t count, int64_t *ret_known,
                struct error *error)
{
    int r = 0;

    *ret_known = 0;
    for (size_t at = 0; at < count && r >= 0; at += CHUNK) {
        int64_t known = 0;

        r = count_known(store, rows + at, count - at < CHUNK ? count - at : CHUNK, &known, error);
        *ret_known += known;
    }
    return r;
}

/* ---- requests ---- */

static const struct column request_columns[] = {
    TEXT_COLUMN(struct boot_request, instance_id),
    TEXT_COLUMN(struct boot_request, request_id),
};
static const struct row_type request_type = ROW_TYPE(struct boot_request, request_columns);

static void tell(struct boot_request *rows, size_t count, const struct boot_request *found)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].instance_id, found->instance_id) == 0)
            text_copy(rows[i].request_id, REQUEST_ID_SIZE, found->request_id);
}

#define REQUESTS "SELECT instance_id, request_id FROM boots WHERE instance_id" IN_CHUNK

static int read_requests(struct store *store, const char *sql, struct boot_request *rows,
                         size_t count, struct error *error)
{
    struct value values[CHUNK];
    struct boot_request found[CHUNK];
    size_t found_count = 0;
    int r;

    for (size_t i = 0; i < CHUNK; i++)
        values[i] = TEXT(i < count ? rows[i].instance_id : "");
    r = query_read(store, sql, values, CHUNK, &request_type, found, CHUNK, &found_count, error);
    for (size_t i = 0; i < found_count && r >= 0; i++)
        tell(rows, count, &found[i]);
    return r;
}

int boots_requests(struct store *store, struct boot_request *rows, size_t count, bool wait,
                   struct error *error)
{
    const char *sql = wait ? REQUESTS " LOCK IN SHARE MODE" : REQUESTS;
    int r = 0;

    for (size_t at = 0; at < count && r >= 0; at += CHUNK)
        r = read_requests(store, sql, rows + at, count - at < CHUNK ? count - at : CHUNK, error);
    return r;
}
