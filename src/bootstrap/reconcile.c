/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reconciliation: what the cloud has in our project and what the rows say, compared in both
 * directions. The cloud is looked at first and the rows after it: a resource has its row before it
 * exists, so one without a row is an orphan, however young.  What looks lost is looked at once
 * more by itself.  Every correction is a compare-and-swap or harmless when repeated, so workers,
 * hooks and other keepers may go on meanwhile.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "bootstrap/inspect.h"
#include "bootstrap/retire.h"
#include "bootstrap/survey.h"

LOG_MODULE("bootstrap.reconcile");

#define PAGE 64
#define TRANSFERS_MOST 4096

struct comparison {
    const struct bootstrap *bootstrap;
    struct store *store;
    struct client *client;
    char project_id[ID_SIZE]; /* the holder */
    int64_t now_ms;
    bool waited;
    struct reconciliation *found;
};

static const enum kind kinds[] = { KIND_PORT, KIND_VOLUME };

/* ---- looking twice ---- */

static int look(struct comparison *comparison, enum kind kind, const char *id,
                struct resource *ret_resource, struct error *error)
{
    int status = kind_ops(kind)->get(comparison->client, id, ret_resource, error);

    if (status != -ENOENT)
        return status;
    wait_a_moment(&comparison->waited);
    return kind_ops(kind)->get(comparison->client, id, ret_resource, error);
}

/* ---- from the cloud to the rows: orphans ---- */

/* An item that was adopted long ago is the tenant's; what is ours still was never taken over. */
static bool accounts(const struct comparison *comparison, const struct item *item)
{
    int64_t patience_ms = 2000 * comparison->bootstrap->claim_options->adoption_timeout_s;

    if (item->state == ITEM_ADOPTED)
        return comparison->now_ms - item->changed_ms < patience_ms;
    return item->state != ITEM_GONE && item->state != ITEM_FAILED;
}

/* Whether a row accounts for the resource: 1, 0, or a negative error. */
static int has_row(struct comparison *comparison, const struct resource *resource,
                   struct error *error)
{
    struct item item;
    int status = item_find_by_resource(comparison->store, resource->id, &item, error);

    if (status >= 0)
        return accounts(comparison, &item);
    if (status != -ENOENT || !resource->item_id[0])
        return status == -ENOENT ? 0 : status;
    status = item_get(comparison->store, resource->item_id, &item, error);
    if (status < 0)
        return status == -ENOENT ? 0 : status;
    /* being made and not noted yet; else it came of an answer that was lost and asked for again */
    return accounts(comparison, &item) && !item.resource_id[0];
}

static int remove_orphan(struct comparison *comparison, const struct kind_ops *ops,
                         const char *kind, const struct resource *resource, struct error *error)
{
    int status;

    if (!resource->ours) {
        log_warning("%s %s in project %s was not made by Larder and is left alone: that project "
                    "is to hold nothing else",
                    kind, resource->id, comparison->project_id);
        return 0;
    }
    if (text_equal(resource->status, "deleting"))
        return 0;
    status = ops->remove(comparison->client, resource, error);
    if (status < 0)
        return error_wrap(error, "%s %s is an orphan and cannot be removed", kind, resource->id);
    log_warning("removed %s %s: no item accounts for it", kind, resource->id);
    comparison->found->orphans_removed++;
    return 0;
}

static int end_orphans(struct comparison *comparison, enum kind kind, const struct survey *survey,
                       struct error *error)
{
    int result = 0;

    for (size_t i = 0; i < survey->count; i++) {
        int status = has_row(comparison, &survey->resources[i], error);

        if (status == 0)
            status = remove_orphan(comparison, kind_ops(kind), kind_name(kind),
                                   &survey->resources[i], error);
        if (status < 0)
            result = status; /* the others are looked at all the same */
    }
    return result;
}

/* ---- from the rows to the cloud: lost items ---- */

