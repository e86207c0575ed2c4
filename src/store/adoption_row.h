/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of adoptions.  What they mean and when they are written is in claim/. */
#ifndef LARDER_STORE_ADOPTION_ROW_H
#define LARDER_STORE_ADOPTION_ROW_H

#include "store/key.h"
#include "store/store.h"

enum adoption_state { ADOPTION_BEGUN, ADOPTION_DONE, ADOPTION_FAILED, ADOPTION_RETURNED };
#define ADOPTION_STATE_CHOICES "begun|done|failed|returned"
const char *adoption_state_name(enum adoption_state state);

struct adoption {
    char id[ID_SIZE];
    char item_id[ID_SIZE];
    char claim_id[ID_SIZE];
    char pool_id[ID_SIZE];
    enum kind kind;
    enum adoption_state state;
    char project_id[ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char instance_id[ID_SIZE];
    char resource_id[ID_SIZE];
    char reason[256];
    int64_t created_ms, finished_ms;
};

/* -EEXIST when the item was adopted before. */
int adoption_row_insert(struct store *store, const struct adoption *adoption, struct error *error);
/* Ends an adoption that is begun; -ESTALE when it is not. */
int adoption_row_finish(struct store *store, const char *id, enum adoption_state state,
                        const char *reason, int64_t now_ms, struct error *error);
int adoption_row_read(struct store *store, const char *id, struct adoption *ret_adoption,
                      struct error *error);
int adoption_row_list(struct store *store, int state, int64_t before_ms, const char *marker,
                      size_t most, struct adoption *ret_adoptions, size_t *ret_count,
                      struct error *error);

#endif
