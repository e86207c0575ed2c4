/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders of payloads, one file a service; inside this room.  Which message goes to which decoder
 * is a table in decode.c. */
#ifndef LARDER_BUS_DECODER_H
#define LARDER_BUS_DECODER_H

#include "bus/envelope.h"
#include "bus/event.h"

#define SUBJECT_PATHS 2

/* What a row of the table says beyond the decoder. */
struct decoding {
    enum event_change change;
    enum boot_outcome outcome; /* instances */
    /* subjects: what has changed, and where its id may stand in the payload */
    enum subject subject;
    const char *paths[SUBJECT_PATHS];
};

/* Fills the event's part of the union; the rest is done.  1, 0 (of no interest), -EINVAL. */
typedef int (*decoder)(const struct message *message, const struct decoding *decoding,
                       struct boot_event *event, struct error *error);

int decode_legacy_instance(const struct message *message, const struct decoding *decoding,
                           struct boot_event *event, struct error *error);
int decode_versioned_instance(const struct message *message, const struct decoding *decoding,
                              struct boot_event *event, struct error *error);
/* Nova's conductor gives up: no host was found, or none could build it. */
int decode_legacy_build(const struct message *message, const struct decoding *decoding,
                        struct boot_event *event, struct error *error);
int decode_versioned_build(const struct message *message, const struct decoding *decoding,
                           struct boot_event *event, struct error *error);
int decode_cache(const struct message *message, const struct decoding *decoding,
                 struct boot_event *event, struct error *error);
int decode_port(const struct message *message, const struct decoding *decoding,
                struct boot_event *event, struct error *error);
int decode_volume(const struct message *message, const struct decoding *decoding,
                  struct boot_event *event, struct error *error);
int decode_image(const struct message *message, const struct decoding *decoding,
                 struct boot_event *event, struct error *error);
int decode_project(const struct message *message, const struct decoding *decoding,
                   struct boot_event *event, struct error *error);

int decode_subject(const struct message *message, const struct decoding *decoding,
                   struct boot_event *event, struct error *error);

#endif
