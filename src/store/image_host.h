/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image is in the cache of which compute host, as far as is known: asked for by us, told by
 * Nova's notifications, or seen because an instance made of it became active there.
 *
 *   wanted -> caching -> warm, or -> failed; unable: the host's driver cannot.
 *
 * A row that is warm stays so while Nova is asked to keep it.  What notifications say is a hint, in
 * any order and more than once: all that is written here comes to the same then.
 */
#ifndef LARDER_STORE_IMAGE_HOST_H
#define LARDER_STORE_IMAGE_HOST_H

#include "base/text.h"
#include "store/store.h"

enum image_state { IMAGE_WANTED, IMAGE_CACHING, IMAGE_WARM, IMAGE_FAILED, IMAGE_UNABLE };
#define IMAGE_STATE_CHOICES "wanted|caching|warm|failed|unable"
const char *image_state_name(enum image_state state);

struct image_host {
    int64_t id; /* set by the store; grows */
    char image_id[ID_SIZE];
    char host[NAME_SIZE];
    enum image_state state;
    char reason[256];
    int64_t bytes;    /* on the host's disk, as Glance says; 0: not known */
    int64_t failures; /* in a row */
    int64_t asked_ms; /* Nova was asked and has not answered; 0 */
    int64_t warmed_ms, used_ms, changed_ms;
};

/* Pages in the order of their ids, behind 'after' (0: from the start); 'image_id', 'host' NULL:
 * all; 'state' -1: all. */
struct image_host_filter {
    const char *image_id, *host;
    int state;
    int64_t after;
};
int image_host_list(struct store *store, const struct image_host_filter *filter, size_t most,
                    struct image_host *ret_rows, size_t *ret_count, struct error *error);

/* The hosts that are warm for an image, those that were so most lately first. */
struct warm_host {
    char name[NAME_SIZE];
};
int image_host_warm(struct store *store, const char *image_id, size_t most,
                    struct warm_host *ret_hosts, size_t *ret_count, struct error *error);

/* ---- what Nova is like ---- */

struct compute_host {
    char host[NAME_SIZE];
    int64_t up; /* 0: Nova would skip it now */
};
struct aggregate_host {
    int64_t aggregate_id;
    char host[NAME_SIZE];
    char name[NAME_SIZE]; /* the aggregate's */
};
/* These and no others are there now. */
int compute_hosts_put(struct store *store, const struct compute_host *hosts, size_t count,
                      int64_t now_ms, struct error *error);
int aggregate_hosts_put(struct store *store, const struct aggregate_host *hosts, size_t count,
                        int64_t now_ms, struct error *error);

/* ---- caching ---- */

/* Rows 'wanted' for all hosts of the aggregate that have none; and the end of such rows. */
int image_hosts_want(struct store *store, const char *image_id, int64_t aggregate_id,
                     int64_t now_ms, struct error *error);
int image_hosts_unwant(struct store *store, const char *image_id, int64_t aggregate_id,
                       struct error *error);
/* Nova is about to be asked for all hosts of the aggregate that are up and able; 'bytes' each. */
int image_hosts_ask(struct store *store, const char *image_id, int64_t aggregate_id, int64_t bytes,
                    int64_t now_ms, struct error *error);
/* It refused the request that was noted with 'asked_ms'. */
int image_hosts_refused(struct store *store, const char *image_id, int64_t asked_ms,
                        const char *reason, struct error *error);

/* What Nova said of an image on one host.  Any number at a time. */
struct image_answer {
    char image_id[ID_SIZE];
    char host[NAME_SIZE];
    bool cached; /* or there already; else it failed, or cannot */
    int64_t at_ms;
};
int image_hosts_answered(struct store *store, const struct image_answer *answers, size_t count,
                         struct error *error);
/* An operation on an aggregate has ended at 'at_ms': of hosts that were asked before and have not
 * answered nothing more will come. */
int image_hosts_ended(struct store *store, int64_t aggregate_id, int64_t at_ms,
                      struct error *error);

/* ---- ageing and learning; by whoever leads the caching ---- */

/* Takes in the boots that began after 'since_ms' and became active: their hosts are warm. */
int image_hosts_note_used(struct store *store, int64_t since_ms, struct error *error);
struct image_ages {
    int64_t patience_ms; /* no answer for so long: there will be none */
    int64_t unused_ms;   /* Nova evicts what nobody used for so long */
    int64_t forget_ms;   /* rows that say nothing of use any more */
};
int image_hosts_age(struct store *store, const struct image_ages *ages, int64_t now_ms,
                    struct error *error);
/* A host to which Nova never brought an image, though it tried twice at least, and two images
 * or one that another host has, is unable: it is not the image's fault.  It is tried again after
 * 'again_ms'. */
int image_hosts_learn(struct store *store, int64_t again_ms, int64_t now_ms, struct error *error);

#endif
