/* SPDX-License-Identifier: Apache-2.0 */
/* The resource yields: Neutron's hook tells which ports of pools it removes for a tenant. */
#include "store/yield.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/reply.h"
#include "api/resources.h"
#include "base/log.h"

#define DUE_MS 15000      /* the hook is through by then; a worker looks after it */
#define ADDRESS_MS 10000  /* so long no port is made that could have the address again */
#define REASON_CHOICES "network|subnet|security-group|sharing|address|no-address-left"

LOG_MODULE("api");

enum reason { REASON_NETWORK, REASON_SUBNET, REASON_GROUP, REASON_SHARING, REASON_ADDRESS,
              REASON_NO_ADDRESS };

struct body {
    char network_id[ID_SIZE];
    size_t port_count;
    char port_ids[YIELD_PORTS_MOST][ID_SIZE];
    int reason;
};

static const struct json_member members[] = {
    JSON_FIELD(JSON_UUID, struct body, network_id, "network_id", JSON_NULLABLE),
    JSON_FIELD_ARRAY(struct body, port_ids, port_count, "port_ids", JSON_REQUIRED, JSON_UUID, NULL),
    JSON_FIELD_CHOICE(struct body, reason, "reason", JSON_REQUIRED, REASON_CHOICES),
};
static const struct json_shape shape = { "yield", members, ARRAY_SIZE(members), true };

/* In words for the item's history and the pool's last error. */
static const char *in_words(int reason)
{
    static const char *const words[] = {
        [REASON_NETWORK] = "made way for a tenant: delete of the network",
        [REASON_SUBNET] = "made way for a tenant: delete of a subnet",
        [REASON_GROUP] = "made way for a tenant: change of a security group",
        [REASON_SHARING] = "made way for a tenant: end of the network's sharing",
        [REASON_ADDRESS] = "made way for a tenant: an address that was asked for",
        [REASON_NO_ADDRESS] = "made way for a tenant: no address was left",
    };

    return words[reason];
}

static int put_yield(struct reply *reply, int64_t items, int64_t pools)
{
    struct json_writer writer = reply_json(reply, 200);

    json_begin_object(&writer, NULL);
    json_begin_object(&writer, "yield");
    json_put_int(&writer, "items", items);
    json_put_int(&writer, "pools", pools);
    json_end_object(&writer);
    json_end_object(&writer);
    return 0;
}

int yields_note(struct request *request, struct reply *reply, struct error *error)
{
    autofree struct body *body = calloc(1, sizeof(*body));
    struct yield yield = { .due_ms = request->now_ms + DUE_MS };
    int64_t items = 0, pools = 0, pause_ms;
    int status;

    if (!body)
        return error_set(error, -ENOMEM, "no memory for a list of ports");
    status = request_read(request, &shape, body, error);
    if (status)
        return status;
    pause_ms = body->reason == REASON_ADDRESS ? ADDRESS_MS : request->api->give_way_s * 1000;
    yield.network_id = body->network_id;
    yield.port_ids = (const char (*)[ID_SIZE])body->port_ids;
    yield.port_count = body->port_count;
    yield.reason = in_words(body->reason);
    yield.not_before_ms = request->now_ms + pause_ms;
    status = yield_note(request->store, &yield, request->now_ms, &items, &pools, error);
    if (status)
        return status;
    log_info("%s items=%" PRId64 " pools=%" PRId64 " network=%s", yield.reason, items, pools,
             yield.network_id);
    return put_yield(reply, items, pools);
}
