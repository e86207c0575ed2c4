/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of the hosts' image caches; see image.h.  What it decides is in image_plan.c. */
#include "bootstrap/image.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "bootstrap/limits.h"
#include "store/image_host.h"

LOG_MODULE("bootstrap.image");

#define SECOND_MS ((int64_t)1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define LEASE "image"
#define LEASE_MS (120 * SECOND_MS) /* longer than any one call to Nova or Glance */
#define FORGET_MS (7 * DAY_MS)
#define FORECAST_AGE_MS HOUR_MS /* an older one says nothing of the next hour */
#define GLANCE_AGAIN_MS HOUR_MS /* it said that it has no cache */
#define DEMANDS_MOST 1000
#define WISHES_MOST 4096
#define AGGREGATES_MOST 64 /* in which one image was used */
#define SERVICES_MOST 20000
#define PAGE 32

struct image_keeper {
    struct database *database;
    struct client *client;
    struct loop *loop;
    char owner[ID_SIZE];
    pthread_mutex_t lock; /* of fresh_options */
    struct image_options fresh_options;
    /* the thread's own */
    struct loop *self;
    struct image_options options;
    struct aggregates aggregates;
    int64_t surveyed_ms;     /* 0: not since it leads */
    int64_t glance_again_ms; /* until then Glance's cache is left alone */
    int64_t under_way;       /* requests that Nova has not answered */
    struct error last_error; /* logged already */
};

/* ---- the survey: what aggregates and hosts there are ---- */

static bool is_among(const struct option_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (text_equal(names->items[i], name))
            return true;
    return names->count == 0;
}

static int put_services(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                        struct error *error)
{
    autofree struct compute_service *services = calloc(SERVICES_MOST, sizeof(*services));
    autofree struct compute_host *hosts = calloc(SERVICES_MOST, sizeof(*hosts));
    size_t count = 0;
    int status;

    if (!services || !hosts)
        return error_set(error, -ENOMEM, "no memory for Nova's services");
    status = compute_services(keeper->client, SERVICES_MOST, services, &count, error);
    if (status < 0)
        return status;
    for (size_t i = 0; i < count; i++) {
        text_copy(hosts[i].host, sizeof(hosts[i].host), services[i].host);
        hosts[i].up = services[i].up;
    }
    return compute_hosts_put(store, hosts, count, now_ms, error);
}

static int put_aggregates(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                          struct error *error)
{
    const struct aggregates *found = &keeper->aggregates;
    autofree struct aggregate_host *rows = calloc(found->host_count + 1, sizeof(*rows));
    size_t count = 0;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory for Nova's aggregates");
    for (size_t i = 0; i < found->count; i++) {
        const struct aggregate *aggregate = &found->items[i];

        if (!is_among(&keeper->options.aggregates, aggregate->name))
            continue;
        for (size_t j = 0; j < aggregate->host_count; j++, count++) {
            rows[count].aggregate_id = aggregate->id;
            text_copy(rows[count].name, NAME_SIZE, aggregate->name);
            text_copy(rows[count].host, NAME_SIZE, found->hosts[aggregate->first_host + j].text);
        }
    }
    return aggregate_hosts_put(store, rows, count, now_ms, error);
}

static int survey(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                  struct error *error)
{
    int status;

    if (keeper->surveyed_ms && now_ms - keeper->surveyed_ms < keeper->options.survey_s * SECOND_MS)
        return 0;
    aggregates_free(&keeper->aggregates);
    status = compute_aggregates(keeper->client, &keeper->aggregates, error);
    if (status >= 0)
        status = put_services(keeper, store, now_ms, error);
    if (status >= 0)
        status = put_aggregates(keeper, store, now_ms, error);
    if (status >= 0)
        keeper->surveyed_ms = now_ms;
    return status;
}

static const struct aggregate *find_aggregate(const struct image_keeper *keeper, int64_t id)
{
    for (size_t i = 0; i < keeper->aggregates.count; i++)
        if (keeper->aggregates.items[i].id == id)
            return is_among(&keeper->options.aggregates, keeper->aggregates.items[i].name)
                       ? &keeper->aggregates.items[i] : NULL;
    return NULL;
}

/* ---- what is wanted ---- */

struct demands {
    struct image_demand *rows;
    size_t count;
};

