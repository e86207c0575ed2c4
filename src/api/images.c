/* SPDX-License-Identifier: Apache-2.0 */
/* Images in the hosts' caches: looked at by operators, and asked for by LarderFilter. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/reply.h"
#include "api/resources.h"
#include "api/warm.h"
#include "base/log.h"
#include "store/image_host.h"

LOG_MODULE("api.images");

#define WARM_HOSTS_MOST 500

static const struct parameter parameters[] = {
    { .name = "image_id", .type = PARAMETER_UUID, .offset = offsetof(struct filter, image_id) },
    PARAMETER_STATE(IMAGE_STATE_CHOICES),
    PARAMETER_LIMIT,
    { .name = "marker", .type = PARAMETER_NUMBER, .offset = offsetof(struct filter, before),
      .most = INT64_MAX },
};
const struct parameters image_parameters = PARAMETERS(parameters);

static void put_image(struct json_writer *writer, const struct image_host *row)
{
    json_begin_object(writer, NULL);
    json_put_int(writer, "id", row->id);
    json_put_text(writer, "image_id", row->image_id);
    json_put_text(writer, "host", row->host);
    json_put_text(writer, "state", image_state_name(row->state));
    json_put_text_or_null(writer, "reason", row->reason);
    json_put_int(writer, "bytes", row->bytes);
    json_put_int(writer, "failures", row->failures);
    json_put_time(writer, "asked_at", row->asked_ms);
    json_put_time(writer, "warmed_at", row->warmed_ms);
    json_put_time(writer, "used_at", row->used_ms);
    json_put_time(writer, "changed_at", row->changed_ms);
    json_end_object(writer);
}

int images_list(struct request *request, struct reply *reply, struct error *error)
{
    const struct filter *filter = &request->filter;
    const struct image_host_filter wanted = { .image_id = given(filter->image_id),
                                              .state = filter->state, .after = filter->before };
    size_t limit = (size_t)filter->limit, count;
    autofree struct image_host *rows = calloc(limit + 1, sizeof(*rows));
    struct json_writer writer = reply_json(reply, 200);
    char marker[32];
    int status;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for %zu images", limit);
    status = image_host_list(request->store, &wanted, limit + 1, rows, &count, error);
    if (status)
        return status;
    json_begin_object(&writer, NULL);
    json_begin_array(&writer, "images");
    for (size_t i = 0; i < count && i < limit; i++)
        put_image(&writer, &rows[i]);
    snprintf(marker, sizeof(marker), "%" PRId64, count > limit ? rows[limit - 1].id : 0);
    reply_end_list(&writer, request, count > limit ? marker : NULL);
    return 0;
}

/* ---- warm hosts ---- */

void warm_hosts_put(struct json_writer *writer, const char *name, struct store *store,
                    const char *image_id)
{
    autofree struct warm_host *hosts = calloc(WARM_HOSTS_MOST, sizeof(*hosts));
    struct error error = { 0 };
    size_t count = 0;

    if (hosts && image_id[0] &&
        image_host_warm(store, image_id, WARM_HOSTS_MOST, hosts, &count, &error) < 0)
        log_warning("which hosts are warm cannot be told: %s", error.message);
    json_begin_array(writer, name);
    for (size_t i = 0; i < count; i++)
        json_put_text(writer, NULL, hosts[i].name);
    json_end_array(writer);
}

int warm_hosts_show(struct request *request, struct reply *reply, struct error *error)
{
    struct json_writer writer = reply_json(reply, 200);

    (void)error;
    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "warm_hosts");
    json_put_text(&writer, "image_id", request->id);
    warm_hosts_put(&writer, "hosts", request->store, request->id);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}
