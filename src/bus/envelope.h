/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope in which oslo.messaging sends a notification: JSON in JSON. */
#ifndef LARDER_BUS_ENVELOPE_H
#define LARDER_BUS_ENVELOPE_H

#include <stdbool.h>

#include "base/json.h"
#include "base/text.h"

#define EVENT_TYPE_SIZE 128

struct message {
    struct json *document; /* owns the payload */
    char event_type[EVENT_TYPE_SIZE];
    int64_t at_ms; /* 0: it does not say */
    char request_id[REQUEST_ID_SIZE], global_request_id[REQUEST_ID_SIZE];
    char project_id[ID_SIZE];
    const struct json *payload;
};

/* The event type, found without parsing where oslo.messaging writes it: near the front, before the
 * payload.  False when it does not stand there; then only the parser can tell. */
bool envelope_peek(const char *body, size_t length, char ret_event_type[static EVENT_TYPE_SIZE]);

/* Opens an envelope, or takes a message without one (version 1.0).  -EINVAL. */
int envelope_open(const char *body, size_t length, struct message *ret_message,
                  struct error *error);
void message_clear(struct message *message);

static inline void message_cleanup(struct message *message)
{
    message_clear(message);
}
#define auto_message __attribute__((cleanup(message_cleanup))) struct message

#endif
