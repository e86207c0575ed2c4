/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: errors in the API SIG's form, and lists with a link to the next page. */
#ifndef LARDER_API_REPLY_H
#define LARDER_API_REPLY_H

#include "api/request.h"

/* An error reply: 'word' makes the code "larder.WORD", the sentence is the detail. */
void reply_error(struct reply *reply, int status, const char *word, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what a room below returned: status and code by 'code', a negative errno. */
void reply_failure(struct reply *reply, int code, const struct error *error);
/* The status and word that stand for a negative errno. */
int failure_status(int code, const char **ret_word);

/* Makes the reply JSON of this status and returns the writer for its body. */
struct json_writer reply_json(struct reply *reply, int status);

/* Ends the list that json_begin_array() began in the reply's outermost object, and that object.
 * 'last' is the marker of the next page, the id of the last row; NULL: there is no such page. */
void reply_end_list(struct json_writer *writer, const struct request *request, const char *last);

#endif
