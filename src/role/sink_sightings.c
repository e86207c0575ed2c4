/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demand: ports and volumes that were made for a boot, and of each instance its image and its
 * capacity.  What we made ourselves is no demand; what was adopted is told by the hook.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "role/sink.h"
#include "store/sighting.h"

struct found {
    struct series series;
    struct sighting sighting;
};

struct findings {
    struct found *rows;
    size_t count;
};

/* ---- collecting ---- */

static void add(struct findings *findings, const struct series *series, const char *resource_id,
                const char *request_id, const char *instance_id)
{
    struct found *found = &findings->rows[findings->count++];

    found->series = *series;
    found->sighting = (struct sighting){ .kind = series->kind, .at_ms = series->last_ms,
                                         .source = SIGHTING_BUS };
    text_copy(found->sighting.resource_id, ID_SIZE, resource_id);
    text_copy(found->sighting.request_id, REQUEST_ID_SIZE, request_id);
    text_copy(found->sighting.instance_id, ID_SIZE, instance_id);
}

static void add_instance(struct findings *findings, const struct boot *boot)
{
    struct series series;

    if (boot->flavor_id[0]) {
        series_of_capacity(boot->flavor_id, boot->zone, boot->project_id, boot->asked_ms, &series);
        add(findings, &series, boot->instance_id, boot->request_id, "");
    }
    if (boot->image_id[0]) {
        series_of_image(boot->image_id, boot->asked_ms, &series);
        add(findings, &series, boot->instance_id, boot->request_id, "");
    }
}

static void add_port(struct findings *findings, const struct boot_event *event,
                     const char *pool_project)
{
    const struct port_event *port = &event->port;
    struct series series;

    if (text_equal(port->key.port.project_id, pool_project))
        return;
    series_of_key(&port->key, event->at_ms, &series);
    add(findings, &series, port->port_id, event->request_id, port->device_id);
}

/* Cinder does not say what a volume is for.  Nova sends the id of its request along; so do we, and
 * whoever wants to be counted. */
static void add_volume(struct findings *findings, const struct boot_event *event,
                       const char *pool_project)
{
    const struct volume_event *volume = &event->volume;
    struct series series;

    if (!volume->has_key || !event->request_id[0] || text_equal(volume->project_id, pool_project))
        return;
    series_of_key(&volume->key, event->at_ms, &series);
    add(findings, &series, volume->volume_id, event->request_id, "");
}

static void collect(const struct harvest *harvest, struct findings *findings)
{
    for (size_t i = 0; i < harvest->count; i++) {
        const struct boot_event *event = &harvest->events[i];

        if (event->change != CHANGE_MADE)
            continue;
        if (event->kind == EVENT_INSTANCE)
            add_instance(findings, &event->instance);
        else if (event->kind == EVENT_PORT)
            add_port(findings, event, harvest->pool_project);
        else if (event->kind == EVENT_VOLUME)
            add_volume(findings, event, harvest->pool_project);
    }
}

/* ---- each resource once ---- */

static int by_resource(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    int order = (int)left->sighting.kind - (int)right->sighting.kind;

    return order ? order : strcmp(left->sighting.resource_id, right->sighting.resource_id);
}

static void merge(struct found *found, const struct found *same)
{
    if (!found->sighting.request_id[0])
        text_copy(found->sighting.request_id, REQUEST_ID_SIZE, same->sighting.request_id);
}

/* Several messages tell of each instance. */
static void drop_duplicates(struct findings *findings)
{
    size_t kept = 0;

    qsort(findings->rows, findings->count, sizeof(*findings->rows), by_resource);
    for (size_t i = 0; i < findings->count; i++) {
        struct found *row = &findings->rows[i];

        if (kept && by_resource(&findings->rows[kept - 1], row) == 0)
            merge(&findings->rows[kept - 1], row);
        else
            findings->rows[kept++] = *row;
    }
    findings->count = kept;
}

/* ---- requests of ports ---- */

static bool lacks_request(const struct sighting *sighting)
{
    return sighting->instance_id[0] && !sighting->request_id[0];
}

static size_t gather_lacking(const struct findings *findings, struct boot_request *asked)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        if (lacks_request(&findings->rows[i].sighting))
            text_copy(asked[count++].instance_id, ID_SIZE,
                      findings->rows[i].sighting.instance_id);
    return count;
}