static int compare_demands(const void *a, const void *b)
{
    return strcmp(((const struct image_demand *)a)->image_id,
                  ((const struct image_demand *)b)->image_id);
}

static double boots_of(const struct demands *demands, const char *image_id)
{
    struct image_demand wanted = { .boots = 0 };
    const struct image_demand *found;

    text_copy(wanted.image_id, sizeof(wanted.image_id), image_id);
    found = bsearch(&wanted, demands->rows, demands->count, sizeof(wanted), compare_demands);
    return found ? found->boots : 0;
}

/* An image that is wanted gets a pool in each aggregate where it was used. */
static int begin_pools(struct store *store, const struct image_demand *demand, int64_t now_ms,
                       struct error *error)
{
    int64_t aggregates[AGGREGATES_MOST];
    struct image_key key = { .aggregate_id = 0 };
    char id[ID_SIZE];
    size_t count = 0;
    int status = image_used_in(store, demand->image_id, AGGREGATES_MOST, aggregates, &count,
                               error);

    text_copy(key.image_id, sizeof(key.image_id), demand->image_id);
    for (size_t i = 0; i < count && status >= 0; i++) {
        key.aggregate_id = aggregates[i];
        status = image_pool_begin(store, &key, 0, now_ms, id, error);
    }
    return status;
}

static int read_demands(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                        struct demands *demands, struct error *error)
{
    double least = keeper->options.rules.least_boots;
    int status = image_demand_list(store, now_ms - FORECAST_AGE_MS, least / 2, DEMANDS_MOST,
                                   demands->rows, &demands->count, error);

    for (size_t i = 0; i < demands->count && status >= 0; i++)
        if (demands->rows[i].boots >= least)
            status = begin_pools(store, &demands->rows[i], now_ms, error);
    qsort(demands->rows, demands->count, sizeof(*demands->rows), compare_demands);
    return status;
}

static int read_wishes(struct store *store, const struct demands *demands,
                       struct image_wish *wishes, size_t *count, struct error *error)
{
    autofree struct pool *pools = calloc(PAGE, sizeof(*pools));
    char marker[ID_SIZE] = "";
    size_t found = PAGE;
    int status = 0;

    if (!pools)
        return error_set(error, -ENOMEM, "no memory for a list of pools");
    while (status >= 0 && found == PAGE && *count < WISHES_MOST) {
        status = pool_list(store, KIND_IMAGE, NULL, marker, PAGE, pools, &found, error);
        for (size_t i = 0; status >= 0 && i < found && *count < WISHES_MOST; i++)
            wishes[(*count)++] = (struct image_wish){
                pools[i], boots_of(demands, pools[i].key.image.image_id)
            };
        if (status >= 0 && found)
            text_copy(marker, sizeof(marker), pools[found - 1].id);
    }
    return status;
}

/* ---- asking Nova ---- */

/* The pool waits, and says why. */
static int put_off(struct store *store, const struct pool *pool, int code, const char *why,
                   int64_t now_ms, struct error *error)
{
    uint32_t random;

    random_bytes(&random, sizeof(random));
    if (!text_equal(pool->last_error, why))
        log_info("image %s is not cached on aggregate %" PRId64 ": %s", pool->key.image.image_id,
                 pool->key.image.aggregate_id, why);
    return pool_note_failure(store, pool->id, why,
                             now_ms + pool_pause_ms(code, pool->failures + 1, random), now_ms,
                             error);
}

/* A head start for the hosts that fetch it, no more: whatever it comes to, they are asked. */
static void warm_glance(struct image_keeper *keeper, const char *image_id, int64_t now_ms)
{
    struct error error = { 0 };
    int status;

    if (!keeper->options.glance_cache || now_ms < keeper->glance_again_ms)
        return;
    status = image_warm(keeper->client, image_id, &error);
    if (status >= 0)
        return;
    keeper->glance_again_ms = now_ms + GLANCE_AGAIN_MS;
    log_info("Glance's own cache is not used for an hour: %s", error.message);
}

