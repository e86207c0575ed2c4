/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in oslo.log's line format on standard error or into a file:
 *   2026-01-31 12:00:00.123 4711 INFO larder.api [req-… req-… user project] message key=value
 * Any thread may log.  Each module names itself once by LOG_MODULE("api").
 */
#ifndef LARDER_BASE_LOG_H
#define LARDER_BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_CRITICAL };

struct log_options {
    char log_file[512]; /* "": standard error */
    bool debug;
};

/* Once more: opens the file anew, as after it was rotated. */
int log_start(const struct log_options *options, struct error *error);
void log_stop(void);

/* What the lines of this thread are about, until changed; NULL or "": nothing.  Copied. */
void log_set_context(const char *global_request_id, const char *request_id, const char *user_id,
                     const char *project_id);
/* The request id in this thread's context; "" if none. */
const char *log_request_id(void);

void log_write(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool log_enabled(enum log_level level);

#define LOG_MODULE(name) static const char log_module_[] = "larder." name

#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_enabled(LOG_DEBUG))                                                                \
            log_write(LOG_DEBUG, log_module_, __VA_ARGS__);                                        \
    } while (0)
#define log_info(...) log_write(LOG_INFO, log_module_, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, log_module_, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, log_module_, __VA_ARGS__)
#define log_critical(...) log_write(LOG_CRITICAL, log_module_, __VA_ARGS__)

#endif
