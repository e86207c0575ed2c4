/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenStack services that answer what the input says: libcurl is not asked, everything above it is
 * our own.  Programs with this are linked with --wrap=http_exchange and --wrap=http_answer.
 */
#ifndef LARDER_TESTS_FUZZ_ANSWERS_H
#define LARDER_TESTS_FUZZ_ANSWERS_H

#include "cloud/cloud.h"

/* The answers to come: each a letter, of 'a' = 200, 'b' = 201, … for the status (a capital one: not
 * as JSON), and a body up to the next 0x1e or the end.  Then all answers are lost. */
void answers_set(const uint8_t *data, size_t size);
/* Whether logins are answered as they should be, or from the input too. */
void answers_login(bool good);

/* A cloud whose calls are never sent twice. */
struct cloud *answers_cloud(int64_t token_cache_s);

#define ANSWERS_PROJECT "3cabd5f4b1404e068a8af11e6ea6bc01"

#endif
