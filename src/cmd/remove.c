/* SPDX-License-Identifier: Apache-2.0 */
/*
 * larder-manage remove: empties all pools, by workers of its own, whether larderd runs or not;
 * then looks whether the cloud still holds anything of Larder's, and says what is to do by hand.
 * Pools stay draining, so that a larderd which still runs puts nothing back.
 */
#include "cmd/manage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bootstrap/survey.h"
#include "bus/transport.h"
#include "store/item.h"
#include "store/url.h"

#define PAGE 64
#define PATIENCE_MS (10 * 60 * 1000) /* without anything getting less */
#define GRACE_MS 60000
#define ALIVE                                                                                      \
    (1u << ITEM_WANTED | 1u << ITEM_CREATING | 1u << ITEM_READY | 1u << ITEM_CLAIMED |             \
     1u << ITEM_RELEASING)

struct removal {
    struct config config;
    struct seal_key key;
    struct database *database;
    struct store *store;
    struct cloud *cloud;
    struct client *client;
};

static int removal_open(struct removal *removal, const char *path, struct error *error)
{
    int status = config_load(path, &removal->config, error);

    if (status >= 0)
        status = seal_key_load(removal->config.bootstrap.key_file, &removal->key, error);
    if (status >= 0)
        status = database_open(&removal->config.database, &removal->database, error);
    if (status >= 0)
        status = store_borrow(removal->database, &removal->store, error);
    if (status >= 0)
        status = cloud_open(&removal->config.cloud, &removal->cloud, error);
    return status < 0 ? status : client_open(removal->cloud, &removal->client, error);
}

static void removal_close(struct removal *removal)
{
    client_close(removal->client);
    cloud_close(removal->cloud);
    store_return(removal->store);
    database_close(removal->database);
    explicit_bzero(&removal->key, sizeof(removal->key));
    explicit_bzero(&removal->config, sizeof(removal->config));
}

/* ---- pools ---- */

typedef int (*pool_work)(struct removal *removal, const struct pool *pool, void *context,
                         struct error *error);

static int each_pool(struct removal *removal, pool_work work, void *context, struct error *error)
{
    autofree struct pool *pools = calloc(PAGE, sizeof(*pools));
    char marker[ID_SIZE] = "";
    size_t count = PAGE;
    int status = pools ? 0 : error_set(error, -ENOMEM, "no memory for a list of pools");

    while (status >= 0 && count == PAGE) {
        status = pool_list(removal->store, -1, NULL, marker, PAGE, pools, &count, error);
        for (size_t i = 0; i < count && status >= 0; i++)
            status = work(removal, &pools[i], context, error);
        if (status >= 0 && count)
            text_copy(marker, sizeof(marker), pools[count - 1].id);
    }
    return status;
}

struct sum {
    int64_t pools, items;
};

static int64_t items_in(const struct pool *pool)
{
    return pool->key.kind == KIND_IMAGE ? 0 : pool->wanted + pool->creating + pool->ready +
                                              pool->claimed + pool->releasing;
}

static int tell_pool(struct removal *removal, const struct pool *pool, void *context,
                     struct error *error)
{
    struct sum *sum = context;

    (void)removal;
    (void)error;
    sum->pools++;
    sum->items += items_in(pool);
    printf("pool %s: %s, %s, %" PRId64 " %s\n", pool->id, kind_name(pool->key.kind),
           pool_state_name(pool->state),
           pool->key.kind == KIND_IMAGE ? pool->ready : items_in(pool),
           pool->key.kind == KIND_IMAGE ? "hosts have it in their caches; Nova evicts it by itself"
                                        : "items");
    return 0;
}

static int count_pool(struct removal *removal, const struct pool *pool, void *context,
                      struct error *error)
{
    (void)removal;
    (void)error;
    ((struct sum *)context)->items += items_in(pool);
    return 0;
}

static int drain_pool(struct removal *removal, const struct pool *pool, void *context,
                      struct error *error)
{
    const struct pool_change change = { .floor = 0, .ceiling = -1, .target = 0,
                                        .state = POOL_DRAINING };
    int status;

    (void)context;
    if (pool->state == POOL_DRAINING && pool->floor == 0)
        return 0;
    status = pool_change(removal->store, pool->id, &change, clock_now_ms(), error);
    return status == -ENOENT ? 0 : status;
}

/* ---- emptying ---- */

static void show(int64_t items, bool last)
{
    bool terminal = isatty(STDOUT_FILENO);

    if (!terminal && !last)
        return;
    printf("%s%" PRId64 " items are left %s", terminal ? "\r" : "", items, last ? "\n" : "");
    fflush(stdout);
}

/* Pools that come into being meanwhile are drained too.  What is claimed is let go when its claim
 * ends, which is soon. */
