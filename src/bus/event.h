/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bus tells, in our words: one message is one event or of no interest.  All of it is a
 * hint, since any host can forge a message; every field is bounded and has the form it should have.
 */
#ifndef LARDER_BUS_EVENT_H
#define LARDER_BUS_EVENT_H

#include "store/boot.h"
#include "store/change.h"
#include "store/key.h"

enum boot_event_kind {
    EVENT_PORT,     /* made or gone */
    EVENT_VOLUME,   /* made or gone */
    EVENT_INSTANCE, /* made (its boot goes on or has ended) or gone */
    EVENT_IMAGE,    /* made, changed or gone */
    EVENT_PROJECT,  /* made, changed or gone */
    EVENT_CACHE,    /* Nova caches images on an aggregate's hosts: begun, progress, ended */
    EVENT_SUBJECT,  /* something that ports or volumes are made from has changed or is gone */
};
#define EVENT_KINDS 7

enum event_change { CHANGE_MADE, CHANGE_CHANGED, CHANGE_GONE, CHANGE_BEGUN, CHANGE_ENDED };

struct port_event {
    char port_id[ID_SIZE];
    char device_id[ID_SIZE];      /* the instance; "" when it is no id */
    char device_owner[NAME_SIZE]; /* "" where Nova is about to set it */
    struct key key;               /* made only; normalised */
};

struct volume_event {
    char volume_id[ID_SIZE];
    char project_id[ID_SIZE];
    bool has_key;   /* made of an image, its type and zone known */
    struct key key; /* normalised */
};

struct image_event {
    char image_id[ID_SIZE];
    char status[32]; /* Glance's word: active, deactivated, deleted, … */
};

struct project_event {
    char project_id[ID_SIZE];
    bool disabled;
};

struct subject_event {
    enum subject subject;
    char id[ID_SIZE];
};

#define CACHE_IMAGES_MOST 64
struct cache_event {
    int64_t aggregate_id;
    char aggregate_name[NAME_SIZE];
    char host[NAME_SIZE]; /* progress only, like all that follows */
    int64_t index, total;
    size_t cached_count, failed_count;
    char cached[CACHE_IMAGES_MOST][ID_SIZE];
    char failed[CACHE_IMAGES_MOST][ID_SIZE];
};

struct boot_event {
    enum boot_event_kind kind;
    enum event_change change;
    int64_t at_ms; /* when it was told */
    /* Of the request that Nova serves: its own, or the global one of a service that Nova called. */
    char request_id[REQUEST_ID_SIZE];
    union {
        struct port_event port;
        struct volume_event volume;
        struct boot instance;
        struct image_event image;
        struct project_event project;
        struct subject_event subject;
        struct cache_event cache;
    };
};

#endif
