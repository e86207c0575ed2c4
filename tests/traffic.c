/* SPDX-License-Identifier: Apache-2.0 */
/* Makes boots of captures: the ids are changed where they stand, so lengths stay. */
#include "tests/traffic.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/query.h"
#include "tests/capture.h"

#define PLACES_MOST 256
#define MESSAGES_MOST 64

/* Ids of the captures, and how many different ones take their place. */
static const struct {
    const char *id;
    char digit;
    int64_t different; /* 0: one a boot */
} ids[] = {
    { "62db3708-3f44-455d-8ccf-68cc007e5320", '1', 0 }, /* the instance */
    { "7509b929-beef-4cae-bb6c-c762480974c9", '2', 0 }, /* its request */
    { "7f6ab28d-261f-472b-a00f-befe342890c6", '3', 0 }, /* its port */
    { "1da3c746-f276-4d5d-b40f-31051e793019", '4', 0 }, /* its volume */
    { "175c29a3-b522-4f38-b35a-72f908b94aa8", '2', 0 },
    { "f946a0a6-fec5-473b-ac20-19174243c4f0", '5', 200 }, /* network */
    { "28d4ca48-6056-4e81-a4b4-09d4318567ee", '6', 20 },  /* flavor */
    { "226ae9e3-ac7a-4074-a205-7352a255cea9", '7', 50 },  /* image */
};

struct template {
    const struct capture *capture;
    char *body;
    size_t count;
    struct place {
        size_t at, id;
    } places[PLACES_MOST];
};

struct traffic {
    size_t ordinary, all; /* messages of a boot without and with a volume */
    struct template templates[MESSAGES_MOST];
};

static void find_places(struct template *template)
{
    for (size_t id = 0; id < ARRAY_SIZE(ids); id++) {
        const char *at = template->capture->body;

        while ((at = strstr(at, ids[id].id))) {
            if (template->count == PLACES_MOST)
                errx(1, "%s: too many ids", template->capture->name);
            template->places[template->count++] =
                (struct place){ (size_t)(at - template->capture->body), id };
            at += strlen(ids[id].id);
        }
    }
}

static void add_template(struct traffic *traffic, const struct capture *capture)
{
    struct template *template = &traffic->templates[traffic->all++];

    template->capture = capture;
    template->body = strdup(capture->body);
    if (!template->body || traffic->all == MESSAGES_MOST)
        err(1, "no memory for %s", capture->name);
    find_places(template);
}

static bool of_kind(const struct capture *capture, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (strncmp(capture->name, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

struct traffic *traffic_load(const char *directory)
{
    static const char *const ordinary[] = { "nova.unversioned.", "nova.versioned.instance.",
                                            "nova.versioned.scheduler.", "neutron.", NULL };
    static const char *const volume[] = { "cinder.", "glance.", NULL };
    struct traffic *traffic = calloc(1, sizeof(*traffic));
    size_t count;
    struct capture *captures = captures_load(directory, &count);

    if (!traffic)
        err(1, "no memory");
    for (size_t i = 0; i < count; i++)
        if (of_kind(&captures[i], ordinary))
            add_template(traffic, &captures[i]);
    traffic->ordinary = traffic->all;
    for (size_t i = 0; i < count; i++)
        if (of_kind(&captures[i], volume))
            add_template(traffic, &captures[i]);
    return traffic;
}

size_t traffic_messages(const struct traffic *traffic, int64_t boot)
{
    return boot % TRAFFIC_VOLUME_EVERY ? traffic->ordinary : traffic->all;
}

static void make_id(size_t id, int64_t boot, char ret_id[static ID_SIZE])
{
    int64_t number = ids[id].different ? boot % ids[id].different : boot;

    snprintf(ret_id, ID_SIZE, "%c0000000-0000-4000-8000-%012llx", ids[id].digit,
             (unsigned long long)number & 0xffffffffffffULL);
}

void traffic_make(struct traffic *traffic, int64_t boot, size_t index,
                  struct traffic_message *ret_message)
{
    struct template *template = &traffic->templates[index];
    char fresh[ARRAY_SIZE(ids)][ID_SIZE];

    for (size_t id = 0; id < ARRAY_SIZE(ids); id++)
        make_id(id, boot, fresh[id]);
    for (size_t i = 0; i < template->count; i++)
        memcpy(template->body + template->places[i].at, fresh[template->places[i].id],
               ID_SIZE - 1);
    *ret_message = (struct traffic_message){
        .exchange = template->capture->exchange,
        .routing_key = template->capture->routing_key,
        .body = template->body,
        .length = template->capture->length,
    };
}

void traffic_instance(int64_t boot, char ret_id[static ID_SIZE])
{
    make_id(0, boot, ret_id);
}

/* ---- the books ---- */

static int64_t number(struct store *store, const char *sql)
{
    struct error error = { 0 };
    int64_t result = 0;

    if (query_read_int(store, sql, NO_VALUES, &result, &error) < 0)
        errx(1, "%s: %s", sql, error.message);
    return result;
}

int64_t traffic_lost(struct store *store, int64_t boots)
{
    static const struct {
        const char *sql;
        int every;
    } marks[] = {
        { "SELECT COUNT(*) FROM boots WHERE outcome = 'active' AND deleted_ms > 0 AND asked_ms > 0"
          " AND host = 'fake2' AND vcpus = 1 AND request_id <> '' AND finished_ms > 0", 1 },
        { "SELECT COUNT(*) FROM sightings WHERE kind = 'capacity' AND request_id <> ''", 1 },
        { "SELECT COUNT(*) FROM sightings WHERE kind = 'image' AND request_id <> ''", 1 },
        { "SELECT COUNT(*) FROM sightings JOIN boots ON boots.request_id = sightings.request_id"
          " WHERE kind = 'port' AND boots.instance_id LIKE '10000000-%'"
          " AND SUBSTR(resource_id, 2) = SUBSTR(boots.instance_id, 2)", 1 },
        { "SELECT COUNT(*) FROM sightings WHERE kind = 'volume' AND request_id <> ''",
          TRAFFIC_VOLUME_EVERY },
    };
    int64_t lost = 0;

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
        int64_t wanted = (boots + marks[i].every - 1) / marks[i].every;
        int64_t there = number(store, marks[i].sql);

        if (there != wanted)
            warnx("%lld of %lld: %s", (long long)there, (long long)wanted, marks[i].sql);
        lost += there < wanted ? wanted - there : there - wanted;
    }
    return lost;
}
