/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports: how far the taking in of what happened earlier has come, so that it goes on there.  One
 * that was finished and is wanted again begins a new round.
 */
#ifndef LARDER_STORE_IMPORT_H
#define LARDER_STORE_IMPORT_H

#include <stdint.h>

#include "base/text.h"
#include "store/store.h"

#define IMPORT_SOURCE_SIZE 65

struct import {
    char source[IMPORT_SOURCE_SIZE]; /* gnocchi, nova, gap:ID, csv:DIGEST */
    int64_t from_ms, until_ms;       /* what is wanted */
    int64_t reached_ms;              /* all before is in */
    char marker[ID_SIZE];            /* the source's own word for where it goes on; "": none */
    int64_t instances;               /* read, since the round began that is under way */
    int64_t added;                   /* of these, not known before */
    int64_t strange;                 /* passed over, for they were not understood */
    int64_t finished_ms;             /* 0: under way */
    int64_t updated_ms;
};

/* -ENOENT when there was none. */
int import_get(struct store *store, const char *source, struct import *ret_import,
               struct error *error);
int import_save(struct store *store, const struct import *import, struct error *error);
/* Forgets it: the next one begins anew. */
int import_forget(struct store *store, const char *source, struct error *error);

#endif
