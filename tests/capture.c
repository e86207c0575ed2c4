/* SPDX-License-Identifier: Apache-2.0 */
/* Reads captures and writes their envelopes as oslo.messaging does. */
#include "tests/capture.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"

#define CAPTURES_MOST 256
#define CAPTURE_MOST (1 << 20)

struct reading {
    char exchange[64], routing_key[64];
    const struct json *envelope;
};

static const struct json_member members[] = {
    JSON_FIELD(JSON_TEXT, struct reading, exchange, "exchange", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct reading, routing_key, "routing_key", JSON_REQUIRED),
    JSON_FIELD(JSON_VALUE, struct reading, envelope, "envelope", JSON_REQUIRED),
};
static const struct json_shape shape = { "capture", members, ARRAY_SIZE(members), false };

struct envelope {
    const struct json *message;
};
static const struct json_member envelope_members[] = {
    JSON_FIELD(JSON_VALUE, struct envelope, message, "oslo.message", JSON_REQUIRED),
};
static const struct json_shape envelope_shape = { "envelope", envelope_members, 1, false };

static char *read_file(const char *path, size_t *ret_length)
{
    char *text = malloc(CAPTURE_MOST);
    FILE *file = fopen(path, "r");

    if (!text || !file)
        err(1, "%s", path);
    *ret_length = fread(text, 1, CAPTURE_MOST, file);
    fclose(file);
    return text;
}

static char *write_envelope(const char *message)
{
    struct strbuf out = STRBUF_INIT(CAPTURE_MOST);

    strbuf_add_text(&out, "{\"oslo.version\": \"2.0\", \"oslo.message\": \"");
    for (; *message; message++) {
        if (*message == '"' || *message == '\\')
            strbuf_add(&out, "\\", 1);
        strbuf_add(&out, message, 1);
    }
    strbuf_add_text(&out, "\"}");
    if (out.status)
        errx(1, "an envelope is too long");
    return out.text;
}

static void load(const char *directory, const char *name, struct capture *capture)
{
    struct reading reading = { 0 };
    struct envelope envelope = { 0 };
    struct error error = { 0 };
    auto_json *json = NULL;
    char path[1024];
    size_t length;
    autofree char *text = NULL;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    text = read_file(path, &length);
    if (json_parse(text, length, &json, &error) || json_read(json, &shape, &reading, &error) ||
        json_read(reading.envelope, &envelope_shape, &envelope, &error))
        errx(1, "%s: %s", path, error.message);
    snprintf(capture->name, sizeof(capture->name), "%.*s", (int)strlen(name) - 5, name);
    text_copy(capture->exchange, sizeof(capture->exchange), reading.exchange);
    text_copy(capture->routing_key, sizeof(capture->routing_key), reading.routing_key);
    capture->body = write_envelope(json_text(envelope.message));
    capture->length = strlen(capture->body);
}

static int is_capture(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

struct capture *captures_load(const char *directory, size_t *ret_count)
{
    struct dirent **names = NULL;
    static struct capture captures[CAPTURES_MOST]; /* read once */
    static int read;
    int count = scandir(directory, &names, is_capture, alphasort);

    if (count <= 0 || count > CAPTURES_MOST)
        errx(1, "1 to %d captures in %s, not %d", CAPTURES_MOST, directory, count);
    for (int i = 0; i < count; i++) {
        if (!read)
            load(directory, names[i]->d_name, &captures[i]);
        free(names[i]);
    }
    read = 1;
    free(names);
    *ret_count = (size_t)count;
    return captures;
}

const struct capture *capture_find(const struct capture *captures, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(captures[i].name, name) == 0)
            return &captures[i];
    errx(1, "there is no capture %s", name);
}
