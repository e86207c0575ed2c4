/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP exchange over libcurl; see http.h. */
#include "cloud/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

struct http {
    CURL *curl;
    struct curl_slist *headers;
    size_t header_bytes; /* of the answer, so far */
    char why[CURL_ERROR_SIZE];
    struct http_answer answer;
};

/* ---- what comes back ---- */

static const struct {
    const char *name;
    size_t offset, size;
} kept_headers[] = {
#define KEPT(name_, field)                                                                         \
    { name_, offsetof(struct http_answer, field), sizeof(((struct http_answer *)0)->field) }
    KEPT("Content-Type", content_type),
    KEPT("Retry-After", retry_after),
    KEPT("X-OpenStack-Request-Id", request_id),
    KEPT("X-Subject-Token", subject_token),
#undef KEPT
};

/* A value that does not fit is no value: half a token is of no use to anybody. */
static void keep_header(struct http_answer *answer, size_t which, const char *value, size_t length)
{
    char *field = (char *)answer + kept_headers[which].offset;

    while (length > 0 && strchr(" \t\r\n", value[length - 1]))
        length--;
    while (length > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        length--;
    }
    if (length >= kept_headers[which].size)
        length = 0;
    memcpy(field, value, length);
    field[length] = '\0';
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct http *http = context;
    size_t length = size * count;

    http->header_bytes += length;
    if (http->header_bytes > HTTP_HEADERS_MOST)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(kept_headers); i++) {
        size_t name_length = strlen(kept_headers[i].name);

        if (length > name_length && line[name_length] == ':' &&
            strncasecmp(line, kept_headers[i].name, name_length) == 0)
            keep_header(&http->answer, i, line + name_length + 1, length - name_length - 1);
    }
    return length;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http *http = context;

    strbuf_add(&http->answer.body, bytes, size * count);
    return http->answer.body.status ? 0 : size * count;
}

/* ---- the handle ---- */

static void start_libcurl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void set_options(struct http *http, const struct http_options *options)
{
    CURL *curl = http->curl;

    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 8L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "larder/" PACKAGE_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->why);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    if (options->cafile[0])
        curl_easy_setopt(curl, CURLOPT_CAINFO, options->cafile);
    if (options->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

int http_open(const struct http_options *options, struct http **ret_http, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http *http;

    pthread_once(&once, start_libcurl);
    http = calloc(1, sizeof(*http));
    if (!http)
        return error_set(error, -ENOMEM, "no memory for an HTTP client");
    http->answer.body = (struct strbuf)STRBUF_INIT(HTTP_BODY_MOST);
    http->curl = curl_easy_init();
    if (!http->curl) {
        http_close(http);
        return error_set(error, -ENOMEM, "libcurl gives no handle: is memory short?");
    }
    set_options(http, options);
    *ret_http = http;
    return 0;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    http_forget_headers(http);
    curl_easy_cleanup(http->curl);
    explicit_bzero(http->answer.subject_token, sizeof(http->answer.subject_token));
    strbuf_clear(&http->answer.body);
    free(http);
}

int http_add_header(struct http *http, const char *name, const char *value)
{
    auto_strbuf line = STRBUF_INIT(HTTP_HEADERS_MOST);
    struct curl_slist *longer;

    if (!value || !*value)
        return 0;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return -EINVAL;
    strbuf_add_format(&line, "%s: %s", name, value);
    if (line.status)
        return line.status;
    longer = curl_slist_append(http->headers, line.text);
    explicit_bzero(line.text, line.length);
    if (!longer)
        return -ENOMEM;
    http->headers = longer;
    return 0;
}

void http_forget_headers(struct http *http)
{
    for (struct curl_slist *one = http->headers; one; one = one->next)
        explicit_bzero(one->data, strlen(one->data)); /* tokens are among them */
    curl_slist_free_all(http->headers);
    http->headers = NULL;
}

/* ---- an exchange ---- */

/* libcurl sends a request again by itself when a kept connection turns out to be closed, whatever
 * the method; the server may have carried it out before it closed.  So a POST gets a new one. */
static void set_request(struct http *http, const char *method, const char *url, const char *body)
{
    bool posts = text_equal(method, "POST");
    CURL *curl = http->curl;

    if (!body && posts)
        body = "";
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, text_equal(method, "HEAD") ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, posts ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->headers);
}

static void forget_answer(struct http *http)
{
    struct strbuf body = http->answer.body;

    strbuf_reset(&body);
    http->answer = (struct http_answer){ .body = body };
    http->header_bytes = 0;
    http->why[0] = '\0';
}

static enum http_outcome outcome_of(const struct http *http, CURLcode code)
{
    long sent_bytes = 0;

    if (code == CURLE_OK)
        return HTTP_ANSWERED;
    if (http->answer.body.status || http->header_bytes > HTTP_HEADERS_MOST)
        return HTTP_TOO_LARGE;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return HTTP_UNTRUSTED;
    curl_easy_getinfo(http->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
    return sent_bytes > 0 ? HTTP_LOST : HTTP_UNREACHED;
}

static void conclude(struct http *http, CURLcode code)
{
    struct http_answer *answer = &http->answer;
    long status = 0;

    answer->outcome = outcome_of(http, code);
    if (answer->outcome == HTTP_ANSWERED) {
        curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
        answer->status = (int)status;
    } else if (answer->outcome == HTTP_TOO_LARGE) {
        text_copy(answer->reason, sizeof(answer->reason), "the answer is larger than is sensible");
    } else {
        text_copy(answer->reason, sizeof(answer->reason),
                  http->why[0] ? http->why : curl_easy_strerror(code));
    }
    if (!text_is_request_id(answer->request_id))
        answer->request_id[0] = '\0';
}

const struct http_answer *http_exchange(struct http *http, const char *method, const char *url,
                                        const char *body, int64_t timeout_ms)
{
    int64_t started_ms = clock_monotonic_ms();
    CURLcode code;

    forget_answer(http);
    set_request(http, method, url, body);
    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, (long)(timeout_ms > 0 ? timeout_ms : 1));
    code = curl_easy_perform(http->curl);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    conclude(http, code);
    http->answer.took_ms = clock_monotonic_ms() - started_ms;
    return &http->answer;
}

const struct http_answer *http_answer(const struct http *http)
{
    return &http->answer;
}
