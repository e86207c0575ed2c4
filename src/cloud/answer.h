/* SPDX-License-Identifier: Apache-2.0 */
/* What a service's answer means: a negative errno and a sentence, or the JSON it holds.  Pure. */
#ifndef LARDER_CLOUD_ANSWER_H
#define LARDER_CLOUD_ANSWER_H

#include "cloud/client.h"
#include "cloud/http.h"

/* What was asked, for messages: "Neutron: GET /ports". */
struct asked {
    enum service service;
    const char *method;
    const char *path;
};

/* 0 for a success (2xx); else see client.h. */
int answer_judge(const struct asked *asked, const struct http_answer *answer, struct error *error);

/* The body of a success; NULL when it is empty. */
int answer_parse(const struct asked *asked, const struct http_answer *answer,
                 struct json **ret_json, struct error *error);

#endif
