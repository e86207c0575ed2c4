/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars from files and URLs into the store; see calendars.h. */
#include "role/calendars.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cloud/http.h"
#include "predict/calendar.h"
#include "store/calendar_row.h"

LOG_MODULE("role.calendars");

#define AGAIN_MS INT64_C(300000) /* after a failure, if that is sooner */
#define AHEAD_S (366 * INT64_C(86400)) /* occurrences are counted so far */

/* ---- sources ---- */

static bool is_url(const char *source)
{
    return strncmp(source, "https://", 8) == 0 || strncmp(source, "http://", 7) == 0;
}

int calendars_check(const struct calendar_options *options, struct error *error)
{
    for (size_t i = 0; i < options->sources.count; i++) {
        const char *source = options->sources.items[i];

        if (source[0] != '/' && !is_url(source))
            return error_set(error, -EINVAL, "[predict] calendars: the one at place %zu is neither "
                             "an absolute path nor a URL that begins with https:// or http://",
                             i + 1);
    }
    return 0;
}

/* Of a URL the host and the last part: what is between, before an @ or behind a ? may be a secret
 * that gives access to it. */
static void name_source(const char *source, char ret_name[static NAME_SIZE])
{
    size_t scheme, host, rest;
    const char *last, *at;

    if (!is_url(source)) {
        text_copy(ret_name, NAME_SIZE, source);
        return;
    }
    scheme = (size_t)(strstr(source, "://") - source) + 3;
    host = strcspn(source + scheme, "/?#");
    at = memrchr(source + scheme, '@', host);
    rest = scheme + host + strcspn(source + scheme + host, "?#");
    last = memrchr(source + scheme + host, '/', rest - scheme - host);
    snprintf(ret_name, NAME_SIZE, "%.*s%.*s/…%.*s", (int)scheme, source,
             (int)(at ? source + scheme + host - at - 1 : (ptrdiff_t)host),
             at ? at + 1 : source + scheme, last ? (int)(source + rest - last) : 0,
             last ? last : "");
}

static int read_file(const char *path, struct strbuf *out, struct error *error)
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char bytes[16384];
    struct stat facts;
    ssize_t got = 1;

    if (fd < 0 || fstat(fd, &facts) < 0)
        return error_set(error, -errno, "it cannot be opened: %s", strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return error_set(error, -EINVAL, "it is no regular file");
    while (got > 0 && out->status == 0) {
        got = read(fd, bytes, sizeof(bytes));
        if (got > 0)
            strbuf_add(out, bytes, (size_t)got);
    }
    return got < 0 ? error_set(error, -EIO, "it cannot be read: %s", strerror(errno)) : 0;
}

static int read_url(const char *url, int64_t timeout_s, struct strbuf *out, struct error *error)
{
    const struct http_options options = { .cafile = "", .connect_timeout_ms = timeout_s * 1000 };
    const struct http_answer *answer;
    auto_http *http = NULL;
    int r = http_open(&options, &http, error);

    if (r < 0)
        return r;
    answer = http_exchange(http, "GET", url, NULL, timeout_s * 1000);
    if (answer->outcome != HTTP_ANSWERED)
        return error_set(error, -EIO, "it cannot be read: %s", answer->reason);
    if (answer->status != 200)
        return error_set(error, -EIO, "its server answers %d instead of 200%s", answer->status,
                         answer->status / 100 == 3 ? ": give the address that it leads to" : "");
    strbuf_add(out, strbuf_text(&answer->body), answer->body.length);
    return 0;
}

static int read_source(const struct calendar_options *options, const char *source,
                       struct strbuf *out, struct error *error)
{
    int r = is_url(source) ? read_url(source, options->timeout_s, out, error)
                           : read_file(source, out, error);

    if (r == 0 && out->status)
        return error_set(error, -E2BIG, "it has more than %d bytes", CALENDAR_MOST);
    return r;
}

/* ---- one calendar ---- */