/* The time of asking names the request; a review's would name all that it makes. */
static int ask_nova(struct image_keeper *keeper, struct store *store,
                    const struct image_wish *wish, const struct image *image, struct error *error)
{
    const struct image_key *key = &wish->pool.key.image;
    int64_t now_ms = clock_now_ms();
    struct error why = { 0 };
    int status = image_hosts_ask(store, key->image_id, key->aggregate_id,
                                 image_cached_size(image), now_ms, error);

    if (status < 0)
        return status;
    warm_glance(keeper, key->image_id, now_ms);
    status = compute_cache_image(keeper->client, key->aggregate_id, key->image_id, &why);
    if (status == 0 || status == -ETIMEDOUT) { /* it may have been carried out */
        keeper->under_way++;
        log_info("Nova caches image %s on aggregate %" PRId64, key->image_id, key->aggregate_id);
        return image_pool_accepted(store, wish->pool.id, now_ms, error);
    }
    if (status == -ENOENT)
        keeper->surveyed_ms = 0; /* the aggregate is gone */
    image_hosts_refused(store, key->image_id, now_ms, why.message, NULL);
    return put_off(store, &wish->pool, status, why.message, now_ms, error);
}

static int image_is_gone(struct store *store, const struct pool *pool, const char *why,
                         int64_t now_ms, struct error *error)
{
    if (pool->floor > 0)
        return put_off(store, pool, -ENOENT, why, now_ms, error);
    log_info("image %s is gone, and its pool %s with it", pool->key.image.image_id, pool->id);
    return image_pool_remove(store, pool->id, error);
}

static int look_and_ask(struct image_keeper *keeper, struct store *store,
                        const struct image_wish *wish, const struct image_standing *standing,
                        int64_t now_ms, struct error *error)
{
    const struct pool *pool = &wish->pool;
    const struct image_key *key = &pool->key.image;
    const char *obstacle;
    struct error why = { 0 };
    struct image image;
    int status = lease_take(store, LEASE, keeper->owner, LEASE_MS, clock_now_ms(), error);

    if (status <= 0)
        return status;
    status = image_get(keeper->client, key->image_id, &image, &why);
    if (status == -ENOENT)
        return image_is_gone(store, pool, why.message, now_ms, error);
    if (status < 0)
        return put_off(store, pool, status, why.message, now_ms, error);
    obstacle = image_obstacle(&image, find_aggregate(keeper, key->aggregate_id), pool, standing);
    if (obstacle)
        return put_off(store, pool, -EPERM, obstacle, now_ms, error);
    if (!image_fits(&image, standing, &keeper->options.rules))
        return put_off(store, pool, -EDQUOT, "[image] disk_gb leaves no room for it", now_ms,
                       error);
    return ask_nova(keeper, store, wish, &image, error);
}

static int keep_image(struct image_keeper *keeper, struct store *store,
                      const struct image_wish *wish, int64_t now_ms, struct error *error)
{
    const struct image_options *options = &keeper->options;
    const struct image_patience patience = { options->refresh_s * SECOND_MS,
                                             options->retry_s * SECOND_MS };
    const struct image_key *key = &wish->pool.key.image;
    bool wanted = image_is_wanted(wish, &options->rules);
    struct image_standing standing;
    int status = wanted ? image_hosts_want(store, key->image_id, key->aggregate_id, now_ms, error)
                        : image_hosts_unwant(store, key->image_id, key->aggregate_id, error);

    if (status >= 0)
        status = image_pool_standing(store, key, &patience, now_ms, &standing, error);
    if (status >= 0)
        status = image_pool_plan(store, &wish->pool, wanted ? standing.able : 0, standing.took_ms,
                                 now_ms, error);
    if (status < 0 || !wanted ||
        !image_is_due(wish, &standing, &options->rules, keeper->under_way, now_ms))
        return status;
    return look_and_ask(keeper, store, wish, &standing, now_ms, error);
}

/* ---- the review ---- */

static int keep_images(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                       struct error *error)
{
    autofree struct image_demand *rows = calloc(DEMANDS_MOST, sizeof(*rows));
    autofree struct image_wish *wishes = calloc(WISHES_MOST, sizeof(*wishes));
    struct demands demands = { rows, 0 };
    size_t count = 0;
    int status;

    if (!rows || !wishes)
        return error_set(error, -ENOMEM, "no memory for the images that are wanted");
    status = read_demands(keeper, store, now_ms, &demands, error);
    if (status >= 0)
        status = read_wishes(store, &demands, wishes, &count, error);
    if (status >= 0)
        status = image_requests_under_way(store, &keeper->under_way, error);
    qsort(wishes, count, sizeof(*wishes), image_wish_compare);
    for (size_t i = 0; i < count && status >= 0 && !loop_is_stopping(keeper->self); i++)
        status = keep_image(keeper, store, &wishes[i], now_ms, error);
    return status;
}

