/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens envelopes.  What a tenant writes cannot pass for the event type: inside the message's JSON
 * his quotation marks are escaped once more than those that are looked for here.
 */
#include "bus/envelope.h"

#include <errno.h>
#include <string.h>

#define FRONT 768 /* bytes in which the event type is looked for */

struct envelope {
    const struct json *message;
};

static const struct json_member envelope_members[] = {
    JSON_FIELD(JSON_VALUE, struct envelope, message, "oslo.message", JSON_NULLABLE),
};
static const struct json_shape envelope_shape = { "envelope", envelope_members,
                                                  ARRAY_SIZE(envelope_members), false };

/* The context's texts are taken as they are and kept where they have the form they should have. */
struct opened {
    char event_type[EVENT_TYPE_SIZE];
    const struct json *timestamp, *request_id, *global_request_id, *project_id, *payload;
};

static const struct json_member message_members[] = {
    JSON_FIELD(JSON_TEXT, struct opened, event_type, "event_type", JSON_REQUIRED),
    JSON_FIELD(JSON_VALUE, struct opened, timestamp, "timestamp", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct opened, request_id, "_context_request_id", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct opened, global_request_id, "_context_global_request_id",
               JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct opened, project_id, "_context_project_id", JSON_NULLABLE),
    JSON_FIELD(JSON_VALUE, struct opened, payload, "payload", JSON_REQUIRED),
};
static const struct json_shape message_shape = { "message", message_members,
                                                 ARRAY_SIZE(message_members), false };

/* ---- a look without parsing ---- */

/* Where the text behind '"name": "' begins, written with these quotation marks. */
static const char *value_of(const char *body, size_t length, const char *quoted_name,
                            const char *quote)
{
    /* a body of no length may be no body */
    const char *at = length ? memmem(body, length, quoted_name, strlen(quoted_name)) : NULL;
    const char *end = body + length;

    if (!at)
        return NULL;
    at += strlen(quoted_name);
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    if ((size_t)(end - at) < strlen(quote) || memcmp(at, quote, strlen(quote)) != 0)
        return NULL;
    return at + strlen(quote);
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", text[i],
                    64 + 1))
            return false;
    return length > 0;
}

bool envelope_peek(const char *body, size_t length, char ret_event_type[static EVENT_TYPE_SIZE])
{
    static const char name[] = "\\\"event_type\\\"", payload[] = "\\\"payload\\\"";
    static const char quote[] = "\\\"";
    size_t front = length < FRONT ? length : FRONT;
    const char *value = value_of(body, front, name, quote);
    const char *end = value ? memmem(value, front - (size_t)(value - body), quote, 2) : NULL;

    if (!end || (size_t)(end - value) >= EVENT_TYPE_SIZE || !is_plain(value, (size_t)(end - value)))
        return false;
    if (memmem(body, (size_t)(value - body), payload, strlen(payload)))
        return false;
    memcpy(ret_event_type, value, (size_t)(end - value));
    ret_event_type[end - value] = '\0';
    return true;
}

/* ---- the message in it, where it is written as oslo.messaging does ---- */

/* Takes the escapes of quotation marks and of themselves away; false at any other one, and at the
 * mark that ends the text. */
static bool unescape(const char *text, size_t length, char *ret_text, size_t *ret_length)
{
    char *out = ret_text;
    const char *end = text + length;

    while (text < end) {
        size_t plain = 0;

        while (text + plain < end && text[plain] != '\\' && text[plain] != '"')
            plain++;
        memcpy(out, text, plain);
        out += plain;
        text += plain;
        if (text == end)
            break;
        if (*text == '"' || end - text < 2 || (text[1] != '"' && text[1] != '\\'))
            return false;
        *out++ = text[1];
        text += 2;
    }
    *ret_length = (size_t)(out - ret_text);
    return true;
}

/* The envelope without the cost of parsing it; NULL when it is another one.  The message itself is
 * parsed as strictly as ever. */
static char *message_in(const char *body, size_t length, size_t *ret_length)
{
    static const char front[] = "{\"oslo.version\": \"2.0\", \"oslo.message\": \"";
    static const char back[] = "\"}";
    size_t front_length = strlen(front), back_length = strlen(back);
    autofree char *text = NULL;

    if (length < front_length + back_length || memcmp(body, front, front_length) != 0 ||
        memcmp(body + length - back_length, back, back_length) != 0)
        return NULL;
    length -= front_length + back_length;
    text = malloc(length + 1);
    if (!text || !unescape(body + front_length, length, text, ret_length))
        return NULL;
    return steal(&text);
}

/* ---- opening ---- */

static void keep_context(const struct opened *opened, struct message *message)
{
    const char *request_id = json_text(opened->request_id);
    const char *global_id = json_text(opened->global_request_id);
    const char *project_id = json_text(opened->project_id);

    if (text_is_request_id(request_id))
        text_copy(message->request_id, REQUEST_ID_SIZE, request_id);
    if (text_is_request_id(global_id))
        text_copy(message->global_request_id, REQUEST_ID_SIZE, global_id);
    if (text_is_id(project_id))
        text_copy(message->project_id, ID_SIZE, project_id);
    if (opened->timestamp && text_to_time(json_text(opened->timestamp), &message->at_ms) < 0)
        message->at_ms = 0;
}

static int read_message(struct json *document, struct message *message, struct error *error)
{
    struct opened opened = { 0 };
    int status = json_read(document, &message_shape, &opened, error);

    if (status < 0)
        return status;
    text_copy(message->event_type, sizeof(message->event_type), opened.event_type);
    message->payload = opened.payload;
    keep_context(&opened, message);
    return 0;
}

static int open_any(const char *body, size_t length, struct message *ret_message,
                    struct error *error)
{
    auto_json *outer = NULL, *inner = NULL;
    struct envelope envelope = { 0 };
    struct message message = { 0 };
    const char *text;
    int status = json_parse(body, length, &outer, error);

    if (!status)
        status = json_read(outer, &envelope_shape, &envelope, error);
    if (status < 0)
        return status;
    text = json_text(envelope.message);
    if (envelope.message && !text)
        return error_set(error, -EINVAL, "envelope.oslo.message must be a text");
    if (text)
        status = json_parse(text, strlen(text), &inner, error);
    if (!status)
        status = read_message(text ? inner : outer, &message, error);
    if (status < 0)
        return status;
    message.document = text ? steal(&inner) : steal(&outer);
    *ret_message = message;
    return 0;
}

int envelope_open(const char *body, size_t length, struct message *ret_message,
                  struct error *error)
{
    size_t inner_length = 0;
    autofree char *text = message_in(body, length, &inner_length);
    auto_json *inner = NULL;
    struct message message = { 0 };
    int status;

    if (!text)
        return open_any(body, length, ret_message, error);
    status = json_parse(text, inner_length, &inner, error);
    if (!status)
        status = read_message(inner, &message, error);
    if (status < 0)
        return status;
    message.document = steal(&inner);
    *ret_message = message;
    return 0;
}

void message_clear(struct message *message)
{
    json_free(message->document);
    *message = (struct message){ 0 };
}
