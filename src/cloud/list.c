/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages, and calls about what has an id; see list.h. */
#include "cloud/list.h"

#include <errno.h>
#include <string.h>

#include "cloud/catalog.h"

#define PAGE_MOST 500 /* such a page stays far below the bound of an answer */

int call_by_id(struct client *client, const struct call *call, const char *id, const char *rest,
               struct json **ret_json, struct error *error)
{
    auto_strbuf path = STRBUF_INIT(512);
    struct call whole = *call;

    if (!id || !text_is_id(id))
        return error_set(error, -EINVAL, "\"%.64s\" is not an id of OpenStack", id ? id : "");
    strbuf_add_format(&path, "%s%s%s", call->path, id, rest);
    whole.path = strbuf_text(&path);
    return client_call(client, &whole, ret_json, error);
}

int get_by_id(struct client *client, enum service service, const char *path, const char *id,
              const char *rest, struct json **ret_json, struct error *error)
{
    const struct call call = { .service = service, .method = "GET", .path = path };

    return call_by_id(client, &call, id, rest, ret_json, error);
}

int answer_part(enum service service, const struct json *body, const char *name, bool is_list,
                const struct json **ret_part, struct error *error)
{
    *ret_part = json_at(body, name);
    if (is_list ? json_is_array(*ret_part) : json_is_object(*ret_part))
        return 0;
    return error_set(error, -EPROTO, "%s's answer has no %s \"%s\"", service_name(service),
                     is_list ? "list" : "object", name);
}

void query_add(struct strbuf *query, const char *name, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";

    strbuf_add_format(query, "%s=", name);
    for (; *value; value++)
        if (strchr(plain, *value))
            strbuf_add(query, value, 1);
        else
            strbuf_add_format(query, "%%%02X", (unsigned char)*value);
    strbuf_add_text(query, "&");
}

/* Services say so by a link. */
static bool has_next(const struct json *page, const char *name)
{
    auto_strbuf links_name = STRBUF_INIT(128);
    const struct json *links;

    strbuf_add_format(&links_name, "%s_links", name);
    links = json_at(page, strbuf_text(&links_name));
    for (size_t i = 0; i < json_length(links); i++)
        if (text_equal(json_text(json_at(json_element(links, i), "rel")), "next"))
            return true;
    return false;
}

static int fetch_page(struct client *client, const struct listing *listing, const char *marker,
                      size_t limit, struct json **ret_page, struct error *error)
{
    auto_strbuf path = STRBUF_INIT(4096);
    struct call call = {
        .service = listing->service,
        .method = "GET",
        .microversion = listing->microversion,
    };
    int status;

    strbuf_add_format(&path, "%s?%slimit=%zu", listing->path, listing->query,
                      limit < PAGE_MOST ? limit : PAGE_MOST);
    if (marker && *marker) {
        strbuf_add_text(&path, "&");
        query_add(&path, "marker", marker);
    }
    if (path.status)
        return error_set(error, path.status, "the path of %s is too long", listing->path);
    call.path = strbuf_text(&path);
    status = client_call(client, &call, ret_page, error);
    if (status == -ENOENT)
        return error_set(error, -EAGAIN, "%s behind %s cannot be listed: that one has vanished; "
                                         "begin anew", listing->path, marker ? marker : "-");
    return status;
}

static int read_page(const struct listing *listing, const struct json *page, size_t most,
                     char *elements, size_t *count, struct error *error)
{
    const struct json *list = json_at(page, listing->name);
    struct error why = { 0 };

    for (size_t i = 0; i < json_length(list) && *count < most; i++, ++*count)
        if (listing->read(json_element(list, i), elements + *count * listing->size, &why))
            return error_set(error, -EPROTO, "an element of %s is not understood: %s",
                             listing->path, why.message);
    return 0;
}

int list_read(struct client *client, const struct listing *listing, const char *marker, size_t most,
              void *ret_elements, size_t *ret_count, struct error *error)
{
    char *elements = ret_elements;
    size_t count = 0, before;
    bool more = true;

    while (more && count < most) {
        auto_json *page = NULL;
        const char *from = count ? elements + (count - 1) * listing->size : marker;
        int status = fetch_page(client, listing, from, most - count, &page, error);

        before = count;
        if (!status)
            status = read_page(listing, page, most, elements, &count, error);
        if (status)
            return status;
        more = count > before && has_next(page, listing->name);
    }
    *ret_count = count;
    return 0;
}
