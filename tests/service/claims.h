/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of claims and of adoptions share. */
#ifndef LARDER_TESTS_CLAIMS_H
#define LARDER_TESTS_CLAIMS_H

#include "claim/claim.h"
#include "tests/service/service.h"

#define NOW 1700000000000
extern const struct claim_options claims_options; /* a lifetime of 300 seconds */

struct claim_request request_for(int number, const struct ask *ask, int64_t count);
struct claim make_claim(const struct claim_request *request, int64_t now_ms, bool expect_new);
struct claim claim_by_id(const char *id);
struct adoption_request adoption_for(const struct claim_request *request);
int64_t count_items(enum item_state state);

/* Tries an adoption: "" when an item was handed out, else the word why not. */
const char *adopt(const struct adoption_request *request, int64_t now_ms);
/* What the last one handed out. */
extern struct adoption adopted;
extern struct item adopted_item;
extern char auth_key[SEALED_SIZE];

#endif
