/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers of Cinder, by which volumes are offered; see volume.h. */
#include <errno.h>
#include <string.h>

#include "cloud/list.h"
#include "cloud/volume.h"

/* The first version with no_snapshots, and the first with pages. */
#define MAKING_VERSION "volume 3.55"
#define LISTING_VERSION "volume 3.59"

static const struct json_member transfer_members[] = {
    JSON_FIELD(JSON_UUID, struct transfer, id, "id", JSON_REQUIRED),
    JSON_FIELD(JSON_UUID, struct transfer, volume_id, "volume_id", JSON_REQUIRED),
    JSON_FIELD(JSON_TEXT, struct transfer, auth_key, "auth_key", JSON_NULLABLE),
};
static const struct json_shape transfer_shape = { "transfer", transfer_members,
                                                  ARRAY_SIZE(transfer_members), false };

static int read_transfer(const struct json *json, void *ret_transfer, struct error *error)
{
    struct transfer *transfer = ret_transfer;

    transfer->auth_key[0] = '\0';
    return json_read(json, &transfer_shape, transfer, error);
}

/* Without its snapshots, of which there are none, no quota of them is asked for. */
static void write_transfer(const char *volume_id, struct strbuf *out)
{
    struct json_writer writer = JSON_WRITER(out);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "transfer");
    json_put_text(&writer, "volume_id", volume_id);
    json_put_bool(&writer, "no_snapshots", true);
    json_end_object(&writer);
    json_end_object(&writer);
}

int volume_transfer_create(struct client *client, const char *volume_id,
                           struct transfer *ret_transfer, struct error *error)
{
    auto_strbuf body = STRBUF_INIT(1024);
    auto_json *answer = NULL;
    struct error why = { 0 };
    struct call call = {
        .service = SERVICE_VOLUME,
        .method = "POST",
        .path = "/volume-transfers",
        .microversion = MAKING_VERSION,
    };
    int status;

    write_transfer(volume_id, &body);
    if (body.status)
        return error_set(error, body.status, "no memory to offer a volume");
    call.body = strbuf_text(&body);
    status = client_call(client, &call, &answer, error);
    if (status)
        return status;
    if (read_transfer(json_at(answer, "transfer"), ret_transfer, &why))
        return error_set(error, -EPROTO, "Cinder's answer to the offer of volume %s is not "
                                         "understood: %s", volume_id, why.message);
    return 0;
}

int volume_transfer_delete(struct client *client, const char *transfer_id, struct error *error)
{
    const struct call call = {
        .service = SERVICE_VOLUME,
        .method = "DELETE",
        .path = "/volume-transfers/",
        .microversion = MAKING_VERSION,
    };

    return call_by_id(client, &call, transfer_id, "", NULL, error);
}

int volume_transfer_list(struct client *client, size_t most, struct transfer *ret_transfers,
                         size_t *ret_count, struct error *error)
{
    const struct listing listing = {
        .service = SERVICE_VOLUME,
        .path = "/volume-transfers",
        .query = "",
        .microversion = LISTING_VERSION,
        .name = "transfers",
        .size = sizeof(*ret_transfers),
        .read = read_transfer,
    };

    return list_read(client, &listing, NULL, most, ret_transfers, ret_count, error);
}
