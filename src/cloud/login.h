/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to Keystone to log in, and what of its answer is kept.  Pure. */
#ifndef LARDER_CLOUD_LOGIN_H
#define LARDER_CLOUD_LOGIN_H

#include "base/strbuf.h"
#include "cloud/catalog.h"
#include "cloud/http.h"

struct login {
    char token[TOKEN_SIZE];
    char project_id[ID_SIZE];
    int64_t issued_ms; /* by Keystone's clock */
    int64_t lifetime_ms;
    char roots[SERVICES][URL_SIZE]; /* "": the catalog does not have it */
};

/* The body of POST /v3/auth/tokens; it holds the secret. */
void login_ask(const struct cloud_options *options, struct strbuf *out);

/* From the answer's body and token. */
int login_read(const struct cloud_options *options, const struct json *answer, const char *token,
               struct login *ret_login, struct error *error);

#endif
