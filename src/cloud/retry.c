/* SPDX-License-Identifier: Apache-2.0 */
/* When a request is sent again; see retry.h. */
#include "cloud/retry.h"

#include <ctype.h>
#include <curl/curl.h>

#include "base/text.h"

#define LONGEST_MS (60 * 60 * 1000)

bool retry_allowed(const struct attempt *attempt)
{
    bool harmless = !attempt->sent || !text_equal(attempt->method, "POST");

    switch (attempt->status) {
    case 429:
    case 503:
        return true; /* refused before anything was done */
    case 0:
    case 502:
    case 504:
        return harmless;
    default:
        return false;
    }
}

int64_t retry_after_ms(const char *header, int64_t now_ms)
{
    int64_t seconds, delay_ms;
    time_t date;

    if (text_to_int(header, 0, LONGEST_MS / 1000, &seconds) == 0)
        return seconds * 1000;
    if (text_to_int(header, 0, INT64_MAX, &seconds) == 0)
        return LONGEST_MS;
    date = isalpha((unsigned char)header[0]) ? curl_getdate(header, NULL) : -1;
    if (date < 0)
        return 0;
    delay_ms = (int64_t)date * 1000 - now_ms;
    if (delay_ms < 0)
        return 0;
    return delay_ms < LONGEST_MS ? delay_ms : LONGEST_MS;
}
