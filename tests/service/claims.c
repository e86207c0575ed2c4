/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of claims and of adoptions share; see claims.h. */
#include "tests/service/claims.h"

#include <errno.h>
#include <stdio.h>

#include "store/query.h"

const struct claim_options claims_options = { .lifetime_s = 300, .adoption_timeout_s = 60 };

struct claim_request request_for(int number, const struct ask *ask, int64_t count)
{
    struct claim_request request = { .servers = 1, .wish_count = 1 };

    snprintf(request.request_id, REQUEST_ID_SIZE, "req-00000000-0000-4000-8000-%012d", number);
    text_copy(request.project_id, ID_SIZE, ask->project_id);
    request.wishes[0] = (struct claim_wish){ .ask = *ask, .count = count };
    return request;
}

struct claim make_claim(const struct claim_request *request, int64_t now_ms, bool expect_new)
{
    static struct claim claim;
    bool is_new;

    must(claim_make(service_store, &claims_options, request, now_ms, &claim, &is_new, &error));
    ck_assert_int_eq(is_new, expect_new);
    return claim;
}

struct adoption_request adoption_for(const struct claim_request *request)
{
    struct adoption_request adoption = { .ask = request->wishes[0].ask };

    text_copy(adoption.request_id, REQUEST_ID_SIZE, request->request_id);
    text_copy(adoption.project_id, ID_SIZE, request->project_id);
    text_copy(adoption.instance_id, ID_SIZE, "11111111-0000-4000-8000-000000000001");
    return adoption;
}

struct adoption adopted;
struct item adopted_item;
char auth_key[SEALED_SIZE];

const char *adopt(const struct adoption_request *request, int64_t now_ms)
{
    static char reason[64];
    struct error error = { 0 };
    int r;

    text_copy(reason, sizeof(reason), "");
    r = claim_adopt(service_store, &service_seal_key, request, now_ms, &adopted, &adopted_item,
                    auth_key, reason, &error);
    ck_assert_msg(r == 0 || r == -ENOENT, "%d %s", r, error.message);
    ck_assert_int_eq(r == 0, *reason == '\0');
    return reason;
}

int64_t count_items(enum item_state state)
{
    int64_t count = 0;

    must(query_read_int(service_store, "SELECT COUNT(*) FROM items WHERE state = ?",
                        VALUES(TEXT(item_state_name(state))), &count, &error));
    return count;
}

struct claim claim_by_id(const char *id)
{
    static struct claim claim;

    must(claim_get(service_store, id, &claim, &error));
    return claim;
}