static int count_ahead(const char *text, size_t length, const char *time_zone, int64_t now_ms,
                       int64_t *ret_count, struct error *error)
{
    autofree struct occurrence *rows = calloc(OCCURRENCES_MOST, sizeof(*rows));
    struct occasions occasions = { .from_s = now_ms / 1000, .until_s = now_ms / 1000 + AHEAD_S,
                                   .time_zone = time_zone, .most = OCCURRENCES_MOST,
                                   .rows = rows };
    int r = rows ? calendar_expand(text, length, &occasions, error)
                 : error_set(error, -ENOMEM, "no memory for its occurrences");

    *ret_count = (int64_t)occasions.count;
    return r;
}

static bool is_same(struct store *store, const char *digest, const struct strbuf *text)
{
    autofree struct calendar_text *before = calloc(1, sizeof(*before));

    return before && calendar_text_get(store, digest, before, NULL) == 0 &&
           before->length == text->length &&
           memcmp(before->bytes, strbuf_text(text), text->length) == 0;
}

static int take_source(const struct calendar_options *options, const char *source,
                       const char *time_zone, struct store *store, struct calendar *calendar,
                       struct error *error)
{
    auto_strbuf text = STRBUF_INIT(CALENDAR_MOST);
    struct error why = { 0 };
    int64_t now_ms = calendar->checked_ms;
    int r = read_source(options, source, &text, &why);

    if (r == 0)
        r = count_ahead(strbuf_text(&text), text.length, time_zone, now_ms,
                        &calendar->occurrences, &why);
    if (r < 0) {
        log_warning("calendar %s: %s; what was read of it before stays", calendar->source,
                    why.message);
        text_copy(calendar->failure, sizeof(calendar->failure), why.message);
        return calendar_note(store, calendar, NULL, 0, error);
    }
    if (!is_same(store, calendar->digest, &text))
        calendar->changed_ms = now_ms;
    calendar->read_ms = now_ms;
    calendar->failure[0] = '\0';
    return calendar_note(store, calendar, strbuf_text(&text), text.length, error);
}

/* ---- all of them ---- */

static struct calendar *find(struct calendar *rows, size_t count, const char *digest)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(rows[i].digest, digest))
            return &rows[i];
    return NULL;
}

static bool is_due(const struct calendar_options *options, const struct calendar *calendar,
                   int64_t now_ms)
{
    int64_t wait_ms = options->period_s * 1000;

    if (*calendar->failure && wait_ms > AGAIN_MS)
        wait_ms = AGAIN_MS;
    return now_ms - calendar->checked_ms >= wait_ms || calendar->checked_ms > now_ms;
}

static int forget_others(const struct calendar_options *options, struct store *store,
                         const struct calendar *rows, size_t count, struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < count && r == 0; i++) {
        char digest[DIGEST_SIZE];
        bool wanted = false;

        for (size_t j = 0; j < options->sources.count && !wanted; j++) {
            digest_of(options->sources.items[j], strlen(options->sources.items[j]), digest);
            wanted = text_equal(digest, rows[i].digest);
        }
        if (!wanted)
            r = calendar_forget(store, rows[i].digest, error);
    }
    return r;
}

int calendars_step(const struct calendar_options *options, const char *time_zone,
                   struct store *store, int64_t now_ms, struct error *error)
{
    autofree struct calendar *rows = calloc(CALENDARS_MOST, sizeof(*rows));
    size_t count = 0;
    int r = rows ? calendar_list(store, rows, &count, error)
                 : error_set(error, -ENOMEM, "no memory for the calendars");

    for (size_t i = 0; i < options->sources.count && r == 0; i++) {
        const char *source = options->sources.items[i];
        struct calendar fresh = { 0 }, *known;

        digest_of(source, strlen(source), fresh.digest);
        known = find(rows, count, fresh.digest);
        if (known && !is_due(options, known, now_ms))
            continue;
        fresh = known ? *known : fresh;
        name_source(source, fresh.source);
        fresh.checked_ms = now_ms;
        r = take_source(options, source, time_zone, store, &fresh, error);
    }
    return r < 0 ? r : forget_others(options, store, rows, count, error);
}
