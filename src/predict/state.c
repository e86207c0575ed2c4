/* SPDX-License-Identifier: Apache-2.0 */
/* Saved states; see state.h. */
#include "predict/state.h"

#include <errno.h>
#include <string.h>

#define MAGIC 0x4c44524dU /* "LDRM" read as a big-endian number: other byte orders differ */

struct head {
    uint32_t magic;
    uint32_t version;
    uint64_t length;
    uint64_t checksum;
};

_Static_assert(sizeof(struct head) == STATE_HEAD, "STATE_HEAD is the head's size");

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo, 1991), 64 bits: finds damage, not forgery. */
static uint64_t checksum(const unsigned char *bytes, size_t length, uint64_t seed)
{
    uint64_t hash = 0xcbf29ce484222325ULL ^ seed;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
    return hash;
}

void state_seal(uint32_t version, const void *body, size_t length, void *ret_state)
{
    struct head head = { MAGIC, version, length, checksum(body, length, version) };

    memcpy(ret_state, &head, sizeof(head));
    memcpy((char *)ret_state + sizeof(head), body, length);
}

int state_open(uint32_t version, const void *state, size_t state_length, void *ret_body,
               size_t length)
{
    struct head head;

    if (state_length != sizeof(head) + length)
        return -EPROTO;
    memcpy(&head, state, sizeof(head));
    if (head.magic != MAGIC || head.version != version || head.length != length ||
        head.checksum != checksum((const unsigned char *)state + sizeof(head), length, version))
        return -EPROTO;
    memcpy(ret_body, (const char *)state + sizeof(head), length);
    return 0;
}

bool numbers_within(const float *values, size_t count, float min, float max)
{
    for (size_t i = 0; i < count; i++)
        if (!(values[i] >= min && values[i] <= max))
            return false;
    return true;
}
