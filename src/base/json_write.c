/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON onto a strbuf; see json.h.  Whatever the texts hold, the result is valid JSON. */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

/* The JSON escape of a character that may not stand in a string as it is. */
static void add_escape(struct strbuf *out, unsigned char character)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = character ? strchr(plain, character) : NULL;

    if (found)
        strbuf_add_format(out, "\\%c", letters[found - plain]);
    else
        strbuf_add_format(out, "\\u%04x", character);
}

static void add_string(struct strbuf *out, const char *text)
{
    size_t left = strlen(text), step;

    strbuf_add(out, "\"", 1);
    for (; left > 0; text += step, left -= step) {
        unsigned char first = (unsigned char)*text;

        step = text_utf8_step(text, left);
        if (!step) {
            strbuf_add(out, "\xef\xbf\xbd", 3); /* U+FFFD stands for a byte that is no text */
            step = 1;
        } else if (first < ' ' || first == '"' || first == '\\' || first == 0x7f) {
            add_escape(out, first);
        } else {
            strbuf_add(out, text, step);
        }
    }
    strbuf_add(out, "\"", 1);
}

/* The comma and the name in front of a value. */
static struct strbuf *before_value(struct json_writer *writer, const char *name)
{
    if (writer->comma)
        strbuf_add(writer->out, ",", 1);
    writer->comma = true;
    if (name) {
        add_string(writer->out, name);
        strbuf_add(writer->out, ":", 1);
    }
    return writer->out;
}

static void begin(struct json_writer *writer, const char *name, const char *bracket)
{
    strbuf_add(before_value(writer, name), bracket, 1);
    writer->comma = false;
}

static void end(struct json_writer *writer, const char *bracket)
{
    strbuf_add(writer->out, bracket, 1);
    writer->comma = true;
}

void json_begin_object(struct json_writer *writer, const char *name)
{
    begin(writer, name, "{");
}

void json_end_object(struct json_writer *writer)
{
    end(writer, "}");
}

void json_begin_array(struct json_writer *writer, const char *name)
{
    begin(writer, name, "[");
}

void json_end_array(struct json_writer *writer)
{
    end(writer, "]");
}

void json_put_raw(struct json_writer *writer, const char *name, const char *json_text)
{
    strbuf_add_text(before_value(writer, name), json_text);
}

void json_put_null(struct json_writer *writer, const char *name)
{
    json_put_raw(writer, name, "null");
}

void json_put_text(struct json_writer *writer, const char *name, const char *text)
{
    if (text)
        add_string(before_value(writer, name), text);
    else
        json_put_null(writer, name);
}

void json_put_text_or_null(struct json_writer *writer, const char *name, const char *text)
{
    json_put_text(writer, name, text && *text ? text : NULL);
}

void json_put_int(struct json_writer *writer, const char *name, int64_t value)
{
    strbuf_add_format(before_value(writer, name), "%" PRId64, value);
}

void json_put_float(struct json_writer *writer, const char *name, double value)
{
    if (isfinite(value))
        strbuf_add_format(before_value(writer, name), "%.15g", value);
    else
        json_put_null(writer, name); /* JSON knows neither infinity nor NaN */
}

void json_put_bool(struct json_writer *writer, const char *name, bool value)
{
    json_put_raw(writer, name, value ? "true" : "false");
}

void json_put_time(struct json_writer *writer, const char *name, int64_t time_ms)
{
    char text[32];

    if (time_ms == 0) {
        json_put_null(writer, name);
        return;
    }
    text_from_time(time_ms, text);
    json_put_text(writer, name, text);
}
