/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file that may be compressed; see unpack.h. */
#include "backtest/unpack.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536
#define LINE_MOST 4096
#define DECODER_MEMORY (256ULL << 20)

static const unsigned char xz_magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

struct unpack {
    char path[256];
    FILE *file;
    bool packed;
    bool ended; /* nothing more comes out */
    lzma_stream stream;
    unsigned char in[CHUNK];
    char out[CHUNK + 1];
    size_t from, until; /* what of 'out' is not given yet */
};

static int complain(const struct unpack *unpack, int code, const char *what, struct error *error)
{
    return error_set(error, code, "cannot read %s: %s", unpack->path, what);
}

static int look_inside(struct unpack *unpack, struct error *error)
{
    unsigned char head[sizeof(xz_magic)];
    size_t length = fread(head, 1, sizeof(head), unpack->file);

    rewind(unpack->file);
    unpack->packed = length == sizeof(head) && memcmp(head, xz_magic, sizeof(head)) == 0;
    if (!unpack->packed)
        return 0;
    if (lzma_stream_decoder(&unpack->stream, DECODER_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
        return complain(unpack, -ENOMEM, "no memory to unpack it", error);
    return 0;
}

int unpack_open(const char *path, struct unpack **ret_unpack, struct error *error)
{
    auto_unpack *unpack = calloc(1, sizeof(*unpack));
    int status;

    if (!unpack)
        return error_set(error, -ENOMEM, "no memory to read %s", path);
    snprintf(unpack->path, sizeof(unpack->path), "%s", path);
    unpack->stream = (lzma_stream)LZMA_STREAM_INIT;
    unpack->file = fopen(path, "rbe");
    if (!unpack->file)
        return complain(unpack, -errno, strerror(errno), error);
    status = look_inside(unpack, error);
    if (status == 0)
        *ret_unpack = steal(&unpack);
    return status;
}

void unpack_close(struct unpack *unpack)
{
    if (!unpack)
        return;
    lzma_end(&unpack->stream);
    if (unpack->file)
        fclose(unpack->file);
    free(unpack);
}

static int more_plain(struct unpack *unpack, struct error *error)
{
    size_t length = fread(unpack->out + unpack->until, 1, CHUNK - unpack->until, unpack->file);

    if (ferror(unpack->file))
        return complain(unpack, -EIO, "reading failed", error);
    unpack->until += length;
    unpack->ended = length == 0;
    return 0;
}

static int more_packed(struct unpack *unpack, struct error *error)
{
    lzma_stream *stream = &unpack->stream;

    if (stream->avail_in == 0) {
        stream->next_in = unpack->in;
        stream->avail_in = fread(unpack->in, 1, CHUNK, unpack->file);
        if (ferror(unpack->file))
            return complain(unpack, -EIO, "reading failed", error);
    }
    stream->next_out = (unsigned char *)unpack->out + unpack->until;
    stream->avail_out = CHUNK - unpack->until;
    lzma_ret result = lzma_code(stream, stream->avail_in == 0 ? LZMA_FINISH : LZMA_RUN);

    if (result != LZMA_OK && result != LZMA_STREAM_END)
        return complain(unpack, -EPROTO, "it is damaged, or no .xz file", error);
    unpack->until = CHUNK - stream->avail_out;
    unpack->ended = result == LZMA_STREAM_END;
    return 0;
}

static int more(struct unpack *unpack, struct error *error)
{
    memmove(unpack->out, unpack->out + unpack->from, unpack->until - unpack->from);
    unpack->until -= unpack->from;
    unpack->from = 0;
    return unpack->packed ? more_packed(unpack, error) : more_plain(unpack, error);
}

static char *take(struct unpack *unpack, size_t length)
{
    char *line = unpack->out + unpack->from;

    unpack->from += length;
    if (unpack->from < unpack->until)
        unpack->from++; /* the newline */
    line[length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

int unpack_line(struct unpack *unpack, char **ret_line, struct error *error)
{
    for (;;) {
        char *start = unpack->out + unpack->from;
        size_t rest = unpack->until - unpack->from;
        const char *end = memchr(start, '\n', rest);
        int status;

        if ((end ? (size_t)(end - start) : rest) > LINE_MOST)
            return complain(unpack, -EPROTO, "a line is too long", error);
        if (end || (unpack->ended && rest > 0)) {
            *ret_line = take(unpack, end ? (size_t)(end - start) : rest);
            return 1;
        }
        if (unpack->ended)
            return 0;
        status = more(unpack, error);
        if (status < 0)
            return status;
    }
}
