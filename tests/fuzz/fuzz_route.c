/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every route with its query and its body, from a caller who has all roles.  The input is an HTTP
 * request: a request line, headers, an empty line, the body.  The database is made up: what is read
 * from it are rows of the right types, decided by the input; so all that handlers do but SQL runs.
 * Linked with --wrap for what leads out of this program.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "api/reply.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cloud/session.h"
#include "store/query.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

#define TOKEN "a-token-with-all-roles"

/* ---- the database ---- */

static uint32_t dice; /* from the input */

static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % sides;
}

static void fill_text(char *field, size_t size)
{
    static const char *const texts[] = { "", "m1.small", "host-1.example.org",
                                         "\"\\\n<&>\xc3\xa9" };

    if (size == ID_SIZE && roll(4))
        text_copy(field, size, "a46911b2-8eb1-4ea6-804c-6b84d8a6e5c6");
    else if (roll(4))
        text_copy(field, size, texts[roll(ARRAY_SIZE(texts))]);
    else {
        memset(field, 'x', size - 1);
        field[size - 1] = '\0';
    }
}

static int64_t some_number(void)
{
    static const int64_t numbers[] = { 0, 1, 2, 5, 60, 1000, 1764000000000 };

    return numbers[roll(ARRAY_SIZE(numbers))];
}

static int count_choices(const char *choices)
{
    int count = 1;

    for (; *choices; choices++)
        count += *choices == '|';
    return count;
}

static void fill_column(const struct column *column, char *row)
{
    char *field = row + column->offset;
    int choice;

    switch (column->type) {
    case COLUMN_INT:
        memcpy(field, &(int64_t){ some_number() }, sizeof(int64_t));
        break;
    case COLUMN_FLOAT:
        memcpy(field, &(double){ (double)some_number() / 7 }, sizeof(double));
        break;
    case COLUMN_TEXT:
        fill_text(field, column->size);
        break;
    case COLUMN_BYTES:
        memcpy(row + column->length_offset, &(size_t){ 0 }, sizeof(size_t));
        break;
    case COLUMN_CHOICE:
        choice = (int)roll((uint32_t)count_choices(column->choices));
        memcpy(field, &choice, sizeof(choice));
    }
}

static void fill_row(const struct row_type *type, void *row)
{
    memset(row, 0, type->size);
    for (size_t i = 0; i < type->count; i++)
        fill_column(&type->columns[i], row);
}

/* Now and then the database is away. */
static int fate(struct error *error)
{
    return roll(50) ? 0 : error_set(error, -EAGAIN, "the database is away");
}

#define WRAPPED(type, name, ...)                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

static struct store *const the_store = (struct store *)&dice;

WRAPPED(int, store_borrow, struct database *database, struct store **ret_store,
        struct error *error)
{
    (void)database;
    *ret_store = the_store;
    return fate(error);
}

WRAPPED(void, store_return, struct store *store)
{
    (void)store;
}

WRAPPED(int, store_ping, struct store *store, struct error *error)
{
    (void)store;
    return fate(error);
}

WRAPPED(int, store_transaction, struct store *store, store_body body, void *context,
        struct error *error)
{
    return body(store, context, error);
}

WRAPPED(bool, query_in_transaction, const struct store *store)
{
    (void)store;
    return true;
}

WRAPPED(int, query_run, struct store *store, const char *sql, const struct value *values,
        size_t count, int64_t *ret_affected, struct error *error)
{
    (void)store;
    (void)sql;
    (void)values;
    fuzz_must(count <= QUERY_VALUES_MOST);
    if (ret_affected)
        *ret_affected = roll(3);
    return fate(error);
}

WRAPPED(int, query_run_many, struct store *store, const char *sql, const struct row_type *type,
        const void *rows, size_t count, int64_t *ret_affected, struct error *error)
{
    (void)store;
    (void)sql;
    (void)rows;
    fuzz_must(type->count <= QUERY_COLUMNS_MOST);
    if (ret_affected)
        *ret_affected = (int64_t)count;
    return fate(error);
}

WRAPPED(int, query_read, struct store *store, const char *sql, const struct value *values,
        size_t count, const struct row_type *type, void *ret_rows, size_t most,
        size_t *ret_count, struct error *error)
{
    (void)store;
    (void)sql;
    (void)values;
    fuzz_must(count <= QUERY_VALUES_MOST && type->count <= QUERY_COLUMNS_MOST);
    *ret_count = roll(most < 4 ? (uint32_t)most + 1 : 4);
    for (size_t i = 0; i < *ret_count; i++)
        fill_row(type, (char *)ret_rows + i * type->size);
    return fate(error);
}

