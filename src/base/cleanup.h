/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scoped cleanup: `autofree char *s` is freed when it leaves its scope; `steal(&s)` hands it on.
 * A module with a destructor defines its own attribute by DEFINE_CLEANUP.
 */
#ifndef LARDER_BASE_CLEANUP_H
#define LARDER_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Defines `static inline void NAME_cleanup(TYPE *)` that calls DESTROY on the variable's value;
 * use as `#define auto_name __attribute__((cleanup(NAME_cleanup)))`. */
#define DEFINE_CLEANUP(name, type, destroy)                                                        \
    static inline void name##_cleanup(type *value)                                                 \
    {                                                                                              \
        destroy(*value);                                                                           \
    }                                                                                              \
    struct larder_swallow_semicolon

static inline void free_cleanup(void *value)
{
    free(*(void **)value);
}

static inline void close_cleanup(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define autofree __attribute__((cleanup(free_cleanup)))
#define autoclose __attribute__((cleanup(close_cleanup)))

/* The pointer's value; the variable becomes NULL and its cleanup does nothing. */
#define steal(pointer)                                                                             \
    ({                                                                                             \
        __typeof__(pointer) steal_from_ = (pointer);                                               \
        __typeof__(*steal_from_) stolen_ = *steal_from_;                                           \
        *steal_from_ = NULL;                                                                       \
        stolen_;                                                                                   \
    })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
