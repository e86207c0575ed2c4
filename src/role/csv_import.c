/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV file into the store, some hundred instances at a time; see csv.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "role/csv.h"
#include "role/history.h"

#define CHUNK_MOST 500

struct reading {
    FILE *file;
    struct csv_header header;
    char line[CSV_LINE_MOST], copy[CSV_LINE_MOST];
    int64_t number; /* of the line, from 1 */
    struct instance chunk[CHUNK_MOST + CSV_COUNT_MOST];
    size_t count;
    struct error last_error; /* of a line that was not understood */
};

/* The next line without its end; false at the end.  One that is too long is cut, and so
 * not understood for what is left of it. */
static bool next_line(struct reading *reading)
{
    size_t length;

    if (!fgets(reading->line, sizeof(reading->line), reading->file))
        return false;
    reading->number++;
    length = strlen(reading->line);
    while (length > 0 && strchr("\r\n", reading->line[length - 1]))
        reading->line[--length] = '\0';
    return true;
}

/* The same file has the same name: its first line and its size. */
static int open_file(struct reading *reading, const char *path, struct import *import,
                     struct error *error)
{
    auto_strbuf text = STRBUF_INIT(CSV_LINE_MOST + 64);
    char digest[DIGEST_SIZE];
    struct stat stat;

    reading->file = fopen(path, "re");
    if (!reading->file || fstat(fileno(reading->file), &stat))
        return error_set(error, -errno, "%s cannot be read: %s", path, strerror(errno));
    if (!next_line(reading))
        return error_set(error, -EINVAL, "%s is empty", path);
    strbuf_add_format(&text, "%lld %s", (long long)stat.st_size, reading->line);
    digest_of(strbuf_text(&text), text.length, digest);
    *import = (struct import){ 0 };
    snprintf(import->source, sizeof(import->source), "csv:%.32s", digest);
    if (csv_read_header(reading->line, &reading->header, error))
        return error_wrap(error, "%s", path);
    return 0;
}

static int resume(struct reading *reading, struct store *store, struct import *import,
                  struct error *error)
{
    struct error why = { 0 };
    int64_t done = 0;
    char source[IMPORT_SOURCE_SIZE];
    int r;

    text_copy(source, sizeof(source), import->source);
    r = import_get(store, source, import, &why);
    if (r == -ENOENT) {
        text_copy(import->source, sizeof(import->source), source);
        return 0;
    }
    if (r < 0)
        return error_set(error, r, "%s", why.message);
    if (import->finished_ms)
        import->instances = import->added = import->strange = 0;
    text_to_int(import->marker, 0, INT64_MAX, &done);
    while (reading->number < done && next_line(reading))
        ;
    return 0;
}

static void add_line(struct reading *reading, struct import *import)
{
    struct instance instance;
    char first[ID_SIZE];
    int64_t count;

    if (!reading->line[0])
        return;
    memcpy(reading->copy, reading->line, sizeof(reading->copy));
    if (csv_read_line(&reading->header, reading->line, &instance, &count, &reading->last_error)) {
        import->strange++;
        return;
    }
    if (instance.asked_ms > import->reached_ms)
        import->reached_ms = instance.asked_ms;
    for (int64_t i = 0; i < count; i++) {
        struct instance *place = &reading->chunk[reading->count++];

        *place = instance;
        if (!place->id[0])
            csv_make_id(reading->copy, i, place->id);
        if (i == 0)
            text_copy(first, sizeof(first), place->id);
        if (count > 1 && !place->batch_id[0])
            snprintf(place->batch_id, sizeof(place->batch_id), "csv-%s", first);
    }
}

static int write_chunk(struct reading *reading, struct store *store, int64_t now_ms,
                       struct import *import, struct error *error)
{
    int r = history_note(store, reading->chunk, reading->count, import, error);

    import->updated_ms = now_ms;
    snprintf(import->marker, sizeof(import->marker), "%" PRId64, reading->number);
    reading->count = 0;
    return r < 0 ? r : import_save(store, import, error);
}

static int read_all(struct reading *reading, struct store *store, int64_t now_ms,
                    void (*show)(const struct import *import, bool last), struct import *import,
                    struct error *error)
{
    int r = 0;

    while (r >= 0 && next_line(reading)) {
        add_line(reading, import);
        if (reading->count < CHUNK_MOST)
            continue;
        r = write_chunk(reading, store, now_ms, import, error);
        show(import, false);
    }
    if (r >= 0 && import->instances == 0 && reading->count == 0 && import->strange > 0)
        return error_set(error, -EINVAL, "no line is understood; of the last one %s",
                         reading->last_error.message);
    import->finished_ms = now_ms;
    return r < 0 ? r : write_chunk(reading, store, now_ms, import, error);
}

int csv_import(const char *path, struct store *store, int64_t now_ms,
               void (*show)(const struct import *import, bool last), struct import *ret_import,
               struct error *error)
{
    autofree struct reading *reading = calloc(1, sizeof(*reading));
    int r;

    if (!reading)
        return error_set(error, -ENOMEM, "no memory to read %s", path);
    r = open_file(reading, path, ret_import, error);
    if (r >= 0)
        r = resume(reading, store, ret_import, error);
    if (r >= 0)
        r = read_all(reading, store, now_ms, show, ret_import, error);
    if (reading->file)
        fclose(reading->file);
    return r < 0 ? r : 0;
}