static int age(struct image_keeper *keeper, struct store *store, int64_t now_ms,
               struct error *error)
{
    const struct image_options *options = &keeper->options;
    const struct image_ages ages = { options->patience_s * SECOND_MS,
                                     options->unused_age_s * SECOND_MS, FORGET_MS };
    int64_t window_ms = ages.unused_ms < HOUR_MS ? ages.unused_ms : HOUR_MS;
    int status = image_hosts_note_used(store, now_ms - window_ms, error);

    if (status >= 0)
        status = image_hosts_age(store, &ages, now_ms, error);
    if (status >= 0)
        status = image_hosts_learn(store, options->unable_s * SECOND_MS, now_ms, error);
    return status < 0 ? status : image_pool_forget(store, now_ms - FORGET_MS, error);
}

static int review(struct image_keeper *keeper, struct store *store, int64_t now_ms,
                  struct error *error)
{
    int status = survey(keeper, store, now_ms, error);

    if (status >= 0)
        status = age(keeper, store, now_ms, error);
    return status < 0 ? status : keep_images(keeper, store, now_ms, error);
}

/* ---- the thread ---- */

static int lead(struct image_keeper *keeper, int64_t now_ms, struct error *error)
{
    auto_store *store = NULL;
    int status = store_borrow(keeper->database, &store, error);

    if (status >= 0)
        status = lease_take(store, LEASE, keeper->owner, LEASE_MS, now_ms, error);
    if (status == 0)
        keeper->surveyed_ms = 0; /* another process leads */
    return status <= 0 ? status : review(keeper, store, now_ms, error);
}

static int64_t turn(struct loop *loop, void *context)
{
    struct image_keeper *keeper = context;
    struct error error = { 0 };
    int status = 0;

    keeper->self = loop;
    pthread_mutex_lock(&keeper->lock);
    keeper->options = keeper->fresh_options;
    pthread_mutex_unlock(&keeper->lock);
    if (keeper->options.enabled)
        status = lead(keeper, clock_now_ms(), &error);
    if (status < 0 && !text_equal(error.message, keeper->last_error.message))
        log_warning("images cannot be kept in the hosts' caches: %s", error.message);
    keeper->last_error = error;
    return keeper->options.review_s * SECOND_MS;
}

static void keeper_free(struct image_keeper *keeper)
{
    client_close(keeper->client);
    aggregates_free(&keeper->aggregates);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

int image_keeper_start(const struct image_options *options, struct database *database,
                       struct cloud *cloud, struct image_keeper **ret_keeper, struct error *error)
{
    struct image_keeper *keeper = calloc(1, sizeof(*keeper));
    int status;

    if (!keeper || pthread_mutex_init(&keeper->lock, NULL)) {
        free(keeper);
        return error_set(error, -ENOMEM, "no memory for the keeper of images");
    }
    keeper->database = database;
    keeper->fresh_options = *options;
    text_make_uuid(keeper->owner);
    status = client_open(cloud, &keeper->client, error);
    if (status >= 0)
        status = loop_start("images", turn, keeper, &keeper->loop, error);
    if (status < 0) {
        keeper_free(keeper);
        return status;
    }
    *ret_keeper = keeper;
    return 0;
}

void image_keeper_reload(struct image_keeper *keeper, const struct image_options *options)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->fresh_options = *options;
    pthread_mutex_unlock(&keeper->lock);
    loop_wake(keeper->loop);
}

/* Another takes over at once; where that cannot be said, when the lease has run out. */
static void step_down(struct image_keeper *keeper)
{
    auto_store *store = NULL;

    if (store_borrow(keeper->database, &store, NULL) >= 0)
        lease_drop(store, LEASE, keeper->owner, NULL);
}

int image_keeper_stop(struct image_keeper *keeper, int64_t grace_ms)
{
    if (!keeper)
        return 0;
    if (loop_stop(keeper->loop, grace_ms) < 0)
        return -ETIMEDOUT;
    step_down(keeper);
    keeper_free(keeper);
    return 0;
}
