/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging; see log.h.  A line is made on the stack and written by one write(2) to a file opened for
 * appending, so lines of threads and of processes never mix.  What comes from outside cannot forge
 * a line: control characters are escaped.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_SIZE 8192

/* The lock is for changing the file: writers hold it for reading. */
static pthread_rwlock_t file_lock = PTHREAD_RWLOCK_INITIALIZER;
static int file = STDERR_FILENO;
static atomic_bool debug;

static _Thread_local struct {
    char global_request_id[REQUEST_ID_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char user_id[NAME_SIZE];
    char project_id[NAME_SIZE];
} about;

static const char *const level_names[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL" };

static void use_file(int fd)
{
    int before;

    pthread_rwlock_wrlock(&file_lock);
    before = file;
    file = fd;
    pthread_rwlock_unlock(&file_lock);
    if (before != STDERR_FILENO)
        close(before);
}

int log_start(const struct log_options *options, struct error *error)
{
    int fd = STDERR_FILENO;

    if (options->log_file[0])
        fd = open(options->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        return error_set(error, -errno, "log file %s: %s", options->log_file,
                         strerrordesc_np(errno));
    tzset();
    use_file(fd);
    atomic_store(&debug, options->debug);
    return 0;
}

void log_stop(void)
{
    use_file(STDERR_FILENO);
}

void log_set_context(const char *global_request_id, const char *request_id, const char *user_id,
                     const char *project_id)
{
    text_copy(about.global_request_id, sizeof(about.global_request_id), global_request_id);
    text_copy(about.request_id, sizeof(about.request_id), request_id);
    text_copy(about.user_id, sizeof(about.user_id), user_id);
    text_copy(about.project_id, sizeof(about.project_id), project_id);
}

const char *log_request_id(void)
{
    return about.request_id;
}

bool log_enabled(enum log_level level)
{
    return level > LOG_DEBUG || atomic_load(&debug);
}

/* ---- the line ---- */

struct line {
    char text[LINE_SIZE];
    size_t length; /* always leaves room for the end: mark and newline */
    bool cut;
};

#define LINE_END "...\n"
#define LINE_ROOM (LINE_SIZE - sizeof(LINE_END))

/* Appends 'text' with control characters escaped; what does not fit is left out. */
static void add_escaped(struct line *line, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    char escape[] = "\\x00";

    for (; *text && !line->cut; text++) {
        unsigned char c = (unsigned char)*text;
        const char *piece = text;
        size_t length = 1;

        if (c == '\n') {
            piece = "\\n";
            length = 2;
        } else if (c < ' ' || c == 0x7f) {
            escape[2] = digits[c >> 4];
            escape[3] = digits[c & 0x0f];
            piece = escape;
            length = 4;
        }
        line->cut = length > LINE_ROOM - line->length;
        if (line->cut)
            break;
        memcpy(line->text + line->length, piece, length);
        line->length += length;
    }
}

static void add_time(struct line *line)
{
    struct timespec now;
    struct tm local;
    char text[64];
    size_t length;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    length = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
    snprintf(text + length, sizeof(text) - length, ".%03ld %d ", now.tv_nsec / 1000000,
             (int)getpid());
    add_escaped(line, text);
}

static void add_context(struct line *line)
{
    const char *const parts[] = { about.global_request_id, about.request_id, about.user_id,
                                  about.project_id };
    bool any = false;

    for (size_t i = 0; i < 4; i++)
        any = any || *parts[i];
    add_escaped(line, " [");
    for (size_t i = 0; any && i < 4; i++) {
        add_escaped(line, i ? " " : "");
        add_escaped(line, *parts[i] ? parts[i] : "-");
    }
    add_escaped(line, any ? "] " : "-] ");
}

/* The last one may be cut in half, which would make the whole file bad UTF-8. */
static void drop_last_character(struct line *line)
{
    while (line->length > 0 && ((unsigned char)line->text[line->length - 1] & 0xc0) == 0x80)
        line->length--;
    if (line->length > 0)
        line->length--;
}

static void end_line(struct line *line)
{
    const char *end = line->cut ? LINE_END : "\n";

    if (line->cut)
        drop_last_character(line);
    memcpy(line->text + line->length, end, strlen(end));
    line->length += strlen(end);
}

static void write_line(const struct line *line)
{
    ssize_t written;

    pthread_rwlock_rdlock(&file_lock);
    do
        written = write(file, line->text, line->length);
    while (written < 0 && errno == EINTR);
    pthread_rwlock_unlock(&file_lock);
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    struct line line = { .length = 0 };
    char message[LINE_SIZE];
    int errno_before = errno;
    va_list arguments;
    int length;

    if (!log_enabled(level))
        return;
    va_start(arguments, format);
    length = vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    add_time(&line);
    add_escaped(&line, level_names[level]);
    add_escaped(&line, " ");
    add_escaped(&line, module);
    add_context(&line);
    add_escaped(&line, length < 0 ? format : message);
    end_line(&line);
    write_line(&line);
    errno = errno_before;
}
