/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that keeps this process's row of members; see member.h. */
#include "role/member.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/pulse.h"
#include "base/strbuf.h"
#include "store/gap.h"
#include "store/member.h"

LOG_MODULE("role.member");

#define ROLES_MOST 16
#define FORGET_MS 30000 /* between two looks for members that are long gone */

struct membership {
    struct database *database;
    struct membership_options options;
    struct member member;
    int64_t forgot_ms; /* when rows of others were last looked through */
    bool failing;
    struct loop *loop;
};

static void find_late(struct membership *membership)
{
    struct pulse_role roles[ROLES_MOST];
    size_t count = pulse_roles(clock_monotonic_ms(), membership->options.late_after_ms, roles,
                               ROLES_MOST);
    auto_strbuf late = STRBUF_INIT(sizeof(membership->member.late) - 1);

    for (size_t i = 0; i < count; i++) {
        if (!roles[i].late)
            continue;
        strbuf_add_format(&late, "%s%s", late.length ? "," : "", roles[i].role);
        log_error("the role %s hangs: %" PRId64 " of %" PRId64 " threads have not turned for %"
                  PRId64 " s", roles[i].role, roles[i].late, roles[i].threads,
                  roles[i].oldest_ms / 1000);
    }
    text_copy(membership->member.late, sizeof(membership->member.late), strbuf_text(&late));
}

static int beat(struct membership *membership, int64_t now_ms, struct error *error)
{
    auto_store *store = NULL;
    int status = store_borrow(membership->database, &store, error);

    membership->member.seen_ms = now_ms;
    if (status >= 0)
        status = member_put(store, &membership->member, error);
    if (status >= 0 && membership->options.serves)
        status = watch_continue(store, SOURCE_API, MEMBER_DOWN_MS, now_ms, "there was no API",
                                error);
    if (status < 0 || now_ms - membership->forgot_ms < FORGET_MS)
        return status;
    membership->forgot_ms = now_ms;
    return member_forget(store, now_ms - MEMBER_KEPT_MS, NULL, error);
}

static int64_t turn(struct loop *loop, void *context)
{
    struct membership *membership = context;
    struct error error = { 0 };
    int status;

    (void)loop;
    find_late(membership);
    status = beat(membership, clock_now_ms(), &error);
    if (status < 0 && !membership->failing)
        log_warning("this process cannot say that it is there: %s", error.message);
    membership->failing = status < 0;
    return MEMBER_BEAT_MS;
}

int membership_start(struct database *database, const struct membership_options *options,
                     struct membership **ret_membership, struct error *error)
{
    struct membership *membership = calloc(1, sizeof(*membership));
    int status;

    if (!membership)
        return error_set(error, -ENOMEM, "no memory for the membership");
    membership->database = database;
    membership->options = *options;
    text_make_uuid(membership->member.id);
    if (gethostname(membership->member.host, sizeof(membership->member.host) - 1))
        text_copy(membership->member.host, sizeof(membership->member.host), "unknown");
    membership->member.pid = getpid();
    membership->member.started_ms = clock_now_ms();
    text_copy(membership->member.roles, sizeof(membership->member.roles), options->roles);
    text_copy(membership->member.version, sizeof(membership->member.version), options->version);
    status = loop_start("member", turn, membership, &membership->loop, error);
    if (status < 0) {
        free(membership);
        return status;
    }
    *ret_membership = membership;
    return 0;
}

static void drop(struct membership *membership)
{
    struct error error = { 0 };
    auto_store *store = NULL;
    int status = store_borrow(membership->database, &store, &error);

    if (status >= 0)
        status = member_drop(store, membership->member.id, &error);
    if (status < 0)
        log_warning("this process will be taken for one that is down: %s", error.message);
}

int membership_stop(struct membership *membership, int64_t grace_ms)
{
    if (!membership)
        return 0;
    if (loop_stop(membership->loop, grace_ms) < 0)
        return -ETIMEDOUT;
    drop(membership);
    free(membership);
    return 0;
}
