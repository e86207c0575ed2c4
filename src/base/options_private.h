/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of options share and nobody else needs. */
#ifndef LARDER_BASE_OPTIONS_PRIVATE_H
#define LARDER_BASE_OPTIONS_PRIVATE_H

struct option;
struct strbuf;

/* "must be a whole number from 1 to 1000 (seconds)". */
void option_describe(const struct option *option, struct strbuf *out);

#endif
