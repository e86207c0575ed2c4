/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all fuzz targets share.  A target is one file with LLVMFuzzerTestOneInput(): with libFuzzer
 * (configure --enable-fuzzers, clang) it is fed what libFuzzer makes up, else driver.c has a main
 * that feeds it its seeds, tests/fuzz/seeds/NAME, whole and damaged.  tests/fuzz/run runs them.
 */
#ifndef LARDER_TESTS_FUZZ_H
#define LARDER_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever comes in; a false one is a crash that libFuzzer keeps the input of. */
#define fuzz_must(holds)                                                                           \
    do {                                                                                           \
        if (!(holds))                                                                              \
            __builtin_trap();                                                                      \
    } while (0)

/* Each text ends within its field. */
#define fuzz_must_end(field) fuzz_must(memchr((field), 0, sizeof(field)) != NULL)

/* The bytes with a NUL behind them, in memory of exactly that size; the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    fuzz_must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

#endif
