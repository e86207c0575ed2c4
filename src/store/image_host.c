/* SPDX-License-Identifier: Apache-2.0 */
/* Images on hosts; see image_host.h. */
#include "store/image_host.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/query.h"

static const char *const state_names[] = { "wanted", "caching", "warm", "failed", "unable" };

const char *image_state_name(enum image_state state)
{
    return choice_name(state_names, ARRAY_SIZE(state_names), (int)state);
}

/* ---- reading ---- */

static const struct column list_columns[] = {
    INT_COLUMN(struct image_host, id),
    TEXT_COLUMN(struct image_host, image_id),
    TEXT_COLUMN(struct image_host, host),
    CHOICE_COLUMN(struct image_host, state, IMAGE_STATE_CHOICES),
    TEXT_COLUMN(struct image_host, reason),
    INT_COLUMN(struct image_host, bytes),
    INT_COLUMN(struct image_host, failures),
    INT_COLUMN(struct image_host, asked_ms),
    INT_COLUMN(struct image_host, warmed_ms),
    INT_COLUMN(struct image_host, used_ms),
    INT_COLUMN(struct image_host, changed_ms),
};
static const struct row_type list_type = ROW_TYPE(struct image_host, list_columns);

int image_host_list(struct store *store, const struct image_host_filter *filter, size_t most,
                    struct image_host *ret_rows, size_t *ret_count, struct error *error)
{
    const char *image = filter->image_id ? filter->image_id : "";
    const char *host = filter->host ? filter->host : "";
    const char *state = filter->state < 0 ? "" : image_state_name((enum image_state)filter->state);

    return query_read(store, "SELECT id, image_id, host, state, reason, bytes, failures, asked_ms,"
                      " warmed_ms, used_ms, changed_ms FROM image_hosts WHERE id > ?"
                      " AND (? = '' OR image_id = ?) AND (? = '' OR host = ?)"
                      " AND (? = '' OR state = ?) ORDER BY id LIMIT ?",
                      VALUES(INT(filter->after), TEXT(image), TEXT(image), TEXT(host), TEXT(host),
                             TEXT(state), TEXT(state), INT(most)),
                      &list_type, ret_rows, most, ret_count, error);
}

int image_host_warm(struct store *store, const char *image_id, size_t most,
                    struct warm_host *ret_hosts, size_t *ret_count, struct error *error)
{
    static const struct column columns[] = { TEXT_COLUMN(struct warm_host, name) };
    static const struct row_type type = ROW_TYPE(struct warm_host, columns);

    return query_read(store, "SELECT host FROM image_hosts WHERE image_id = ? AND state = 'warm'"
                      " ORDER BY GREATEST(warmed_ms, used_ms) DESC, host LIMIT ?",
                      VALUES(TEXT(image_id), INT(most)), &type, ret_hosts, most, ret_count, error);
}

/* ---- caching ---- */

int image_hosts_want(struct store *store, const char *image_id, int64_t aggregate_id,
                     int64_t now_ms, struct error *error)
{
    return query_run(store, "INSERT IGNORE INTO image_hosts (image_id, host, state, changed_ms)"
                     " SELECT ?, a.host, IF(h.unable_ms > 0, 'unable', 'wanted'), ?"
                     " FROM aggregate_hosts a JOIN compute_hosts h ON h.host = a.host"
                     " LEFT JOIN image_hosts i ON i.image_id = ? AND i.host = a.host"
                     " WHERE a.aggregate_id = ? AND i.host IS NULL",
                     VALUES(TEXT(image_id), INT(now_ms), TEXT(image_id), INT(aggregate_id)), NULL,
                     error);
}

int image_hosts_unwant(struct store *store, const char *image_id, int64_t aggregate_id,
                       struct error *error)
{
    return query_run(store, "DELETE i FROM image_hosts i"
                     " JOIN aggregate_hosts a ON a.host = i.host AND a.aggregate_id = ?"
                     " WHERE i.image_id = ? AND i.state = 'wanted'",
                     VALUES(INT(aggregate_id), TEXT(image_id)), NULL, error);
}

