/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string with a maximum; see strbuf.h. */
#include "base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for 'count' more bytes and the NUL; 0, or the status that then sticks. */
static int make_room(struct strbuf *buffer, size_t count)
{
    size_t needed, capacity;
    char *text;

    if (buffer->status)
        return buffer->status;
    if (count > buffer->maximum - buffer->length)
        return buffer->status = -E2BIG;
    needed = buffer->length + count + 1;
    if (needed <= buffer->capacity)
        return 0;
    capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    while (capacity < needed)
        capacity += capacity / 2;
    text = realloc(buffer->text, capacity);
    if (!text)
        return buffer->status = -ENOMEM;
    buffer->text = text;
    buffer->capacity = capacity;
    return 0;
}

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t count)
{
    if (make_room(buffer, count))
        return;
    if (count)
        memcpy(buffer->text + buffer->length, bytes, count);
    buffer->length += count;
    buffer->text[buffer->length] = '\0';
}

void strbuf_add_text(struct strbuf *buffer, const char *text)
{
    strbuf_add(buffer, text, text ? strlen(text) : 0);
}

void strbuf_add_format(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments, again;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && !make_room(buffer, (size_t)length)) {
        vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

const char *strbuf_text(const struct strbuf *buffer)
{
    return buffer->text ? buffer->text : "";
}

void strbuf_reset(struct strbuf *buffer)
{
    buffer->length = 0;
    buffer->status = 0;
    if (buffer->text)
        buffer->text[0] = '\0';
}

void strbuf_clear(struct strbuf *buffer)
{
    free(buffer->text);
    *buffer = (struct strbuf)STRBUF_INIT(buffer->maximum);
}
