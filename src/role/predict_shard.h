/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over one shard: what was seen since goes into the models, their forecasts go out. */
#ifndef LARDER_ROLE_PREDICT_SHARD_H
#define LARDER_ROLE_PREDICT_SHARD_H

#include "role/predictor.h"
#include "store/slot.h"

struct almanac;

struct pass {
    const struct predictor *predictor;
    const char *owner;
    struct shard shard;
    char lease[64]; /* what is written is written under it */
    const struct watching *watching;
    struct almanac *almanac; /* of this turn */
    int64_t now_ms;
    int64_t begun_ms; /* the same moment on the monotonic clock */
    int64_t until_ms; /* end of the last slot that is closed and known */
    int64_t from_ms;  /* where forecasts begin: end of the last slot that is over */
    struct loop *loop; /* NULL: nobody stops it */
};

/* -ESTALE when the shard is another's by now, -ECANCELED when the loop is to stop; what was written
 * until then stays. */
int pass_run(const struct pass *pass, struct store *store, struct error *error);

#endif