static int lose(struct comparison *comparison, const struct item *item, const char *reason,
                struct error *error)
{
    return retire_item(comparison->store, item, reason, comparison->now_ms,
                       &comparison->found->lost_items, error);
}

static bool is_well(const struct comparison *comparison, const struct item *item,
                    const struct resource *resource)
{
    return resource && resource->offered && text_equal(resource->project_id, item->holder_id) &&
           text_equal(item->holder_id, comparison->project_id);
}

static int check_item(struct comparison *comparison, const struct item *item,
                      const struct survey *survey, struct error *error)
{
    struct resource now;
    char reason[128];
    int status;

    if (is_well(comparison, item, survey_find(survey, item->resource_id)))
        return 0;
    status = look(comparison, item->kind, item->resource_id, &now, error);
    if (status == -ENOENT)
        return lose(comparison, item, "its resource is gone from the cloud", error);
    if (status < 0 || is_well(comparison, item, &now))
        return status;
    snprintf(reason, sizeof(reason), "its resource is not as it was left: project %s, status %s",
             now.project_id, now.status);
    return lose(comparison, item, reason, error);
}

struct kind_survey {
    struct comparison *comparison;
    enum kind kind;
    const struct survey *survey;
};

static int check_if_lost(const struct item *item, void *context, struct error *error)
{
    const struct kind_survey *of = context;

    return item->kind == of->kind ? check_item(of->comparison, item, of->survey, error) : 0;
}

static int compare_kind(struct comparison *comparison, enum kind kind, struct error *error)
{
    auto_survey survey = { 0 };
    struct kind_survey of = { comparison, kind, &survey };
    int status = survey_take(comparison->client, kind_ops(kind), comparison->project_id, &survey,
                             error);
    int later;

    if (status < 0)
        return error_wrap(error, "the %ss of project %s cannot be listed", kind_name(kind),
                          comparison->project_id);
    status = end_orphans(comparison, kind, &survey, error);
    later = each_item(comparison->store, NULL, 1u << ITEM_READY | 1u << ITEM_CLAIMED,
                      check_if_lost, &of, error);
    return later < 0 ? later : status;
}

/* ---- stale items ---- */

static int retire_all_stale(struct comparison *comparison, struct error *error)
{
    struct inspection inspection = {
        .store = comparison->store,
        .client = comparison->client,
        .now_ms = comparison->now_ms,
        .waited = comparison->waited,
    };
    int status = inspect_all(&inspection, error);

    comparison->found->stale_items = inspection.stale_items;
    return status;
}

/* ---- transfers ---- */

/* An offer of a volume that does not exist is good for nothing; that of an orphan ends with it. */
static int end_transfer_of_nothing(struct comparison *comparison, const struct transfer *transfer,
                                   struct error *error)
{
    struct resource resource;
    int status = look(comparison, KIND_VOLUME, transfer->volume_id, &resource, error);

    if (status != -ENOENT)
        return status;
    status = volume_transfer_delete(comparison->client, transfer->id, error);
    if (status >= 0)
        log_warning("removed transfer %s: its volume %s is gone", transfer->id,
                    transfer->volume_id);
    return status == -ENOENT ? 0 : status;
}

/* A ready volume with another offer than the one we have the key of can never be handed out. */
static int check_transfer(struct comparison *comparison, const struct transfer *transfer,
                          struct error *error)
{
    struct item item;
    int status = item_find_by_resource(comparison->store, transfer->volume_id, &item, error);

    if (status == -ENOENT)
        return end_transfer_of_nothing(comparison, transfer, error);
    if (status < 0 || (item.state != ITEM_READY && item.state != ITEM_CLAIMED) ||
        text_equal(item.transfer_id, transfer->id))
        return status;
    return lose(comparison, &item, "its volume is offered by a transfer that is not ours", error);
}

