/* SPDX-License-Identifier: Apache-2.0 */
/* Small facts about strings; see text.h.  Nothing here depends on the locale. */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/random.h"

int text_copy(char *target, size_t size, const char *source)
{
    size_t length = source ? strlen(source) : 0;
    size_t kept = length < size ? length : size - 1;

    if (kept)
        memmove(target, source, kept);
    target[kept] = '\0';
    return kept < length ? -E2BIG : 0;
}

bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether 'text' has the form: 'x' stands for a hex digit, all else for itself. */
static bool has_form(const char *text, const char *form)
{
    if (!text)
        return false;
    for (; *form; text++, form++)
        if (*form == 'x' ? !is_hex(*text) : *text != *form)
            return false;
    return *text == '\0';
}

#define UUID_FORM "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

bool text_is_uuid(const char *text)
{
    return has_form(text, UUID_FORM);
}

bool text_is_id(const char *text)
{
    return text_is_uuid(text) || has_form(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

bool text_is_request_id(const char *text)
{
    return has_form(text, "req-" UUID_FORM);
}

/* The shortest form only, no surrogates, nothing above U+10FFFF. */
static const struct utf8_form {
    unsigned char mask, lead;
    size_t length;
    uint32_t least;
} utf8_forms[] = {
    { 0x80, 0x00, 1, 0 },
    { 0xe0, 0xc0, 2, 0x80 },
    { 0xf0, 0xe0, 3, 0x800 },
    { 0xf8, 0xf0, 4, 0x10000 },
};

size_t text_utf8_step(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    const struct utf8_form *form = utf8_forms;
    uint32_t character;

    if (length == 0)
        return 0;
    while ((bytes[0] & form->mask) != form->lead)
        if (++form == utf8_forms + ARRAY_SIZE(utf8_forms))
            return 0;
    if (form->length > length)
        return 0;
    character = bytes[0] & (unsigned char)~form->mask;
    for (size_t i = 1; i < form->length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (bytes[i] & 0x3f);
    }
    if (character < form->least || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return 0;
    return form->length;
}

bool text_is_utf8(const char *text, size_t length)
{
    size_t step;

    for (size_t at = 0; at < length; at += step) {
        step = text_utf8_step(text + at, length - at);
        if (!step)
            return false;
    }
    return true;
}

void text_make_uuid(char ret_id[static ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16];
    char *out = ret_id;

    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 0x0f];
    }
    *out = '\0';
}

void text_make_request_id(char ret_id[static REQUEST_ID_SIZE])
{
    memcpy(ret_id, "req-", 4);
    text_make_uuid(ret_id + 4);
}

void text_from_time(int64_t time_ms, char ret_text[static 32])
{
    time_t seconds = (time_t)(time_ms / 1000 - (time_ms % 1000 < 0));
    struct tm utc;

    if (!gmtime_r(&seconds, &utc) || !strftime(ret_text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc))
        ret_text[0] = '\0';
}

/* Reads exactly 'count' digits and moves on; -1 if they are not there. */
static int take_digits(const char **text, int count)
{
    int value = 0;

    for (; count > 0; count--, (*text)++) {
        if (!is_digit(**text))
            return -1;
        value = value * 10 + (**text - '0');
    }
    return value;
}

/* ".123456" as milliseconds; none is 0; -1 when there is a dot without digits. */
static int take_fraction(const char **text)
{
    int value = 0, scale = 100;

    if (**text != '.')
        return 0;
    if (!is_digit(*++*text))
        return -1;
    for (; is_digit(**text); (*text)++, scale /= 10)
        value += (**text - '0') * scale;
    return value;
}

/* Days since 1970 of a date in the Gregorian calendar; years start in March, leap days end them. */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static bool is_date(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (leap && month == 2);
}

/* What may stand behind the time: UTC in one of the forms that OpenStack writes. */
static bool is_utc(const char *zone)
{
    return !*zone || text_equal(zone, "Z") || text_equal(zone, "+00:00") ||
           text_equal(zone, "+0000");
}

int text_to_time(const char *text, int64_t *ret_time_ms)
{
    static const struct {
        int digits;
        const char *behind;
    } parts[] = { { 4, "-" }, { 2, "-" }, { 2, "T " }, { 2, ":" }, { 2, ":" }, { 2, NULL } };
    int value[6], fraction;
    int64_t seconds;

    if (!text)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        value[i] = take_digits(&text, parts[i].digits);
        if (value[i] < 0)
            return -EINVAL;
        if (parts[i].behind && (!*text || !strchr(parts[i].behind, *text++)))
            return -EINVAL;
    }
    fraction = take_fraction(&text);
    if (fraction < 0 || !is_utc(text) || !is_date(value[0], value[1], value[2]) || value[3] > 23 ||
        value[4] > 59 || value[5] > 60)
        return -EINVAL;
    seconds = days_from_date(value[0], value[1], value[2]) * 86400 + value[3] * 3600 +
              value[4] * 60 + value[5];
    *ret_time_ms = seconds * 1000 + fraction;
    return 0;
}

int text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    bool negative = text && *text == '-';
    int64_t value = 0;

    if (!text || !is_digit(text[negative]))
        return -EINVAL;
    for (text += negative; is_digit(*text); text++) {
        int digit = negative ? '0' - *text : *text - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return text[strspn(text, "0123456789")] ? -EINVAL : -ERANGE;
    }
    if (*text)
        return -EINVAL;
    if (value < min || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int text_unquote(const char *text, size_t length, char *ret_text, size_t size)
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        int value = (unsigned char)text[i];

        if (text[i] == '%') {
            if (length - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
                return -EINVAL;
            value = hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]);
            i += 2;
        }
        if (value == 0 || out + 1 >= size)
            return -EINVAL;
        ret_text[out++] = (char)value;
    }
    ret_text[out] = '\0';
    return 0;
}
