/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a code for the program, a sentence for a person; see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char cut_mark[] = "...";

/* One line whatever was put into it: what a server or a user sent may hold anything. */
static void tidy(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

/* Marks a text as cut, without leaving half of a UTF-8 character before the mark. */
static void mark_cut(char *text, size_t size)
{
    size_t end = size - sizeof(cut_mark);

    while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--;
    memcpy(text + end, cut_mark, sizeof(cut_mark));
}

/* Formats into a text of its own first: an argument may be the very message that is replaced. */
__attribute__((format(printf, 2, 0))) static void
set_message(struct error *error, const char *format, va_list arguments)
{
    char text[sizeof(error->message)];
    int length = vsnprintf(text, sizeof(text), format, arguments);

    if (length < 0)
        text[0] = '\0';
    else if ((size_t)length >= sizeof(text))
        mark_cut(text, sizeof(text));
    tidy(text);
    memcpy(error->message, text, sizeof(text));
}

int error_set(struct error *error, int code, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return code;
    error->code = code;
    va_start(arguments, format);
    set_message(error, format, arguments);
    va_end(arguments);
    return code;
}

int error_wrap(struct error *error, const char *format, ...)
{
    struct error before;
    va_list arguments;
    size_t front;
    int length;

    if (!error)
        return 0;
    before = *error;
    va_start(arguments, format);
    set_message(error, format, arguments);
    va_end(arguments);
    front = strlen(error->message);
    length = snprintf(error->message + front, sizeof(error->message) - front, ": %s",
                      before.message);
    if (length >= 0 && (size_t)length >= sizeof(error->message) - front)
        mark_cut(error->message, sizeof(error->message));
    return before.code;
}
