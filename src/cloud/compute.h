/* SPDX-License-Identifier: Apache-2.0 */
/* Nova: its aggregates and their image caches, compute services, hypervisors and servers. */
#ifndef LARDER_CLOUD_COMPUTE_H
#define LARDER_CLOUD_COMPUTE_H

#include "cloud/client.h"

/* ---- aggregates ---- */

struct host_name {
    char text[NAME_SIZE];
};

struct aggregate {
    int64_t id;
    char name[NAME_SIZE];
    char zone[NAME_SIZE]; /* the availability zone that it makes; "": none */
    bool isolated;        /* only the projects below may boot on it (filter_tenant_id) */
    char projects[1024];  /* their ids, each with a comma behind; what does not fit is left out */
    size_t first_host, host_count; /* of aggregates.hosts */
};

struct aggregates {
    struct aggregate *items;
    size_t count;
    struct host_name *hosts; /* of all of them, one aggregate behind the other */
    size_t host_count;
};

/* All of them in one answer: Nova gives no pages here.  -EPROTO when there are more than 10 000
 * aggregates or 100 000 hosts in them.  The caller frees. */
int compute_aggregates(struct client *client, struct aggregates *ret_aggregates,
                       struct error *error);
void aggregates_free(struct aggregates *aggregates); /* { 0 } is fine */
#define auto_aggregates __attribute__((cleanup(aggregates_free))) struct aggregates

/* Whether a boot of this project may land on the aggregate's hosts. */
bool aggregate_admits(const struct aggregate *aggregate, const char *project_id);

/* Asks Nova to cache an image on all hosts of an aggregate, which goes on when this has returned
 * and is told of by notifications (aggregate.cache_images.*).  -ENOENT: no such aggregate;
 * -EINVAL: this Nova cannot (before Ussuri), or will not have the image. */
int compute_cache_image(struct client *client, int64_t aggregate_id, const char *image_id,
                        struct error *error);

/* ---- services and hypervisors ---- */

struct compute_service {
    char id[ID_SIZE];
    char host[NAME_SIZE];
    char zone[NAME_SIZE];
    bool up, enabled;
};
/* The services nova-compute, at most 'most'. */
int compute_services(struct client *client, size_t most, struct compute_service *ret_services,
                     size_t *ret_count, struct error *error);

struct hypervisor {
    char id[ID_SIZE];
    char host[NAME_SIZE]; /* of its service */
    char hostname[NAME_SIZE];
    char type[64]; /* QEMU, ironic, fake, … */
    int64_t vcpus, memory_mb, disk_gb;
};
/* Pages by marker; less than 'most' only at the end of the list. */
int compute_hypervisors(struct client *client, const char *marker, size_t most,
                        struct hypervisor *ret_hypervisors, size_t *ret_count,
                        struct error *error);

/* ---- servers ---- */

struct compute_server {
    char id[ID_SIZE];
    char project_id[ID_SIZE];
    char status[32];
    char image_id[ID_SIZE]; /* "": booted from a volume */
    char flavor[NAME_SIZE]; /* its name when the server was made */
    int64_t vcpus, memory_mb, disk_gb;
    char zone[NAME_SIZE];
    char host[NAME_SIZE]; /* "": none yet */
    int64_t created_ms, launched_ms, terminated_ms; /* 0: not yet */
};
/* All projects' servers that changed since 'since_ms' (0: that are there), the oldest first; those
 * deleted meanwhile are among them unless 'since_ms' is 0.  Pages by marker as above. */
int compute_servers(struct client *client, int64_t since_ms, const char *marker, size_t most,
                    struct compute_server *ret_servers, size_t *ret_count, struct error *error);

#endif
