/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel; see random.h. */
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *ret_bytes, size_t count)
{
    unsigned char *bytes = ret_bytes;

    while (count > 0) {
        ssize_t got = getrandom(bytes, count, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            /* No kernel that Larder runs on lacks it; ids and keys must not be guessable. */
            perror("larder: getrandom");
            abort();
        }
        bytes += got;
        count -= (size_t)got;
    }
}

uint32_t random_below(uint32_t bound)
{
    /* The first 2^32 mod bound values are left out, so that each remainder is as likely. */
    uint32_t least = bound ? -bound % bound : 0;
    uint32_t value;

    do
        random_bytes(&value, sizeof(value));
    while (value < least);
    return bound ? value % bound : 0;
}
