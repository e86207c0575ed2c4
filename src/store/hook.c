/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of hooks; see hook.h. */
#include "store/hook.h"

#include "base/cleanup.h"
#include "store/query.h"

static const char *const service_names[HOOK_SERVICES] = { "nova", "neutron", "cinder" };

const char *hook_service_name(int service)
{
    return choice_name(service_names, ARRAY_SIZE(service_names), service);
}

int hook_put(struct store *store, const struct hook *hook, struct error *error)
{
    int status = query_run(store, "INSERT INTO hooks (service, host, version, problem, seen_ms)"
                           " VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
                           " version = VALUES(version), problem = VALUES(problem),"
                           " seen_ms = VALUES(seen_ms)",
                           VALUES(TEXT(hook_service_name(hook->service)), TEXT(hook->host),
                                  TEXT(hook->version), TEXT(hook->problem), INT(hook->seen_ms)),
                           NULL, error);

    if (status < 0)
        return status;
    return query_run(store, "DELETE FROM hooks WHERE seen_ms < ?",
                     VALUES(INT(hook->seen_ms - HOOK_KEPT_MS)), NULL, error);
}

static const struct column columns[] = {
    CHOICE_COLUMN(struct hook, service, HOOK_SERVICE_CHOICES),
    TEXT_COLUMN(struct hook, host),
    TEXT_COLUMN(struct hook, version),
    TEXT_COLUMN(struct hook, problem),
    INT_COLUMN(struct hook, seen_ms),
};
static const struct row_type type = ROW_TYPE(struct hook, columns);

int hook_list(struct store *store, size_t most, struct hook *ret_hooks, size_t *ret_count,
              struct error *error)
{
    return query_read(store, "SELECT service, host, version, problem, seen_ms FROM hooks"
                      " ORDER BY service, host LIMIT ?", VALUES(INT(most)), &type, ret_hooks, most,
                      ret_count, error);
}
