/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of the past, page by page; see history.h. */
#include "role/history.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/boot.h"
#include "store/sighting.h"

LOG_MODULE("role.history");

#define PAGE_MOST 500

/* ---- into the store ---- */

static void boot_of(const struct instance *instance, struct boot *ret_boot)
{
    *ret_boot = (struct boot){
        .outcome = instance->active_ms ? BOOT_ACTIVE : instance->failed ? BOOT_FAILED : BOOT_BEGUN,
        .asked_ms = instance->asked_ms,
        .finished_ms = instance->active_ms,
        .deleted_ms = instance->deleted_ms,
    };
    text_copy(ret_boot->instance_id, ID_SIZE, instance->id);
    text_copy(ret_boot->project_id, ID_SIZE, instance->project_id);
    text_copy(ret_boot->request_id, REQUEST_ID_SIZE, instance->batch_id);
    text_copy(ret_boot->image_id, ID_SIZE, instance->image_id);
    text_copy(ret_boot->flavor_id, NAME_SIZE, instance->flavor_id);
    text_copy(ret_boot->flavor_name, NAME_SIZE, instance->flavor_name);
    text_copy(ret_boot->zone, NAME_SIZE, instance->zone);
    text_copy(ret_boot->host, NAME_SIZE, instance->host);
}

/* The series that an instance belongs to: at most two. */
static size_t series_of(const struct instance *instance, struct series ret_series[2])
{
    size_t count = 0;

    if (instance->image_id[0])
        series_of_image(instance->image_id, instance->asked_ms, &ret_series[count++]);
    if (instance->flavor_id[0] && instance->project_id[0])
        series_of_capacity(instance->flavor_id, instance->zone, instance->project_id,
                           instance->asked_ms, &ret_series[count++]);
    return count;
}

struct batch {
    struct boot boots[PAGE_MOST];
    struct series series[PAGE_MOST * 2];
    struct sighting sightings[PAGE_MOST * 2];
    size_t boot_count, series_count;
    int64_t known; /* of the boots, before */
};

static void batch_add(struct batch *batch, const struct instance *instance)
{
    struct series *series = &batch->series[batch->series_count];
    struct sighting *sightings = &batch->sightings[batch->series_count];
    size_t count = series_of(instance, series);

    boot_of(instance, &batch->boots[batch->boot_count++]);
    for (size_t i = 0; i < count; i++) {
        sightings[i] = (struct sighting){ .kind = series[i].kind, .at_ms = instance->asked_ms,
                                          .source = SIGHTING_IMPORT };
        text_copy(sightings[i].resource_id, ID_SIZE, instance->id);
        text_copy(sightings[i].request_id, REQUEST_ID_SIZE, instance->batch_id);
    }
    batch->series_count += count;
}

static int batch_write(struct store *store, void *context, struct error *error)
{
    struct batch *batch = context;
    int r = boots_known(store, batch->boots, batch->boot_count, &batch->known, error);

    if (r >= 0)
        r = series_note(store, batch->series, batch->series_count, error);

    for (size_t i = 0; i < batch->series_count; i++)
        batch->sightings[i].series_id = batch->series[i].id;
    if (r >= 0)
        r = sightings_add(store, batch->sightings, batch->series_count, error);
    return r < 0 ? r : boots_note(store, batch->boots, batch->boot_count, error);
}

int history_note(struct store *store, const struct instance *instances, size_t count,
                 struct import *import, struct error *error)
{
    autofree struct batch *batch = malloc(sizeof(*batch));
    int r = 0;

    if (!batch)
        return error_set(error, -ENOMEM, "no memory for %zu instances", count);
    for (size_t i = 0; i < count && r >= 0;) {
        batch->boot_count = batch->series_count = 0;
        for (; i < count && batch->boot_count < PAGE_MOST; i++)
            batch_add(batch, &instances[i]);
        r = batch_write(store, batch, error);
        import->instances += (int64_t)batch->boot_count;
        import->added += (int64_t)batch->boot_count - batch->known;
    }
    return r < 0 ? r : 0;
}

/* ---- out of the cloud ---- */

