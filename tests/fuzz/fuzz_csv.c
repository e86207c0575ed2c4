/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV file of instances, line by line. */
#include "role/csv.h"
#include "tests/fuzz/fuzz.h"

static void check_instance(const struct instance *instance, int64_t count)
{
    fuzz_must(count >= 1 && count <= CSV_COUNT_MOST);
    fuzz_must(instance->asked_ms != 0);
    fuzz_must(!instance->id[0] || (text_is_id(instance->id) && count == 1));
    fuzz_must(!instance->project_id[0] || text_is_id(instance->project_id));
    fuzz_must_end(instance->flavor_id);
    fuzz_must_end(instance->zone);
    fuzz_must_end(instance->batch_id);
    fuzz_must(text_is_utf8(instance->zone, strlen(instance->zone)));
}

static void read_line(const struct csv_header *header, char *line)
{
    struct instance instance;
    struct error error = { 0 };
    int64_t count;
    char id[ID_SIZE];

    csv_make_id(line, 7, id);
    fuzz_must(text_is_uuid(id));
    if (csv_read_line(header, line, &instance, &count, &error))
        fuzz_must(error.message[0]);
    else
        check_instance(&instance, count);
}

/* The next line, in memory of its own; NULL at the end. */
static char *next_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, '\n', *size);
    size_t length = end ? (size_t)(end - *data) : *size;
    char *line;

    if (*size == 0)
        return NULL;
    line = fuzz_text(*data, length);
    *data += length + (end ? 1 : 0);
    *size -= length + (end ? 1 : 0);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_header header;
    struct error error = { 0 };
    char *line = next_line(&data, &size);
    int status = line ? csv_read_header(line, &header, &error) : -1;

    fuzz_must(!line || status == 0 || error.message[0]);
    free(line);
    while (status == 0 && (line = next_line(&data, &size))) {
        read_line(&header, line);
        free(line);
    }
    return 0;
}
