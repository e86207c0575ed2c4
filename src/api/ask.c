/* SPDX-License-Identifier: Apache-2.0 */
/* The ask in request bodies; see ask.h. */
#include "api/ask.h"

#include <errno.h>

static const struct json_member port_members[] = { PORT_ASK_MEMBERS(struct ask, ) };
const struct json_shape port_ask_shape = { "port", port_members, ARRAY_SIZE(port_members), true };

static const struct json_member volume_members[] = { VOLUME_ASK_MEMBERS(struct ask, ) };
const struct json_shape volume_ask_shape = { "volume", volume_members, ARRAY_SIZE(volume_members),
                                             true };

int ask_choose(const char *where, enum kind kind, const struct json *port,
               const struct json *volume, const char *project_id, struct ask *ret_ask,
               struct error *error)
{
    const struct json *mine = kind == KIND_PORT ? port : volume;
    int status;

    if (!mine || (kind == KIND_PORT ? volume : port))
        return error_set(error, -EINVAL, "%s of kind %s must have the member %s and not the other "
                         "kind's", where, kind_name(kind), kind_name(kind));
    *ret_ask = (struct ask){ .kind = kind };
    text_copy(ret_ask->project_id, sizeof(ret_ask->project_id), project_id);
    status = json_read(mine, kind == KIND_PORT ? &port_ask_shape : &volume_ask_shape, ret_ask,
                       error);
    if (status)
        return error_wrap(error, "%s", where);
    ask_normalise(ret_ask);
    return 0;
}
