/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room know of a client, and nobody else. */
#ifndef LARDER_CLOUD_CLIENT_PRIVATE_H
#define LARDER_CLOUD_CLIENT_PRIVATE_H

struct client;
struct cloud;

struct cloud *client_cloud(const struct client *client);

#endif
