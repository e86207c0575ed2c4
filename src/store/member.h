/* SPDX-License-Identifier: Apache-2.0 */
/* Members: the processes that work, each with its roles; who is not seen any more is down. */
#ifndef LARDER_STORE_MEMBER_H
#define LARDER_STORE_MEMBER_H

#include "base/text.h"
#include "store/store.h"

#define MEMBER_BEAT_MS 5000                  /* each member is seen this often */
#define MEMBER_DOWN_MS (3 * MEMBER_BEAT_MS)  /* not seen for so long: it is down */
#define MEMBER_KEPT_MS (10 * 60 * 1000LL)    /* not seen for so long: it is forgotten */

struct member {
    char id[ID_SIZE]; /* new at each start */
    char host[NAME_SIZE];
    int64_t pid;
    char roles[256]; /* "api,worker" */
    char late[256];  /* those of its roles that hang, in the same form */
    char version[64];
    int64_t started_ms, seen_ms;
};

enum member_state { MEMBER_UP, MEMBER_LATE, MEMBER_DOWN };
const char *member_state_name(enum member_state state);
enum member_state member_state(const struct member *member, int64_t now_ms);

/* Writes the row, new or again. */
int member_put(struct store *store, const struct member *member, struct error *error);
/* For one that ends as it should. */
int member_drop(struct store *store, const char *id, struct error *error);
/* Removes those that were last seen before. */
int member_forget(struct store *store, int64_t before_ms, int64_t *ret_count,
                  struct error *error);
/* In the order of their ids, after 'marker' ("": from the start). */
int member_list(struct store *store, const char *marker, size_t most, struct member *ret_members,
                size_t *ret_count, struct error *error);

#endif
