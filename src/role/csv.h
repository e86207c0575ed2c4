/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of instances from a CSV file (RFC 4180, UTF-8, comma).  The first line names the
 * columns, in any order: asked_at (needed; ISO 8601 in UTC) and, each may be missing, instance_id,
 * project_id, image_id, flavor_id, zone, request_id, active_at, deleted_at, count.
 *
 * A line with count n stands for n instances that were asked for at once.  Without an instance_id
 * they get ids that follow from the line, so that a file may be taken in twice.
 */
#ifndef LARDER_ROLE_CSV_H
#define LARDER_ROLE_CSV_H

#include <stdbool.h>
#include <stdio.h>

#include "cloud/instance.h"
#include "store/import.h"

#define CSV_LINE_MOST 4096
#define CSV_COLUMNS_MOST 32
#define CSV_COUNT_MOST 1000

/* Which column each field stands in; -1: in none. */
struct csv_header {
    size_t columns;
    int field_of[CSV_COLUMNS_MOST]; /* -1: one that is not known, passed over */
};

/* The lines without their ends, 'line' is changed; -EINVAL says what is wrong with them.  Pure. */
int csv_read_header(char *line, struct csv_header *ret_header, struct error *error);
int csv_read_line(const struct csv_header *header, char *line, struct instance *ret_instance,
                  int64_t *ret_count, struct error *error);
/* The id of the n-th instance of a line that names none. */
void csv_make_id(const char *line, int64_t n, char ret_id[static ID_SIZE]);

/* Takes in the file, or the rest of it where an earlier try was interrupted.  'show' is called now
 * and then; lines that are not understood are counted, unless all of them are: -EINVAL. */
int csv_import(const char *path, struct store *store, int64_t now_ms,
               void (*show)(const struct import *import, bool last), struct import *ret_import,
               struct error *error);

#endif
