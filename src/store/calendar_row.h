/* SPDX-License-Identifier: Apache-2.0 */
/* The calendars of the configuration: what was read of each last, and how that went. */
#ifndef LARDER_STORE_CALENDAR_ROW_H
#define LARDER_STORE_CALENDAR_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "predict/calendar.h"
#include "store/store.h"

#define CALENDARS_MOST 64

struct calendar {
    char digest[DIGEST_SIZE]; /* of the source as configured, which may hold a secret */
    char source[NAME_SIZE];   /* without what may be one */
    int64_t checked_ms;       /* when it was looked at last */
    int64_t read_ms;          /* when the copy that we have was; 0: there is none */
    int64_t changed_ms;       /* when it last became another */
    int64_t occurrences;      /* ahead, at the last look */
    char failure[NAME_SIZE];  /* of the last look; "": none */
};

struct calendar_text {
    size_t length;
    unsigned char bytes[CALENDAR_MOST];
};

int calendar_list(struct store *store, struct calendar ret_rows[static CALENDARS_MOST],
                  size_t *ret_count, struct error *error);
/* The copy that we have; -ENOENT: there is none. */
int calendar_text_get(struct store *store, const char *digest, struct calendar_text *ret_text,
                      struct error *error);
/* Notes a look.  'text' NULL: the copy stays as it is. */
int calendar_note(struct store *store, const struct calendar *calendar, const char *text,
                  size_t length, struct error *error);
/* Those that are not configured any more go. */
int calendar_forget(struct store *store, const char *digest, struct error *error);

#endif
