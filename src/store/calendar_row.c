/* SPDX-License-Identifier: Apache-2.0 */
/* The calendars of the configuration; see calendar_row.h. */
#include "store/calendar_row.h"

#include <errno.h>

#include "store/query.h"

static const struct column calendar_columns[] = {
    TEXT_COLUMN(struct calendar, digest),     TEXT_COLUMN(struct calendar, source),
    INT_COLUMN(struct calendar, checked_ms),  INT_COLUMN(struct calendar, read_ms),
    INT_COLUMN(struct calendar, changed_ms),  INT_COLUMN(struct calendar, occurrences),
    TEXT_COLUMN(struct calendar, failure),
};
static const struct row_type calendar_type = ROW_TYPE(struct calendar, calendar_columns);

static const struct column text_columns[] = {
    BYTES_COLUMN(struct calendar_text, bytes, length),
};
static const struct row_type text_type = ROW_TYPE(struct calendar_text, text_columns);

int calendar_list(struct store *store, struct calendar ret_rows[static CALENDARS_MOST],
                  size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT digest, source, checked_ms, read_ms, changed_ms, occurrences,"
                      " failure FROM calendars ORDER BY source, digest LIMIT ?",
                      VALUES(INT(CALENDARS_MOST)), &calendar_type, ret_rows, CALENDARS_MOST,
                      ret_count, error);
}

int calendar_text_get(struct store *store, const char *digest, struct calendar_text *ret_text,
                      struct error *error)
{
    return query_read_one(store, "SELECT content FROM calendars WHERE digest = ? AND read_ms > 0",
                          VALUES(TEXT(digest)), &text_type, ret_text, error);
}

int calendar_note(struct store *store, const struct calendar *calendar, const char *text,
                  size_t length, struct error *error)
{
    char words[sizeof(calendar->failure)];

    words_copy(words, sizeof(words), calendar->failure);
    return query_run(store, "INSERT INTO calendars (digest, source, checked_ms, read_ms,"
                     " changed_ms, occurrences, failure, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                     " ON DUPLICATE KEY UPDATE source = VALUES(source),"
                     " checked_ms = VALUES(checked_ms), read_ms = VALUES(read_ms),"
                     " changed_ms = VALUES(changed_ms), occurrences = VALUES(occurrences),"
                     " failure = VALUES(failure), content = IF(?, VALUES(content), content)",
                     VALUES(TEXT(calendar->digest), TEXT(calendar->source),
                            INT(calendar->checked_ms), INT(calendar->read_ms),
                            INT(calendar->changed_ms), INT(calendar->occurrences), TEXT(words),
                            BYTES(text ? text : "", text ? length : 0), INT(text ? 1 : 0)), NULL,
                     error);
}

int calendar_forget(struct store *store, const char *digest, struct error *error)
{
    return query_run(store, "DELETE FROM calendars WHERE digest = ?", VALUES(TEXT(digest)), NULL,
                     error);
}
