/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main of a fuzz target where libFuzzer is not: each seed as it is, and damaged in many ways,
 * always the same.  So the compiler's sanitizers see every decoder with odd input on every build.
 *
 *   fuzz_NAME [ROUNDS [FILE-OR-DIRECTORY...]]     (300; tests/fuzz/seeds/NAME)
 */
#include "tests/fuzz/fuzz.h"

#ifdef LARDER_LIBFUZZER
typedef int libfuzzer_has_a_main;
#else

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define SEED_MOST (1 << 20)
#define USUAL_ROUNDS 300

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* A few bytes changed, cut, doubled or taken from elsewhere in the same input. */
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
        err(2, "no memory");
    memcpy(copy, body, length);
    LLVMFuzzerTestOneInput((const uint8_t *)copy, length);
    free(copy);
}

static void run_damaged(const char *seed, size_t seed_length, long rounds, uint32_t *state)
{
    size_t size = seed_length * 2;
    char *body = malloc(size ? size : 1);

    for (long round = 0; body && seed_length && round < rounds; round++) {
        size_t length = seed_length;

        memcpy(body, seed, length);
        for (uint32_t times = next(state) % 6 + 1; times > 0; times--)
            damage(body, &length, size, state);
        run(body, length);
    }
    free(body);
}

static size_t run_file(const char *path, long rounds, uint32_t *state)
{
    char *seed = malloc(SEED_MOST);
    FILE *file = fopen(path, "re");
    size_t length;

    if (!seed || !file)
        err(2, "%s", path);
    length = fread(seed, 1, SEED_MOST, file);
    fclose(file);
    run(seed, length);
    run_damaged(seed, length, rounds, state);
    free(seed);
    return 1;
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static size_t run_path(const char *path, long rounds, uint32_t *state)
{
    struct dirent **names = NULL;
    struct stat about;
    size_t seeds = 0;
    int count;

    if (stat(path, &about))
        err(2, "%s", path);
    if (!S_ISDIR(about.st_mode))
        return run_file(path, rounds, state);
    count = scandir(path, &names, is_seed, alphasort);
    for (int i = 0; i < count; i++) {
        char one[4096];

        snprintf(one, sizeof(one), "%s/%s", path, names[i]->d_name);
        seeds += run_file(one, rounds, state);
        free(names[i]);
    }
    free(names);
    return seeds;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : USUAL_ROUNDS;
    const char *name = strchr(program_invocation_short_name, '_');
    char usual[4096];
    uint32_t state = 1;
    size_t seeds = 0;

    snprintf(usual, sizeof(usual), SOURCE_DIR "/tests/fuzz/seeds/%s", name ? name + 1 : "");
    if (argc <= 2)
        seeds = run_path(usual, rounds, &state);
    for (int i = 2; i < argc; i++)
        seeds += run_path(argv[i], rounds, &state);
    printf("%zu seeds, %ld damaged forms of each\n", seeds, rounds);
    return seeds ? 0 : 2;
}
#endif
