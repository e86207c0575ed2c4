/* SPDX-License-Identifier: Apache-2.0 */
/* Workers on a real database and a fake cloud, for the tests of bootstrap. */
#ifndef LARDER_TESTS_RIG_H
#define LARDER_TESTS_RIG_H

#include "bootstrap/bootstrap.h"
#include "tests/service/fake_cloud.h"
#include "tests/service/service.h"

/* Options may be changed between rig_open() and rig_start(). */
extern struct bootstrap_options rig_options;
extern const struct claim_options rig_claim_options;
extern struct bootstrap rig_bootstrap;

void rig_open(void); /* starts the fake cloud too */
void rig_close(void);
void rig_start(void); /* the workers and the keeper */
void rig_stop(void);

/* Waits until the statement's number is that; 'sql' a constant. */
void rig_wait(const char *sql, int64_t number);
/* A pool for the ask, with that floor. */
void rig_pool(const struct ask *ask, int64_t floor, char ret_pool_id[static ID_SIZE]);
void rig_change(const char *pool_id, int64_t floor, int state);
/* Runs workers until so many of the pool's items are ready, and none is under way. */
void rig_stock(const struct ask *ask, int64_t count, char ret_pool_id[static ID_SIZE]);
/* An item in that state. */
struct item rig_item(enum item_state state);

#define READY "SELECT COUNT(*) FROM items WHERE state = 'ready'"
#define UNDER_WAY "SELECT COUNT(*) FROM items WHERE state IN ('wanted','creating','releasing')"
#define GONE "SELECT COUNT(*) FROM items WHERE state = 'gone'"
#define FAILED "SELECT COUNT(*) FROM items WHERE state = 'failed'"

#endif
