/* SPDX-License-Identifier: Apache-2.0 */
/* Inspections of pools; see inspect.h. */
#include "bootstrap/inspect.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "bootstrap/retire.h"
#include "store/change.h"

LOG_MODULE("bootstrap.inspect");

#define PAGE 64
#define CHANGES_MOST 32
#define AGAIN_MS 3000           /* what is being made is looked at so much later */
#define TROUBLE_MS 10000        /* what cannot be looked at, so much later, then less and less */
#define TROUBLE_MOST_MS 3600000 /* and for so long: after that the sweep will do */
#define SETTLED_MS (OUTLOOK_MS + 1000) /* after it, no worker goes by what it saw before */

/* ---- a pool ---- */

static int look_at_key(struct inspection *inspection, const struct key *key,
                       char ret_digest[static DIGEST_SIZE], struct error *error)
{
    const struct kind_ops *ops = kind_ops(key->kind);
    int status = ops->fingerprint(inspection->client, key, ret_digest, error);

    if (status != -ENOENT)
        return status;
    wait_a_moment(&inspection->waited);
    return ops->fingerprint(inspection->client, key, ret_digest, error);
}

struct verdict {
    struct inspection *inspection;
    const char *fingerprint; /* NULL: none of them is good any more */
    const char *reason;
};

static int check_if_stale(const struct item *item, void *context, struct error *error)
{
    const struct verdict *verdict = context;
    struct inspection *inspection = verdict->inspection;

    if (verdict->fingerprint && text_equal(item->fingerprint, verdict->fingerprint))
        return 0;
    if (item->state == ITEM_CREATING) { /* a worker's, until it is ready */
        inspection->unfinished++;
        return 0;
    }
    return retire_item(inspection->store, item, verdict->reason, inspection->now_ms,
                       &inspection->stale_items, error);
}

int inspect_pool(struct inspection *inspection, const struct pool *pool, struct error *error)
{
    char fingerprint[DIGEST_SIZE];
    struct error why = { 0 };
    struct verdict verdict = {
        .inspection = inspection,
        .fingerprint = fingerprint,
        .reason = "stale: what it was made from has changed",
    };
    int status;

    /* an image pool counts hosts, not items */
    if (!kind_ops(pool->key.kind) || pool->ready + pool->claimed + pool->creating == 0)
        return 0;
    status = look_at_key(inspection, &pool->key, fingerprint, &why);
    if (status == -ENOENT || status == -EPERM) {
        verdict.fingerprint = NULL;
        verdict.reason = why.message;
    } else if (status < 0) {
        return error_set(error, status, "pool %s cannot be checked: %s", pool->id, why.message);
    }
    return each_item(inspection->store, pool->id,
                     1u << ITEM_READY | 1u << ITEM_CLAIMED | 1u << ITEM_CREATING, check_if_stale,
                     &verdict, error);
}

int inspect_all(struct inspection *inspection, struct error *error)
{
    autofree struct pool *pools = calloc(PAGE, sizeof(*pools));
    char marker[ID_SIZE] = "";
    size_t count = PAGE;
    int result = 0;

    if (!pools)
        return error_set(error, -ENOMEM, "no memory for a list of pools");
    while (count == PAGE) {
        int status = pool_list(inspection->store, -1, NULL, marker, PAGE, pools, &count, error);

        if (status < 0)
            return status;
        for (size_t i = 0; i < count; i++) {
            status = inspect_pool(inspection, &pools[i], error);
            if (status < 0)
                result = status;
        }
        if (count)
            text_copy(marker, sizeof(marker), pools[count - 1].id);
    }
    return result;
}

/* ---- changes ---- */

static int inspect_by_id(struct inspection *inspection, const char *pool_id, struct error *error)
{
    struct pool pool;
    int status = pool_get(inspection->store, pool_id, &pool, error);

    return status < 0 ? status : inspect_pool(inspection, &pool, error);
}

static int inspect_pools_of(struct inspection *inspection, const struct change *change,
                            struct error *error)
{
    char ids[PAGE][ID_SIZE], marker[ID_SIZE] = "";
    size_t count = PAGE;
    int result = 0;

    while (count == PAGE) {
        int status = change_pools(inspection->store, change, marker, PAGE, ids, &count, error);

        if (status < 0)
            return status;
        for (size_t i = 0; i < count; i++) {
            status = inspect_by_id(inspection, ids[i], error);
            if (status < 0)
                result = status;
        }
        if (count)
            text_copy(marker, sizeof(marker), ids[count - 1]);
    }
    return result;
}

/* A service that is gone for long is not asked for each of its changes every few seconds. */
static int try_again(struct inspection *inspection, const struct change *change,
                     const struct error *why, struct error *error)
{
    int64_t age_ms = inspection->now_ms - change->noted_ms;
    bool give_up = age_ms > TROUBLE_MOST_MS;

    log_warning("%s %s has changed and not all of its pools can be checked%s: %s",
                subject_name(change->subject), change->id,
                give_up ? ", which is left to the sweep of all pools" : "", why->message);
    if (give_up)
        return change_done(inspection->store, change, error);
    return change_put_off(inspection->store, change,
                          inspection->now_ms + (age_ms > TROUBLE_MS ? age_ms : TROUBLE_MS), error);
}

/* A worker may begin an item by what it saw before the change, for OUTLOOK_MS: so a change is over
 * when nothing was found that is being made from what was before, later than that. */
static int inspect_change(struct inspection *inspection, const struct change *change,
                          struct error *error)
{
    int64_t settled_ms = change->noted_ms + SETTLED_MS, stale = inspection->stale_items;
    struct error why = { 0 };
    int status;

    inspection->unfinished = 0;
    inspection->waited = false;
    status = inspect_pools_of(inspection, change, &why);
    if (inspection->stale_items > stale)
        log_info("%s %s has changed: stale=%" PRId64, subject_name(change->subject), change->id,
                 inspection->stale_items - stale);
    if (status < 0)
        return try_again(inspection, change, &why, error);
    if (inspection->now_ms < settled_ms)
        return change_put_off(inspection->store, change, settled_ms, error);
    if (inspection->unfinished)
        return change_put_off(inspection->store, change, inspection->now_ms + AGAIN_MS, error);
    return change_done(inspection->store, change, error);
}

int inspect_changes(struct inspection *inspection, size_t *ret_count, struct error *error)
{
    struct change changes[CHANGES_MOST];
    int status = changes_due(inspection->store, inspection->now_ms, CHANGES_MOST, changes,
                             ret_count, error);

    for (size_t i = 0; status >= 0 && i < *ret_count; i++)
        status = inspect_change(inspection, &changes[i], error);
    return status;
}