/* Neutron does not always tell which boot it serves; the instance's own row does, or will. */
static int find_requests(struct store *store, struct findings *findings, struct error *error)
{
    autofree struct boot_request *asked = calloc(findings->count + 1, sizeof(*asked));
    int status;

    if (!asked)
        return error_set(error, -ENOMEM, "no memory for %zu requests", findings->count);
    status = boots_requests(store, asked, gather_lacking(findings, asked), false, error);
    for (size_t i = 0, at = 0; i < findings->count && status >= 0; i++)
        if (lacks_request(&findings->rows[i].sighting))
            text_copy(findings->rows[i].sighting.request_id, REQUEST_ID_SIZE,
                      asked[at++].request_id);
    return status;
}

/* Another listener may be noting the boot at this moment.  When it looked for the ports of it, ours
 * were not there yet; and when we looked for the boot, that was not.  Now that ours are, whoever
 * comes later sees them, and who came before is waited for. */
static int find_requests_again(struct store *store, const struct findings *findings,
                               struct error *error)
{
    autofree struct boot_request *asked = calloc(findings->count + 1, sizeof(*asked));
    size_t count;
    int status;

    if (!asked)
        return error_set(error, -ENOMEM, "no memory for %zu requests", findings->count);
    count = gather_lacking(findings, asked);
    if (!count)
        return 0;
    status = boots_requests(store, asked, count, true, error);
    return status < 0 ? status : sightings_tell(store, asked, count, error);
}

/* The other way round: the port came first. */
static int tell_requests(struct store *store, const struct harvest *harvest, struct error *error)
{
    autofree struct boot_request *told = calloc(harvest->count + 1, sizeof(*told));
    size_t count = 0;

    if (!told)
        return error_set(error, -ENOMEM, "no memory for %zu requests", harvest->count);
    for (size_t i = 0; i < harvest->count; i++) {
        const struct boot_event *event = &harvest->events[i];

        if (event->kind != EVENT_INSTANCE || !event->request_id[0])
            continue;
        if (count && text_equal(told[count - 1].instance_id, event->instance.instance_id))
            continue;
        text_copy(told[count].instance_id, ID_SIZE, event->instance.instance_id);
        text_copy(told[count++].request_id, REQUEST_ID_SIZE, event->request_id);
    }
    return sightings_tell(store, told, count, error);
}

/* ---- series ---- */

static int by_series(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    int order = (int)left->series.kind - (int)right->series.kind;

    return order ? order : strcmp(left->series.digest, right->series.digest);
}

static void widen(struct series *series, const struct series *by)
{
    if (by->began_ms < series->began_ms)
        series->began_ms = by->began_ms;
    if (by->last_ms > series->last_ms)
        series->last_ms = by->last_ms;
}

/* One row a series: the rows are sorted by it. */
static size_t gather_series(const struct findings *findings, struct series *series)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const struct found *row = &findings->rows[i];

        if (i && by_series(row - 1, row) == 0)
            widen(&series[count - 1], &row->series);
        else
            series[count++] = row->series;
    }
    return count;
}

static int note_series(struct store *store, struct findings *findings, struct error *error)
{
    autofree struct series *series = malloc((findings->count + 1) * sizeof(*series));
    size_t at = 0;
    int status;

    if (!series)
        return error_set(error, -ENOMEM, "no memory for %zu series", findings->count);
    qsort(findings->rows, findings->count, sizeof(*findings->rows), by_series);
    status = series_note(store, series, gather_series(findings, series), error);
    for (size_t i = 0; i < findings->count && status >= 0; i++) {
        struct found *row = &findings->rows[i];

        if (i && by_series(row - 1, row) != 0)
            at++;
        row->sighting.series_id = series[at].id;
    }
    return status;
}

/* ---- the sink ---- */

static int add_sightings(struct store *store, struct findings *findings, struct error *error)
{
    autofree struct sighting *rows = malloc((findings->count + 1) * sizeof(*rows));

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu sightings", findings->count);
    qsort(findings->rows, findings->count, sizeof(*findings->rows), by_resource);
    for (size_t i = 0; i < findings->count; i++)
        rows[i] = findings->rows[i].sighting;
    return sightings_add(store, rows, findings->count, error);
}

int sink_sightings(struct store *store, const struct harvest *harvest, struct error *error)
{
    autofree struct found *rows = malloc((harvest->count * 2 + 1) * sizeof(*rows));
    struct findings findings = { .rows = rows };
    int status;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu events", harvest->count);
    collect(harvest, &findings);
    drop_duplicates(&findings);
    status = find_requests(store, &findings, error);
    if (status >= 0)
        status = note_series(store, &findings, error);
    if (status >= 0)
        status = add_sightings(store, &findings, error);
    if (status >= 0)
        status = find_requests_again(store, &findings, error);
    return status < 0 ? status : tell_requests(store, harvest, error);
}
