/* SPDX-License-Identifier: Apache-2.0 */
/* All resources of one kind that the cloud has in a project, as they were at one look. */
#ifndef LARDER_BOOTSTRAP_SURVEY_H
#define LARDER_BOOTSTRAP_SURVEY_H

#include "bootstrap/kind.h"

struct survey {
    struct resource *resources; /* sorted by id */
    size_t count;
};

int survey_take(struct client *client, const struct kind_ops *ops, const char *project_id,
                struct survey *ret_survey, struct error *error);
const struct resource *survey_find(const struct survey *survey, const char *id); /* or NULL */

static inline void survey_cleanup(struct survey *survey)
{
    free(survey->resources);
}
#define auto_survey __attribute__((cleanup(survey_cleanup))) struct survey

#endif
