/* SPDX-License-Identifier: Apache-2.0 */
/* Keystone: whose token is this, and what may he do? */
#ifndef LARDER_CLOUD_IDENTITY_H
#define LARDER_CLOUD_IDENTITY_H

#include "cloud/client.h"

#define TOKEN_ROLES_MOST 32
struct token {
    char user_id[DIGEST_SIZE];    /* of a directory's user it is a digest */
    char project_id[DIGEST_SIZE]; /* "" when the token is not for a project */
    char project_name[NAME_SIZE];
    int64_t expires_ms;
    int64_t asked_ms; /* when Keystone was asked about it */
    size_t role_count;
    char roles[TOKEN_ROLES_MOST][NAME_SIZE];
};
/* Validates somebody's token, from a short cache or by Keystone.  -EACCES when it is not valid. */
int identity_validate(struct client *client, const char *token, int64_t now_ms,
                      struct token *ret_token, struct error *error);

/* Whoever bears this good token cannot wait for Keystone: for an hour from now identity_refresh()
 * asks about it, and identity_validate() does not while an answer is known. */
void identity_keep_fresh(struct client *client, const char *token, const struct token *known,
                         int64_t now_ms);
/* Asks Keystone about one such token whose answer is half through its time.  One that Keystone
 * calls bad is refused from then on.  -ENOENT when none is due. */
int identity_refresh(struct client *client, int64_t now_ms, struct error *error);

/* How long an answer about a token is kept. */
int64_t identity_cache_s(const struct cloud *cloud);

/* Whether the project may still have anything made: 0; -EPERM: it is disabled; -ENOENT: it is
 * gone. */
int identity_check_project(struct client *client, const char *project_id, struct error *error);

bool token_has_role(const struct token *token, const char *role);

#endif