int image_hosts_ask(struct store *store, const char *image_id, int64_t aggregate_id, int64_t bytes,
                    int64_t now_ms, struct error *error)
{
    return query_run(store, "INSERT INTO image_hosts (image_id, host, state, bytes, asked_ms,"
                     " changed_ms) SELECT ?, a.host, 'caching', ?, ?, ? FROM aggregate_hosts a"
                     " JOIN compute_hosts h ON h.host = a.host AND h.up <> 0 AND h.unable_ms = 0"
                     " WHERE a.aggregate_id = ? ON DUPLICATE KEY UPDATE"
                     " changed_ms = IF(image_hosts.state = 'warm', image_hosts.changed_ms,"
                     "                 VALUES(changed_ms)),"
                     " state = IF(image_hosts.state = 'warm', 'warm', 'caching'),"
                     " bytes = VALUES(bytes), asked_ms = VALUES(asked_ms)",
                     VALUES(TEXT(image_id), INT(bytes), INT(now_ms), INT(now_ms),
                            INT(aggregate_id)), NULL, error);
}

int image_hosts_refused(struct store *store, const char *image_id, int64_t asked_ms,
                        const char *reason, struct error *error)
{
    char words[256];

    words_copy(words, sizeof(words), reason);
    return query_run(store, "UPDATE image_hosts SET failures = failures + 1, reason = ?,"
                     " state = IF(state = 'warm', 'warm', 'failed'), asked_ms = 0"
                     " WHERE image_id = ? AND asked_ms = ?",
                     VALUES(TEXT(words), TEXT(image_id), INT(asked_ms)), NULL, error);
}

/* ---- answers ---- */

static const struct column answer_columns[] = {
    TEXT_COLUMN(struct image_answer, image_id),
    TEXT_COLUMN(struct image_answer, host),
    INT_COLUMN(struct image_answer, at_ms),
};
static const struct row_type answer_type = ROW_TYPE(struct image_answer, answer_columns);

/* What was said before something newer changes nothing but that the question is answered. */
static int take_cached(struct store *store, const struct image_answer *answers, size_t count,
                       struct error *error)
{
    return query_run_many(store, "INSERT INTO image_hosts (image_id, host, warmed_ms, state,"
                          " changed_ms) VALUES (?, ?, ?, 'warm', warmed_ms)"
                          " ON DUPLICATE KEY UPDATE"
                          " took_ms = IF(state = 'caching' AND asked_ms > 0,"
                          "              GREATEST(VALUES(warmed_ms) - asked_ms, 1), took_ms),"
                          " changed_ms = IF(state = 'warm', changed_ms, VALUES(warmed_ms)),"
                          " state = 'warm', reason = '', failures = 0, refusals = 0, asked_ms = 0,"
                          " warmed_ms = GREATEST(warmed_ms, VALUES(warmed_ms))",
                          &answer_type, answers, count, NULL, error);
}

/* Only what we asked for: others may fail at what they like.  Nova has answered for a host that is
 * down by saying that it failed: that is no refusal of the host. */
static const struct column failure_columns[] = {
    INT_COLUMN(struct image_answer, at_ms),
    TEXT_COLUMN(struct image_answer, image_id),
    TEXT_COLUMN(struct image_answer, host),
};
static const struct row_type failure_type = ROW_TYPE(struct image_answer, failure_columns);

static int take_failed(struct store *store, const struct image_answer *answers, size_t count,
                       struct error *error)
{
    return query_run_many(store, "UPDATE image_hosts i JOIN compute_hosts h ON h.host = i.host"
                          " SET i.state = 'failed', i.reason = 'Nova could not cache it there',"
                          " i.failures = i.failures + 1, i.refusals = i.refusals + (h.up <> 0),"
                          " i.asked_ms = 0, i.changed_ms = ?"
                          " WHERE i.image_id = ? AND i.host = ? AND i.asked_ms > 0",
                          &failure_type, answers, count, NULL, error);
}

int image_hosts_answered(struct store *store, const struct image_answer *answers, size_t count,
                         struct error *error)
{
    autofree struct image_answer *sorted = calloc(count + 1, sizeof(*sorted));
    size_t cached = 0, failed = count;
    int r;

    if (!sorted)
        return error_set(error, -ENOMEM, "no memory for %zu answers about images", count);
    for (size_t i = 0; i < count; i++)
        sorted[answers[i].cached ? cached++ : --failed] = answers[i];
    r = cached ? take_cached(store, sorted, cached, error) : 0;
    if (r == 0 && failed < count)
        r = take_failed(store, sorted + failed, count - failed, error);
    return r;
}

#define NO_WORD(why)                                                                               \
    " SET i.state = IF(i.state = 'warm', 'warm', 'failed'), i.failures = i.failures + 1,"         \
    " i.reason = '" why "', i.asked_ms = 0, i.changed_ms = IF(i.state = 'warm', i.changed_ms, ?)"