static int fetch_gnocchi(struct client *client, struct import *import,
                         struct instance *instances, size_t *ret_count,
                         struct error *error)
{
    const struct metric_page page = { .from_ms = import->from_ms,
                                      .until_ms = import->until_ms,
                                      .reached_ms = import->reached_ms,
                                      .marker = import->marker, .most = PAGE_MOST };
    struct metric_progress progress;
    int r = metric_instances(client, &page, instances, ret_count, &progress, error);

    if (r < 0)
        return r;
    import->strange += (int64_t)progress.strange;
    import->reached_ms = progress.started_ms;
    if (progress.marker[0])
        text_copy(import->marker, ID_SIZE, progress.marker);
    return progress.ended;
}

static int fetch_nova(struct client *client, struct import *import, struct instance *instances,
                      size_t *ret_count, struct error *error)
{
    int r = server_list(client, import->from_ms, import->marker, PAGE_MOST, instances, ret_count,
                        error);

    if (r < 0)
        return r;
    if (*ret_count > 0)
        text_copy(import->marker, ID_SIZE, instances[*ret_count - 1].id);
    return *ret_count < PAGE_MOST;
}

/* Of an instance that is older, only those that something happened to since are told of: they are
 * no picture of what was asked for then. */
static size_t keep_asked(const struct import *import, struct instance *instances, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (instances[i].asked_ms >= import->from_ms && instances[i].asked_ms < import->until_ms)
            instances[kept++] = instances[i];
    return kept;
}

/* More is wanted than last time.  Gnocchi's pages go with time, so it goes on; Nova begins with the
 * newest: first what was begun is ended, and then all is looked through anew. */
static void widen(const struct history_job *job, struct import *import)
{
    bool under_way = import->until_ms && !import->finished_ms;

    if (job->until_ms <= import->until_ms || (job->source == HISTORY_NOVA && under_way))
        return;
    if (job->source == HISTORY_NOVA)
        import->marker[0] = '\0';
    if (import->finished_ms)
        import->instances = import->added = import->strange = 0;
    import->until_ms = job->until_ms;
    import->finished_ms = 0;
}

static int begin(const struct history_job *job, struct store *store, struct import *ret_import,
                 struct error *error)
{
    struct error why = { 0 };
    int r = import_get(store, job->name, ret_import, &why);

    if (r < 0 && r != -ENOENT)
        return error_set(error, r, "%s", why.message);
    if (r == -ENOENT) {
        *ret_import = (struct import){ .from_ms = job->from_ms, .reached_ms = job->from_ms };
        text_copy(ret_import->source, IMPORT_SOURCE_SIZE, job->name);
    }
    widen(job, ret_import);
    return 0;
}

static int fetch(const struct history_job *job, struct client *client, struct import *import,
                 struct instance *instances, size_t *ret_count, struct error *error)
{
    return job->source == HISTORY_GNOCCHI
               ? fetch_gnocchi(client, import, instances, ret_count, error)
               : fetch_nova(client, import, instances, ret_count, error);
}

/* A marker that has vanished: Gnocchi's search goes on at the time that was reached, Nova's list
 * begins anew. */
static int lose_marker(struct store *store, struct import *import, struct error *error)
{
    log_warning("the import %s goes on without its marker %s, which has vanished", import->source,
                import->marker);
    import->marker[0] = '\0';
    return import_save(store, import, error);
}

int history_page(const struct history_job *job, struct client *client, struct store *store,
                 int64_t now_ms, struct import *ret_import, struct error *error)
{
    autofree struct instance *instances = calloc(PAGE_MOST, sizeof(*instances));
    struct import import;
    struct error why = { 0 };
    size_t count = 0;
    int r = instances ? begin(job, store, &import, error)
                      : error_set(error, -ENOMEM, "no memory for a page of instances");
    int ended;

    if (r < 0)
        return r;
    if (ret_import)
        *ret_import = import;
    if (import.finished_ms)
        return 1;
    import.updated_ms = now_ms;
    ended = fetch(job, client, &import, instances, &count, &why);
    if (ended == -ESTALE)
        return lose_marker(store, &import, error);
    if (ended < 0)
        return error_set(error, ended, "%s", why.message);
    count = keep_asked(&import, instances, count);
    r = history_note(store, instances, count, &import, error);
    import.finished_ms = ended ? now_ms : 0;
    if (r >= 0)
        r = import_save(store, &import, error);
    if (r >= 0 && ret_import)
        *ret_import = import;
    return r < 0 ? r : ended;
}
