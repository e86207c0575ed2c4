/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that nobody should send.  libFuzzer (configure --enable-fuzzers, clang) looks for them
 * itself; else the main here takes the captures and damages each in many ways, always the same.
 *
 *   fuzz_envelope [DIRECTORY [ROUNDS]]
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bus/decode.h"
#include "bus/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is said, what comes out is bounded: each text ends within its field. */
static void check_event(const struct boot_event *event)
{
    if (memchr(event->request_id, 0, sizeof(event->request_id)) == NULL ||
        (unsigned)event->kind >= EVENT_KINDS)
        __builtin_trap();
    if (event->kind == EVENT_INSTANCE &&
        (!memchr(event->instance.flavor_id, 0, NAME_SIZE) || !text_is_uuid(
            event->instance.instance_id)))
        __builtin_trap();
    if (event->kind == EVENT_PORT && !text_is_uuid(event->port.port_id))
        __builtin_trap();
    if (event->kind == EVENT_CACHE && (event->cache.cached_count > CACHE_IMAGES_MOST ||
                                       event->cache.failed_count > CACHE_IMAGES_MOST))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_event event;
    struct error error = { 0 };
    int status = bus_decode((const char *)data, size, &event, &error);

    if (status > 0)
        check_event(&event);
    if (status < 0 && !error.message[0])
        __builtin_trap();
    return 0;
}

#ifndef LARDER_LIBFUZZER
#include <stdio.h>
#include <stdlib.h>

#include "tests/capture.h"

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* A few bytes changed, cut, doubled or taken from elsewhere in the same message. */
static void damage(char *body, size_t *length, size_t size, uint32_t *state)
{
    size_t at = next(state) % *length, from = next(state) % *length;
    size_t count = next(state) % 64 + 1;

    switch (next(state) % 4) {
    case 0:
        body[at] = (char)next(state);
        break;
    case 1:
        *length = at + 1;
        break;
    case 2:
        if (at + count <= *length && from + count <= *length)
            memmove(body + at, body + from, count);
        break;
    default:
        if (*length + count <= size && at + count <= *length) {
            memmove(body + at + count, body + at, *length - at);
            *length += count;
        }
    }
}

/* In memory of exactly its size, so that a step too far is seen by the sanitizer. */
static void run(const char *body, size_t length)
{
    char *copy = malloc(length ? length : 1);

    if (!copy)
        exit(2);
    memcpy(copy, body, length);
    LLVMFuzzerTestOneInput((const uint8_t *)copy, length);
    free(copy);
}

static void run_damaged(const struct capture *capture, long rounds, uint32_t *state)
{
    size_t size = capture->length * 2;
    char *body = malloc(size);

    for (long round = 0; body && round < rounds; round++) {
        size_t length = capture->length;

        memcpy(body, capture->body, length);
        for (uint32_t times = next(state) % 6 + 1; times > 0; times--)
            damage(body, &length, size, state);
        run(body, length);
    }
    free(body);
}

int main(int argc, char **argv)
{
    size_t count;
    struct capture *captures = captures_load(argc > 1 ? argv[1] : SOURCE_DIR
                                             "/tests/data/captures", &count);
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 300;
    uint32_t state = 1;

    for (size_t i = 0; i < count; i++) {
        run(captures[i].body, captures[i].length);
        run_damaged(&captures[i], rounds, &state);
    }
    printf("%zu messages, %ld damaged forms of each\n", count, rounds);
    return 0;
}
#endif
