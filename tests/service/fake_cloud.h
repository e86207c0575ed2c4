/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud of fake_cloud.py as a process of the test, and words to it. */
#ifndef LARDER_TESTS_FAKE_CLOUD_H
#define LARDER_TESTS_FAKE_CLOUD_H

#include <stdint.h>

/* Starts it; ends with the test's process.  Returns where it is: http://127.0.0.1:PORT. */
const char *fake_cloud_start(void);
void fake_cloud_stop(void);

/* One command (see COMMANDS there) and its answer, which holds until the next one. */
const char *fake_cloud_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t fake_cloud_count(const char *kind); /* of those in our project: ports, volumes, transfers */

#endif
