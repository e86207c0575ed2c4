/* SPDX-License-Identifier: Apache-2.0 */
/* Items, page by page, and the letting go of one; see retire.h. */
#include "bootstrap/retire.h"

#include <errno.h>
#include <time.h>

#include "base/log.h"

LOG_MODULE("bootstrap.retire");

#define PAGE 64

int each_item(struct store *store, const char *pool_id, unsigned states, item_check check,
              void *context, struct error *error)
{
    autofree struct item *items = calloc(PAGE, sizeof(*items));
    char marker[ID_SIZE] = "";
    size_t count = PAGE;
    int result = 0;

    if (!items)
        return error_set(error, -ENOMEM, "no memory for a list of items");
    while (count == PAGE) {
        int status = item_list(store, pool_id, states, marker, PAGE, items, &count, error);

        if (status < 0)
            return status;
        for (size_t i = 0; i < count; i++) {
            status = check(&items[i], context, error);
            if (status < 0)
                result = status;
        }
        if (count)
            text_copy(marker, sizeof(marker), items[count - 1].id);
    }
    return result;
}

int retire_item(struct store *store, const struct item *item, const char *reason, int64_t now_ms,
                int64_t *count, struct error *error)
{
    int status = item_move(store, item->id, item->state, ITEM_RELEASING, NULL, reason, now_ms,
                           error);

    if (status == -ESTALE)
        return 0; /* then the reason is not true any more */
    if (status < 0)
        return status;
    log_warning("item %s is released: %s; resource=%s pool=%s", item->id, reason,
                item->resource_id, item->pool_id);
    (*count)++;
    return 0;
}

void wait_a_moment(bool *waited)
{
    const struct timespec moment = { .tv_sec = 2 };

    if (!*waited)
        nanosleep(&moment, NULL);
    *waited = true;
}