WRAPPED(int, query_read_one, struct store *store, const char *sql, const struct value *values,
        size_t count, const struct row_type *type, void *ret_row, struct error *error)
{
    (void)store;
    (void)sql;
    (void)values;
    (void)count;
    if (!roll(4))
        return -ENOENT;
    fill_row(type, ret_row);
    return fate(error);
}

WRAPPED(int, query_read_int, struct store *store, const char *sql, const struct value *values,
        size_t count, int64_t *ret_number, struct error *error)
{
    (void)store;
    (void)sql;
    (void)values;
    (void)count;
    *ret_number = some_number();
    return fate(error);
}

/* ---- the server ---- */

static const struct api_options options = {
    .bind_host = "127.0.0.1", .max_body_bytes = 65536, .hook_role = "larder_hook",
    .admin_role = "admin", .reader_role = "reader", .metrics = "open", .metrics_pools = 10,
};
static const struct claim_options claim_options = { .lifetime_s = 300, .adoption_timeout_s = 60 };
static const struct pool_defaults pool_defaults = { .ceiling = 100, .pools_per_project = 100 };
static const struct seal_key key;
static struct api api = {
    .options = &options, .claim_options = &claim_options, .pool_defaults = &pool_defaults,
    .slot_s = 300, .key = &key, .late_after_ms = 1000, .give_way_s = 300,
};
static struct client *client;

/* Keystone has said so a moment ago, and keeps to it. */
static void know_token(void)
{
    struct token token = { .user_id = "user", .project_id = ANSWERS_PROJECT, .role_count = 3,
                           .roles = { "larder_hook", "admin", "reader" } };
    char digest[DIGEST_SIZE];

    token.expires_ms = clock_now_ms() + 3600 * 1000;
    token.asked_ms = clock_now_ms();
    digest_of(TOKEN, strlen(TOKEN), digest);
    token_cache_keep(api.cloud->tokens, digest, clock_now_ms(), &token);
}

static void start(void)
{
    api.cloud = answers_cloud(3600);
    fuzz_must(client_open(api.cloud, &client, NULL) == 0);
}

/* ---- a request ---- */

static char *cut_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');

    *rest = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    return line;
}

static void take_header(struct request *request, char *line)
{
    char *value = strchr(line, ':');

    if (!value)
        return;
    *value++ = '\0';
    for (int i = 0; i < HEADERS; i++)
        if (strcasecmp(line, header_name(i)) == 0)
            strbuf_add_text(&request->headers[i], value + strspn(value, " "));
}

static struct request *read_request(char *text, size_t size)
{
    char *rest = text, *method = cut_line(&rest), *target = strchr(method, ' '), *line;
    struct request *request;

    if (!target)
        return NULL;
    *target++ = '\0';
    request = request_new(&api, target);
    fuzz_must(request != NULL);
    request->client = &client;
    text_copy(request->method, sizeof(request->method), method);
    strbuf_add_text(&request->headers[HEADER_TOKEN], TOKEN);
    strbuf_add_text(&request->headers[HEADER_CONTENT_TYPE], "application/json");
    while (*(line = cut_line(&rest)))
        take_header(request, line);
    strbuf_add(&request->body, rest, size - (size_t)(rest - text));
    return request;
}

static void check_reply(const struct reply *reply)
{
    auto_json *json = NULL;

    fuzz_must(reply->status >= 200 && reply->status < 600);
    if (text_equal(reply->type, "application/json"))
        fuzz_must(json_parse(strbuf_text(&reply->body), reply->body.length, &json, NULL) == 0);
    if (reply->status == 400)
        fuzz_must(json_text(json_at(json, "errors.0.detail")) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    bool told = memmem(data, size, "all-roles", 9) != NULL; /* the input has the token itself */
    struct reply reply = { 0 };
    struct request *request;

    if (!api.cloud)
        start();
    know_token();
    for (size_t i = 0, sum = size; i < size; i++, dice = (uint32_t)sum)
        sum = sum * 31 + data[i];
    request = read_request(text, size);
    if (request) {
        request_answer(request, &reply);
        check_reply(&reply);
        fuzz_must(told || !strstr(strbuf_text(&reply.body), TOKEN));
    }
    reply_clear(&reply);
    request_free(request);
    free(text);
    return 0;
}
