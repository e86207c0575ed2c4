/* SPDX-License-Identifier: Apache-2.0 */
/* Keystone's answers about tokens: to our login, and about somebody else's. */
#include <errno.h>

#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

static void check_token(const struct token *token)
{
    fuzz_must_end(token->user_id);
    fuzz_must_end(token->project_id);
    fuzz_must_end(token->project_name);
    fuzz_must(token->role_count <= TOKEN_ROLES_MOST);
    for (size_t i = 0; i < token->role_count; i++)
        fuzz_must_end(token->roles[i]);
}

static void validate(const uint8_t *data, size_t size, bool good_login)
{
    struct cloud *cloud = answers_cloud(0);
    struct client *client = NULL;
    struct token token;
    struct error error = { 0 };
    int status;

    answers_login(good_login);
    answers_set(data, size);
    fuzz_must(client_open(cloud, &client, NULL) == 0);
    status = identity_validate(client, "somebodys-token", 1764000000000, &token, &error);
    fuzz_must(status == 0 || error.message[0]);
    if (status == 0)
        check_token(&token);
    client_close(client);
    cloud_close(cloud);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    validate(data, size, true);
    validate(data, size, false);
    return 0;
}