static int wait_until_empty(struct removal *removal, struct error *error)
{
    const struct timespec moment = { .tv_nsec = 500 * 1000000 };
    int64_t least = INT64_MAX, end_ms = 0;

    for (;;) {
        struct sum sum = { 0 };
        int status = each_pool(removal, drain_pool, NULL, error);

        if (status >= 0)
            status = each_pool(removal, count_pool, &sum, error);
        if (status < 0)
            return status;
        show(sum.items, sum.items == 0);
        if (sum.items == 0)
            return 0;
        if (sum.items < least)
            end_ms = clock_monotonic_ms() + PATIENCE_MS;
        least = sum.items < least ? sum.items : least;
        if (clock_monotonic_ms() > end_ms)
            return error_set(error, -ETIMEDOUT, "%" PRId64 " items cannot be removed: openstack "
                             "larder pool show says why; when that is put right, run this again",
                             sum.items);
        nanosleep(&moment, NULL);
    }
}

static int empty(struct removal *removal, struct error *error)
{
    const struct bootstrap bootstrap = {
        .options = &removal->config.bootstrap,
        .claim_options = &removal->config.claim,
        .key = &removal->key,
        .database = removal->database,
        .cloud = removal->cloud,
    };
    struct workers *workers = NULL;
    int status = each_pool(removal, drain_pool, NULL, error);

    removal->config.bootstrap.review_s = 1;
    if (status >= 0)
        status = workers_start(&bootstrap, &workers, error);
    if (status < 0)
        return status;
    status = wait_until_empty(removal, error);
    if (workers_stop(workers, GRACE_MS) < 0)
        _exit(EXIT_FAILURE); /* a thread still uses what would be freed now */
    return status;
}

/* ---- what is left ---- */

/* Rows and cloud are compared as the keeper does it: what no row knows goes as an orphan. */
static int end_orphans(struct removal *removal, struct error *error)
{
    const struct bootstrap bootstrap = {
        .options = &removal->config.bootstrap,
        .claim_options = &removal->config.claim,
        .key = &removal->key,
        .database = removal->database,
        .cloud = removal->cloud,
    };
    struct reconciliation found;

    return reconcile(&bootstrap, removal->store, removal->client, clock_now_ms(), &found, error);
}

static int count_left(struct removal *removal, enum kind kind, const char *project_id,
                      size_t *count, struct error *error)
{
    auto_survey survey = { 0 };
    int status = survey_take(removal->client, kind_ops(kind), project_id, &survey, error);

    for (size_t i = 0; i < survey.count; i++) {
        if (text_equal(survey.resources[i].status, "deleting"))
            continue;
        printf("left in the cloud: %s %s (%s)%s\n", kind_name(kind), survey.resources[i].id,
               survey.resources[i].status,
               survey.resources[i].ours ? "" : ", which Larder did not make");
        (*count)++;
    }
    return status;
}

static int look_what_is_left(struct removal *removal, struct error *error)
{
    char project_id[ID_SIZE];
    size_t count = 0;
    int status = client_project_id(removal->client, project_id, error);

    if (status >= 0)
        status = count_left(removal, KIND_PORT, project_id, &count, error);
    if (status >= 0)
        status = count_left(removal, KIND_VOLUME, project_id, &count, error);
    if (status >= 0 && count)
        return error_set(error, -ENOTEMPTY, "project %s still holds %zu ports and volumes",
                         removal->config.cloud.project_name, count);
    if (status >= 0)
        printf("project %s holds no port and no volume\n", removal->config.cloud.project_name);
    return status;
}

/* What this program cannot undo, since it is not Larder's to change. */
static void tell_what_to_do(const struct config *config)
{
    struct database_url url = { .database = "larder" };

    database_url_parse(config->database.connection, &url, NULL);
    printf("To be undone by hand, in this order:\n"
           "  nova.conf: LarderFilter, LarderWeigher and [larder]; restart nova-scheduler\n"
           "  neutron.conf: larder in service_plugins, and [larder]; api-paste.ini: the filter\n"
           "    larder; restart Neutron\n"
           "  cinder.conf: [larder]; api-paste.ini: the filter larder; restart cinder-api\n"
           "  systemctl disable --now larderd\n"
           "  rabbitmqctl delete_queue %s    (it goes by itself when unused for [listener] "
           "expires)\n"
           "  openstack endpoint and service of type larder, role %s and the hooks' user,\n"
           "    user %s, project %s\n"
           "  DROP DATABASE %s, and its user\n"
           "  %s and this configuration\n",
           config->listener.queue, config->api.hook_role, config->cloud.username,
           config->cloud.project_name, url.database, config->bootstrap.key_file);
    explicit_bzero(&url, sizeof(url));
}

int manage_remove(const char *path, bool yes)
{
    struct removal removal = { 0 };
    struct sum sum = { 0 };
    struct error error = { 0 };
    int status = removal_open(&removal, path, &error);

    if (status >= 0)
        status = each_pool(&removal, tell_pool, &sum, &error);
    if (status >= 0)
        printf("%" PRId64 " items in %" PRId64 " pools%s\n", sum.items, sum.pools,
               yes ? "" : " would be removed from the cloud");
    if (status >= 0 && yes)
        status = empty(&removal, &error);
    if (status >= 0 && yes)
        status = end_orphans(&removal, &error);
    if (status >= 0 && yes)
        status = look_what_is_left(&removal, &error);
    if (status >= 0)
        tell_what_to_do(&removal.config);
    removal_close(&removal);
    if (status < 0)
        fprintf(stderr, "larder-manage: remove: %s\n", error.message);
    return status < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