static int compare_transfers(struct comparison *comparison, struct error *error)
{
    autofree struct transfer *transfers = calloc(TRANSFERS_MOST, sizeof(*transfers));
    size_t count = 0;
    int status, result;

    if (!transfers)
        return error_set(error, -ENOMEM, "no memory for a list of transfers");
    result = volume_transfer_list(comparison->client, TRANSFERS_MOST, transfers, &count, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < count; i++) {
        status = check_transfer(comparison, &transfers[i], error);
        result = status < 0 ? status : result;
    }
    return result;
}

/* ---- adoptions nobody reported on ---- */

/* Whoever owns the resource now tells how it ended. */
static int judge(struct comparison *comparison, const struct adoption *adoption,
                 enum adoption_state *ret_state, const char **ret_reason, struct error *error)
{
    struct resource resource;
    int status = look(comparison, adoption->kind, adoption->resource_id, &resource, error);

    *ret_state = ADOPTION_DONE;
    if (status == -ENOENT) {
        *ret_reason = "no report came; it is gone by now, as what a tenant had and deleted";
        return 0;
    }
    if (status < 0)
        return status;
    if (!text_equal(resource.project_id, comparison->project_id)) {
        *ret_reason = "no report came; its resource is the tenant's";
        return 0;
    }
    *ret_state = ADOPTION_FAILED;
    *ret_reason = "no report came; its resource was never taken over";
    return 0;
}

static int settle(struct comparison *comparison, const struct adoption *adoption,
                  struct error *error)
{
    enum adoption_state state;
    const char *reason;
    int status = judge(comparison, adoption, &state, &reason, error);

    if (status >= 0)
        status = adoption_finish(comparison->store, adoption->id, state, reason,
                                 comparison->now_ms, error);
    if (status == -ESTALE)
        return 0; /* the report came after all */
    if (status < 0)
        return error_wrap(error, "adoption %s cannot be settled", adoption->id);
    log_warning("adoption %s is %s: %s; item=%s resource=%s project=%s", adoption->id,
                adoption_state_name(state), reason, adoption->item_id, adoption->resource_id,
                adoption->project_id);
    comparison->found->settled++;
    return 0;
}

static int settle_adoptions(struct comparison *comparison, struct error *error)
{
    autofree struct adoption *adoptions = calloc(PAGE, sizeof(*adoptions));
    int64_t before_ms = comparison->now_ms -
                        comparison->bootstrap->claim_options->adoption_timeout_s * 1000;
    char marker[ID_SIZE] = "";
    size_t count = PAGE;
    int result = 0;

    if (!adoptions)
        return error_set(error, -ENOMEM, "no memory for a list of adoptions");
    while (count == PAGE) {
        int status = adoption_list(comparison->store, ADOPTION_BEGUN, before_ms, marker, PAGE,
                                   adoptions, &count, error);

        if (status < 0)
            return status;
        for (size_t i = 0; i < count; i++) {
            status = settle(comparison, &adoptions[i], error);
            if (status < 0)
                result = status;
        }
        if (count)
            text_copy(marker, sizeof(marker), adoptions[count - 1].id);
    }
    return result;
}

/* ---- the whole ---- */

int reconcile(const struct bootstrap *bootstrap, struct store *store, struct client *client,
              int64_t now_ms, struct reconciliation *ret_found, struct error *error)
{
    struct comparison comparison = {
        .bootstrap = bootstrap,
        .store = store,
        .client = client,
        .now_ms = now_ms,
        .found = ret_found,
    };
    int status = client_project_id(client, comparison.project_id, error);
    int result;

    *ret_found = (struct reconciliation){ 0 };
    if (status < 0)
        return status;
    result = settle_adoptions(&comparison, error);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        status = compare_kind(&comparison, kinds[i], error);
        result = status < 0 ? status : result;
    }
    status = compare_transfers(&comparison, error);
    result = status < 0 ? status : result;
    status = retire_all_stale(&comparison, error);
    return status < 0 ? status : result;
}
