/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the hooks' tokens fresh: asks Keystone about them, with a client of its own, before what it
 * last said is forgotten.  So no claim and no adoption waits for Keystone while Keystone is well.
 */
#ifndef LARDER_API_REFRESHER_H
#define LARDER_API_REFRESHER_H

struct cloud;
struct refresher; /* a thread */

int refresher_new(struct cloud *cloud, struct refresher **ret_refresher);
void refresher_free(struct refresher *refresher); /* lets a call to Keystone end */

#endif
