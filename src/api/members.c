/* SPDX-License-Identifier: Apache-2.0 */
/* The resource members: which process has which roles, and is it there. */
#include "store/member.h"

#include <errno.h>
#include <string.h>

#include "api/reply.h"
#include "api/resources.h"

static const struct parameter parameters[] = {
    PARAMETER_LIMIT,
    PARAMETER_MARKER,
};
const struct parameters member_parameters = PARAMETERS(parameters);

/* "a,b" as an array. */
static void put_words(struct json_writer *writer, const char *name, const char *words)
{
    json_begin_array(writer, name);
    while (*words) {
        char word[64];
        size_t length = strcspn(words, ",");

        text_copy(word, length < sizeof(word) ? length + 1 : sizeof(word), words);
        json_put_text(writer, NULL, word);
        words += length + (words[length] == ',');
    }
    json_end_array(writer);
}

static void put_member(struct json_writer *writer, const struct member *member, int64_t now_ms)
{
    json_begin_object(writer, NULL);
    json_put_text(writer, "id", member->id);
    json_put_text(writer, "host", member->host);
    json_put_int(writer, "pid", member->pid);
    json_put_text(writer, "state", member_state_name(member_state(member, now_ms)));
    put_words(writer, "roles", member->roles);
    put_words(writer, "late_roles", member->late);
    json_put_text(writer, "version", member->version);
    json_put_time(writer, "started_at", member->started_ms);
    json_put_time(writer, "seen_at", member->seen_ms);
    json_end_object(writer);
}

int members_list(struct request *request, struct reply *reply, struct error *error)
{
    struct filter *filter = &request->filter;
    size_t limit = (size_t)filter->limit, count;
    autofree struct member *members = calloc(limit + 1, sizeof(*members));
    struct json_writer writer = reply_json(reply, 200);
    int status;

    if (!members)
        return error_set(error, -ENOMEM, "no memory for %zu members", limit);
    status = member_list(request->store, filter->marker, limit + 1, members, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "members");
    for (size_t i = 0; i < count && i < limit; i++)
        put_member(&writer, &members[i], request->now_ms);
    reply_end_list(&writer, request, count > limit ? members[limit - 1].id : NULL);
    return 0;
}
