/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenStack APIs, as project 'larder': all of this room in one include.  client.h has the
 * session and the call that everything goes through; each service has a file of its own.
 */
#ifndef LARDER_CLOUD_CLOUD_H
#define LARDER_CLOUD_CLOUD_H

#include "cloud/client.h"
#include "cloud/compute.h"
#include "cloud/identity.h"
#include "cloud/image.h"
#include "cloud/metric.h"
#include "cloud/network.h"
#include "cloud/server_list.h"
#include "cloud/volume.h"

#endif
