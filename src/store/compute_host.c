/* SPDX-License-Identifier: Apache-2.0 */
/* Nova's compute hosts and aggregates, as they were seen last; see image_host.h. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "store/image_host.h"
#include "store/query.h"

/* A row and when it was seen, so that one statement binds both. */
struct seen_host {
    struct compute_host host;
    int64_t seen_ms;
};
struct seen_member {
    struct aggregate_host member;
    int64_t seen_ms;
};

static const struct column host_columns[] = {
    TEXT_COLUMN(struct seen_host, host.host),
    INT_COLUMN(struct seen_host, host.up),
    INT_COLUMN(struct seen_host, seen_ms),
};
static const struct row_type host_type = ROW_TYPE(struct seen_host, host_columns);

static const struct column member_columns[] = {
    INT_COLUMN(struct seen_member, member.aggregate_id),
    TEXT_COLUMN(struct seen_member, member.host),
    TEXT_COLUMN(struct seen_member, member.name),
    INT_COLUMN(struct seen_member, seen_ms),
};
static const struct row_type member_type = ROW_TYPE(struct seen_member, member_columns);

int compute_hosts_put(struct store *store, const struct compute_host *hosts, size_t count,
                      int64_t now_ms, struct error *error)
{
    autofree struct seen_host *rows = calloc(count + 1, sizeof(*rows));
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu compute hosts", count);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct seen_host){ hosts[i], now_ms };
    r = query_run_many(store, "INSERT INTO compute_hosts (host, up, seen_ms) VALUES (?, ?, ?)"
                       " ON DUPLICATE KEY UPDATE up = VALUES(up), seen_ms = VALUES(seen_ms)",
                       &host_type, rows, count, NULL, error);
    return r < 0 ? r : query_run(store, "DELETE FROM compute_hosts WHERE seen_ms < ?",
                                 VALUES(INT(now_ms)), NULL, error);
}

int aggregate_hosts_put(struct store *store, const struct aggregate_host *hosts, size_t count,
                        int64_t now_ms, struct error *error)
{
    autofree struct seen_member *rows = calloc(count + 1, sizeof(*rows));
    int r;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu hosts of aggregates", count);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct seen_member){ hosts[i], now_ms };
    r = query_run_many(store, "INSERT INTO aggregate_hosts (aggregate_id, host, name, seen_ms)"
                       " VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name),"
                       " seen_ms = VALUES(seen_ms)", &member_type, rows, count, NULL, error);
    return r < 0 ? r : query_run(store, "DELETE FROM aggregate_hosts WHERE seen_ms < ?",
                                 VALUES(INT(now_ms)), NULL, error);
}