int image_hosts_ended(struct store *store, int64_t aggregate_id, int64_t at_ms,
                      struct error *error)
{
    return query_run(store, "UPDATE image_hosts i"
                     " JOIN aggregate_hosts a ON a.host = i.host AND a.aggregate_id = ?"
                     NO_WORD("Nova passed over the host")
                     " WHERE i.asked_ms > 0 AND i.asked_ms < ?",
                     VALUES(INT(aggregate_id), INT(at_ms), INT(at_ms)), NULL, error);
}

/* ---- ageing and learning ---- */

int image_hosts_note_used(struct store *store, int64_t since_ms, struct error *error)
{
    return query_run(store, "INSERT INTO image_hosts (image_id, host, state, used_ms, changed_ms)"
                     " SELECT image_id, host, 'warm', MAX(finished_ms), MAX(finished_ms) FROM boots"
                     " WHERE asked_ms > ? AND outcome = 'active' AND image_id <> '' AND host <> ''"
                     " GROUP BY image_id, host ON DUPLICATE KEY UPDATE"
                     " changed_ms = IF(VALUES(used_ms) > image_hosts.used_ms AND"
                     "                 image_hosts.state <> 'warm',"
                     "                 VALUES(used_ms), image_hosts.changed_ms),"
                     " state = IF(VALUES(used_ms) > image_hosts.used_ms, 'warm',"
                     "            image_hosts.state),"
                     " used_ms = GREATEST(image_hosts.used_ms, VALUES(used_ms))",
                     VALUES(INT(since_ms)), NULL, error);
}

static int age_asked(struct store *store, int64_t before_ms, int64_t now_ms, struct error *error)
{
    return query_run(store, "UPDATE image_hosts i"
                     NO_WORD("Nova has not said what came of it")
                     " WHERE i.asked_ms > 0 AND i.asked_ms <= ?",
                     VALUES(INT(now_ms), INT(before_ms)), NULL, error);
}

static int age_warm(struct store *store, int64_t before_ms, struct error *error)
{
    return query_run(store, "DELETE FROM image_hosts WHERE state = 'warm' AND asked_ms = 0"
                     " AND GREATEST(warmed_ms, used_ms) <= ?", VALUES(INT(before_ms)), NULL, error);
}

static int age_others(struct store *store, int64_t before_ms, struct error *error)
{
    return query_run(store, "DELETE FROM image_hosts WHERE state IN ('failed','unable')"
                     " AND changed_ms <= ?", VALUES(INT(before_ms)), NULL, error);
}

int image_hosts_age(struct store *store, const struct image_ages *ages, int64_t now_ms,
                    struct error *error)
{
    int r = age_asked(store, now_ms - ages->patience_ms, now_ms, error);

    if (r == 0)
        r = age_warm(store, now_ms - ages->unused_ms, error);
    return r == 0 ? age_others(store, now_ms - ages->forget_ms, error) : r;
}

static int forget_unable(struct store *store, int64_t before_ms, struct error *error)
{
    int r = query_run(store, "DELETE i FROM image_hosts i JOIN compute_hosts h ON h.host = i.host"
                      " WHERE h.unable_ms > 0 AND h.unable_ms <= ? AND i.state = 'unable'",
                      VALUES(INT(before_ms)), NULL, error);

    return r < 0 ? r : query_run(store, "UPDATE compute_hosts SET unable_ms = 0"
                                 " WHERE unable_ms > 0 AND unable_ms <= ?",
                                 VALUES(INT(before_ms)), NULL, error);
}

int image_hosts_learn(struct store *store, int64_t again_ms, int64_t now_ms, struct error *error)
{
    int r = forget_unable(store, now_ms - again_ms, error);

    if (r == 0)
        r = query_run(store, "UPDATE compute_hosts h JOIN (SELECT host FROM image_hosts"
                      "  GROUP BY host HAVING SUM(refusals) >= 2 AND MAX(warmed_ms) = 0 AND"
                      "  (COUNT(DISTINCT IF(refusals > 0, image_id, NULL)) > 1 OR"
                      "   SUM(refusals > 0 AND image_id IN"
                      "       (SELECT image_id FROM image_hosts WHERE warmed_ms > 0)) > 0)) tried"
                      " ON tried.host = h.host SET h.unable_ms = ? WHERE h.unable_ms = 0",
                      VALUES(INT(now_ms)), NULL, error);
    if (r == 0)
        r = query_run(store, "UPDATE image_hosts i JOIN compute_hosts h ON h.host = i.host"
                      " SET i.state = 'unable', i.changed_ms = ?,"
                      " i.reason = 'the driver of this host caches no images'"
                      " WHERE h.unable_ms > 0 AND i.state IN ('wanted','failed')",
                      VALUES(INT(now_ms)), NULL, error);
    return r;
}
