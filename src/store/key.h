/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes items interchangeable (the key, in resolved ids), and what a create asks for (the ask,
 * as the tenant or Nova wrote it).  An ask leads to one key; which one is learned from what Neutron
 * and Cinder answered to such an ask (see store/pool.h, pool_learn).  Pure.
 */
#ifndef LARDER_STORE_KEY_H
#define LARDER_STORE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/text.h"

enum kind { KIND_PORT, KIND_VOLUME, KIND_IMAGE };
#define KIND_CHOICES "port|volume|image"
#define ITEM_KIND_CHOICES "port|volume" /* of which there are items, that a boot can claim */
#define KINDS 3
const char *kind_name(enum kind kind);
int kind_from_name(const char *name, enum kind *ret_kind); /* -EINVAL */

#define KEY_GROUPS_MOST 32

struct port_key {
    char project_id[ID_SIZE];
    char network_id[ID_SIZE];
    size_t group_count;
    char groups[KEY_GROUPS_MOST][ID_SIZE]; /* sorted, each once; no group: port security off */
};

struct volume_key {
    char image_id[ID_SIZE];
    int64_t size; /* GiB */
    char type_id[ID_SIZE];
    char zone[NAME_SIZE]; /* as Cinder resolved it; never "" */
};

/* An image on the hosts of one of Nova's aggregates. */
struct image_key {
    char image_id[ID_SIZE];
    int64_t aggregate_id;
};

struct key {
    enum kind kind;
    union {
        struct port_key port;
        struct volume_key volume;
        struct image_key image;
    };
};

/* As asked: no groups means the project's default group, type and zone "" mean Cinder's choice. */
struct ask {
    enum kind kind;
    char project_id[ID_SIZE];
    char network_id[ID_SIZE]; /* port */
    size_t group_count;       /* port */
    char groups[KEY_GROUPS_MOST][ID_SIZE];
    char image_id[ID_SIZE]; /* volume */
    int64_t size;           /* volume, GiB */
    char type[NAME_SIZE];   /* volume: name or id, as asked */
    char zone[NAME_SIZE];   /* volume */
};

/* Sorts the groups and drops repetitions, so that equal sets are equal bytes. */
void key_normalise(struct key *key);
void ask_normalise(struct ask *ask);

/* Canonical JSON (members in fixed order) and its digest; both need normalised input. */
void key_write(const struct key *key, struct strbuf *out);
int key_read(enum kind kind, const char *json, struct key *ret_key, struct error *error);
void key_digest(const struct key *key, char ret_digest[static DIGEST_SIZE]);
void ask_write(const struct ask *ask, struct strbuf *out);
void ask_digest(const struct ask *ask, char ret_digest[static DIGEST_SIZE]);

/* The key that 'ask' has when everything it leaves open is resolved as given. */
void key_of_port_ask(const struct ask *ask, size_t group_count, const char (*groups)[ID_SIZE],
                     struct key *ret_key);
void key_of_volume_ask(const struct ask *ask, const char *type_id, const char *zone,
                       struct key *ret_key);

#endif
