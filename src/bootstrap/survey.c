/* SPDX-License-Identifier: Apache-2.0 */
/* A survey: pages of a kind's list, joined and sorted. */
#include "bootstrap/survey.h"

#include <errno.h>
#include <string.h>

#define PAGE 200
#define RESOURCES_MOST 100000 /* far above any ceiling: an end to the memory one look takes */

static int compare_ids(const void *a, const void *b)
{
    const struct resource *left = a, *right = b;

    return strcmp(left->id, right->id);
}

static int make_room(struct survey *survey, struct error *error)
{
    struct resource *grown;

    if (survey->count >= RESOURCES_MOST)
        return error_set(error, -E2BIG, "the project holds more than %d resources of one kind",
                         RESOURCES_MOST);
    grown = reallocarray(survey->resources, survey->count + PAGE, sizeof(*grown));
    if (!grown)
        return error_set(error, -ENOMEM, "no memory for a list of %zu resources",
                         survey->count + PAGE);
    survey->resources = grown;
    return 0;
}

int survey_take(struct client *client, const struct kind_ops *ops, const char *project_id,
                struct survey *ret_survey, struct error *error)
{
    size_t got = PAGE;

    *ret_survey = (struct survey){ 0 };
    while (got == PAGE) {
        size_t count = ret_survey->count;
        const char *marker = count ? ret_survey->resources[count - 1].id : NULL;
        char last[ID_SIZE];
        int status;

        text_copy(last, sizeof(last), marker);
        status = make_room(ret_survey, error);
        if (status >= 0)
            status = ops->list(client, project_id, NULL, marker ? last : NULL, PAGE,
                               ret_survey->resources + count, &got, error);
        if (status < 0)
            return status;
        ret_survey->count += got;
    }
    if (ret_survey->count)
        qsort(ret_survey->resources, ret_survey->count, sizeof(*ret_survey->resources),
              compare_ids);
    return 0;
}

const struct resource *survey_find(const struct survey *survey, const char *id)
{
    struct resource wanted;

    if (!survey->count)
        return NULL;
    text_copy(wanted.id, sizeof(wanted.id), id);
    return bsearch(&wanted, survey->resources, survey->count, sizeof(wanted), compare_ids);
}
