/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel. */
#ifndef LARDER_BASE_RANDOM_H
#define LARDER_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *ret_bytes, size_t count);
uint32_t random_below(uint32_t bound); /* uniform in [0, bound); bound > 0 */

#endif
