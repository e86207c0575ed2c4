/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema as numbered migrations.  Every statement does no harm when it runs again or at the
 * same time elsewhere (IF NOT EXISTS, INSERT IGNORE), so that two larder-manage at once, or one
 * that was interrupted, end with the same tables: MariaDB commits each change of a table by itself,
 * so no row lock could span them, and GET_LOCK is not seen by other nodes of a Galera cluster.
 *
 * A migration that was released is never edited; changes are new ones.  All times are milliseconds
 * since 1970.  Columns are never NULL, but where a unique key must pass over a row.
 * There are no foreign keys: they would lock parents (pools) that every boot touches.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/connection.h"
#include "store/query.h"

LOG_MODULE("store");

#define TABLE_OPTIONS                                                                              \
    " ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
#define ID " VARCHAR(36) NOT NULL"
#define OPTIONAL_ID " VARCHAR(36) NOT NULL DEFAULT ''"
#define TIME " BIGINT NOT NULL"
#define OPTIONAL_TIME " BIGINT NOT NULL DEFAULT 0"
#define KIND " ENUM('port','volume') NOT NULL"
#define SERIES_KIND " ENUM('port','volume','image','capacity') NOT NULL"
#define ITEM_STATE                                                                                 \
    " ENUM('wanted','creating','ready','claimed','adopted','releasing','gone','failed') NOT NULL"

static const char create_versions[] =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    " version INT NOT NULL PRIMARY KEY,"
    " applied_ms" TIME
    ")" TABLE_OPTIONS;

static const char *const first_tables[] = {
    /* project_id is the key's (ports); begun_by the project whose boot made the pool. */
    "CREATE TABLE IF NOT EXISTS pools ("
    " id" ID " PRIMARY KEY,"
    " kind" KIND ","
    " key_digest VARCHAR(64) NOT NULL,"
    " key_json TEXT NOT NULL,"
    " project_id" OPTIONAL_ID ","
    " begun_by" ID ","
    " state ENUM('active','paused','draining') NOT NULL,"
    " target BIGINT NOT NULL DEFAULT 0 CHECK (target >= 0),"
    " floor BIGINT NOT NULL CHECK (floor >= 0),"
    " ceiling BIGINT NOT NULL,"
    " lead_time_ms" OPTIONAL_TIME ","
    " failures BIGINT NOT NULL DEFAULT 0,"
    " not_before_ms" OPTIONAL_TIME ","
    " last_error VARCHAR(511) NOT NULL DEFAULT '',"
    " created_ms" TIME ","
    " updated_ms" TIME ","
    " UNIQUE KEY pools_key (kind, key_digest),"
    " KEY pools_project (project_id, id),"
    " KEY pools_begun_by (begun_by),"
    " CONSTRAINT pools_floor_under_ceiling CHECK (floor <= ceiling)"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS pool_asks ("
    " ask_digest VARCHAR(64) NOT NULL PRIMARY KEY,"
    " pool_id" ID ","
    " project_id" ID ","
    " learned_ms" TIME ","
    " KEY pool_asks_pool (pool_id),"
    " KEY pool_asks_project (project_id)"
    ")" TABLE_OPTIONS,

    /* due_ms is when a worker may lease the item: the queue is an index in which only those wait
     * that need work.  claim_id names the claim that set the item aside or took it. */
    "CREATE TABLE IF NOT EXISTS items ("
    " id" ID " PRIMARY KEY,"
    " pool_id" ID ","
    " kind" KIND ","
    " state" ITEM_STATE ","
    " reason VARCHAR(255) NOT NULL,"
    " holder_id" OPTIONAL_ID ","
    " resource_id" OPTIONAL_ID ","
    " transfer_id" OPTIONAL_ID ","
    " sealed VARBINARY(256) NOT NULL DEFAULT '',"
    " fingerprint VARCHAR(64) NOT NULL DEFAULT '',"
    " claim_id" OPTIONAL_ID ","
    " claim_line SMALLINT NOT NULL DEFAULT -1,"
    " instance_id" OPTIONAL_ID ","
    " project_id" OPTIONAL_ID ","
    " attempts BIGINT NOT NULL DEFAULT 0,"
    " created_ms" TIME ","
    " changed_ms" TIME ","
    " ready_ms" OPTIONAL_TIME ","
    " not_before_ms" OPTIONAL_TIME ","
    " lease_owner VARCHAR(255) NOT NULL DEFAULT '',"
    " lease_until_ms" OPTIONAL_TIME ","
    " due_ms BIGINT AS (IF(state IN ('wanted','creating','releasing'),"
    "                      GREATEST(not_before_ms, lease_until_ms), NULL)) PERSISTENT,"
    " KEY items_due (due_ms),"
    " KEY items_pool (pool_id, state, ready_ms, id),"
    " KEY items_state (state, id),"
    " KEY items_claim (claim_id, claim_line),"
    " KEY items_resource (resource_id),"
    " CONSTRAINT items_claimed_by_a_claim CHECK (state <> 'claimed' OR claim_id <> ''),"
    " CONSTRAINT items_ready_are_free CHECK (state <> 'ready' OR claim_id = '')"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS item_events ("
    " id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " item_id" ID ","
    " at_ms" TIME ","
    " from_state VARCHAR(16) NOT NULL,"
    " to_state" ITEM_STATE ","
    " reason VARCHAR(255) NOT NULL,"
    " request_id VARCHAR(40) NOT NULL DEFAULT '',"
    " KEY item_events_item (item_id, id)"
    ")" TABLE_OPTIONS,

    /* A request of a project has one claim, however often it is asked for (calls). */
    "CREATE TABLE IF NOT EXISTS claims ("
    " id" ID " PRIMARY KEY,"
    " request_id VARCHAR(40) NOT NULL,"
    " project_id" ID ","
    " image_id" OPTIONAL_ID ","
    " flavor_id VARCHAR(255) NOT NULL DEFAULT '',"
    " zone VARCHAR(255) NOT NULL DEFAULT '',"
    " servers BIGINT NOT NULL,"
    " state ENUM('open','settled','expired') NOT NULL,"
    " calls BIGINT NOT NULL DEFAULT 1,"
    " created_ms" TIME ","
    " expires_ms" TIME ","
    " UNIQUE KEY claims_request (project_id, request_id),"
    " KEY claims_expiry (state, expires_ms)"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS claim_lines ("
    " claim_id" ID ","
    " line SMALLINT NOT NULL,"
    " kind" KIND ","
    " pool_id" OPTIONAL_ID ","
    " ask_digest VARCHAR(64) NOT NULL,"
    " wanted BIGINT NOT NULL CHECK (wanted > 0),"
    " reason VARCHAR(63) NOT NULL DEFAULT '',"
    " PRIMARY KEY (claim_id, line),"
    " UNIQUE KEY claim_lines_ask (claim_id, ask_digest)"
    ")" TABLE_OPTIONS,

    /* held_item is the hard form of "adopted by at most one, ever": an item that came back unseen
     * is the only one that may appear twice. */
    "CREATE TABLE IF NOT EXISTS adoptions ("
    " id" ID " PRIMARY KEY,"
    " item_id" ID ","
    " claim_id" ID ","
    " pool_id" ID ","
    " kind" KIND ","
    " state ENUM('begun','done','failed','returned') NOT NULL,"
    " project_id" ID ","
    " request_id VARCHAR(40) NOT NULL,"
    " instance_id" OPTIONAL_ID ","
    " resource_id" ID ","
    " reason VARCHAR(255) NOT NULL DEFAULT '',"
    " created_ms" TIME ","
    " finished_ms" OPTIONAL_TIME ","
    " held_item VARCHAR(36) AS (IF(state = 'returned', NULL, item_id)) PERSISTENT,"
    " UNIQUE KEY adoptions_once (held_item),"
    " KEY adoptions_state (state, id),"
    " KEY adoptions_item (item_id)"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS demand ("
    " id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " at_ms" TIME ","
    " kind" KIND ","
    " outcome ENUM('hit','miss') NOT NULL,"
    " pool_id" OPTIONAL_ID ","
    " project_id" ID ","
    " request_id VARCHAR(40) NOT NULL DEFAULT '',"
    " instance_id" OPTIONAL_ID ","
    " reason VARCHAR(127) NOT NULL DEFAULT '',"
    " seconds DOUBLE NOT NULL DEFAULT 0,"
    " KEY demand_pool (pool_id, id),"
    " KEY demand_pool_time (pool_id, at_ms),"
    " KEY demand_project (project_id, id)"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS leases ("
    " name VARCHAR(255) NOT NULL PRIMARY KEY,"
    " owner VARCHAR(255) NOT NULL,"
    " until_ms" TIME
    ")" TABLE_OPTIONS,

    /* Rows that are written to by whoever must be alone for the rest of his transaction. */
    "CREATE TABLE IF NOT EXISTS guards ("
    " name VARCHAR(36) NOT NULL PRIMARY KEY,"
    " turns BIGINT NOT NULL DEFAULT 0"
    ")" TABLE_OPTIONS,
    "INSERT IGNORE INTO guards (name) VALUES ('learn'), ('stock')",
    NULL,
};

/* What is watched, forecast and planned. */
static const char *const forecast_tables[] = {
    "ALTER TABLE pools MODIFY kind ENUM('port','volume','image') NOT NULL",
    "ALTER TABLE pools"
    " ADD COLUMN IF NOT EXISTS tier ENUM('','guaranteed','probabilistic','on-demand') NOT NULL"
    "  DEFAULT '',"
    " ADD COLUMN IF NOT EXISTS tier_rule VARCHAR(36) NOT NULL DEFAULT '',"
    " ADD COLUMN IF NOT EXISTS target_since_ms" OPTIONAL_TIME ","
    " ADD COLUMN IF NOT EXISTS lower_since_ms" OPTIONAL_TIME ","
    " ADD COLUMN IF NOT EXISTS lower_most BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE demand ADD INDEX IF NOT EXISTS demand_time (at_ms)",

    /* A series is the demand for one thing over time.  Ports, volumes: digest is the pool's
     * key_digest, whether there is a pool or not; image: of the image id; capacity: of flavor, zone
     * and project together. */
    "CREATE TABLE IF NOT EXISTS series ("
    " id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " kind" SERIES_KIND ","
    " digest VARCHAR(64) NOT NULL,"
    " project_id" OPTIONAL_ID ","
    " image_id" OPTIONAL_ID ","
    " flavor_id VARCHAR(255) NOT NULL DEFAULT '',"
    " zone VARCHAR(255) NOT NULL DEFAULT '',"
    " began_ms" TIME ","
    " last_ms" TIME ","
    " UNIQUE KEY series_key (kind, digest),"
    " KEY series_project (project_id, id)"
    ")" TABLE_OPTIONS,

    /* One row for each resource that was made for a boot, however often and by whom it was seen:
     * port, volume; for image and capacity the instance. */
    "CREATE TABLE IF NOT EXISTS sightings ("
    " kind" SERIES_KIND ","
    " resource_id" ID ","
    " series_id BIGINT NOT NULL,"
    " at_ms" TIME ","
    " request_id VARCHAR(40) NOT NULL DEFAULT '',"
    " instance_id" OPTIONAL_ID ","
    " source ENUM('hook','bus','import') NOT NULL,"
    " PRIMARY KEY (kind, resource_id),"
    " KEY sightings_instance (instance_id),"
    " KEY sightings_series (series_id, at_ms, request_id),"
    " KEY sightings_time (at_ms)"
    ")" TABLE_OPTIONS,

    /* What became of a boot, joined from several messages that come in any order. */
    "CREATE TABLE IF NOT EXISTS boots ("
    " instance_id" ID " PRIMARY KEY,"
    " project_id" OPTIONAL_ID ","
    " request_id VARCHAR(40) NOT NULL DEFAULT '',"
    " image_id" OPTIONAL_ID ","
    " flavor_id VARCHAR(255) NOT NULL DEFAULT '',"
    " flavor_name VARCHAR(255) NOT NULL DEFAULT '',"
    " vcpus BIGINT NOT NULL DEFAULT 0,"
    " memory_mb BIGINT NOT NULL DEFAULT 0,"
    " disk_gb BIGINT NOT NULL DEFAULT 0,"
    " zone VARCHAR(255) NOT NULL DEFAULT '',"
    " host VARCHAR(255) NOT NULL DEFAULT '',"
    " outcome ENUM('begun','active','failed') NOT NULL DEFAULT 'begun',"
    " asked_ms" OPTIONAL_TIME ","
    " finished_ms" OPTIONAL_TIME ","
    " deleted_ms" OPTIONAL_TIME ","
    " KEY boots_asked (asked_ms),"
    " KEY boots_request (request_id),"
    " KEY boots_flavor (flavor_id, asked_ms)"
    ")" TABLE_OPTIONS,

    /* Until when a source was watched, and when it was not: what is not known is not zero. */
    "CREATE TABLE IF NOT EXISTS watches ("
    " source VARCHAR(64) NOT NULL PRIMARY KEY,"
    " since_ms" TIME ","
    " until_ms" TIME
    ")" TABLE_OPTIONS,
    "CREATE TABLE IF NOT EXISTS gaps ("
    " id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " source VARCHAR(64) NOT NULL,"
    " from_ms" TIME ","
    " until_ms" TIME ","
    " filled_ms" OPTIONAL_TIME ","
    " filled SET('port','volume','image','capacity') NOT NULL DEFAULT ''," /* series of these */
    " reason VARCHAR(255) NOT NULL DEFAULT '',"
    " UNIQUE KEY gaps_from (source, from_ms)"
    ")" TABLE_OPTIONS,

    /* How far the taking in of what happened earlier has come; 'marker' is the source's own word
     * for where it goes on. */
    "CREATE TABLE IF NOT EXISTS imports ("
    " source VARCHAR(64) NOT NULL PRIMARY KEY,"
    " from_ms" TIME ","
    " until_ms" TIME ","
    " reached_ms" TIME ","
    " marker" OPTIONAL_ID ","
    " instances BIGINT NOT NULL DEFAULT 0,"
    " added BIGINT NOT NULL DEFAULT 0,"
    " strange BIGINT NOT NULL DEFAULT 0,"
    " finished_ms" OPTIONAL_TIME ","
    " updated_ms" TIME
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS models ("
    " series_id BIGINT NOT NULL PRIMARY KEY,"
    " version INT NOT NULL,"
    " from_ms" TIME ","
    " seen_until_ms" TIME ","
    " built_ms" TIME ","
    " state MEDIUMBLOB NOT NULL"
    ")" TABLE_OPTIONS,

    /* The newest forecast for each subject and interval; quantiles as distribution.h has them. */
    "CREATE TABLE IF NOT EXISTS forecasts ("
    " subject ENUM('series','flavor','resource') NOT NULL,"
    " subject_id VARCHAR(255) NOT NULL,"
    " length_s BIGINT NOT NULL,"
    " from_ms" TIME ","
    " made_ms" TIME ","
    " model_version INT NOT NULL,"
    " mean DOUBLE NOT NULL,"
    " variance DOUBLE NOT NULL,"
    " quantiles VARBINARY(512) NOT NULL,"
    " PRIMARY KEY (subject, subject_id, length_s),"
    " KEY forecasts_made (made_ms)"
    ")" TABLE_OPTIONS,

    /* The most specific rule wins: pool, project and flavor, flavor, project. */
    "CREATE TABLE IF NOT EXISTS tier_rules ("
    " id" ID " PRIMARY KEY,"
    " pool_id" OPTIONAL_ID ","
    " project_id" OPTIONAL_ID ","
    " flavor_id VARCHAR(255) NOT NULL DEFAULT '',"
    " tier ENUM('guaranteed','probabilistic','on-demand') NOT NULL,"
    " service_level DOUBLE NOT NULL DEFAULT 0,"
    " created_ms" TIME ","
    " UNIQUE KEY tier_rules_scope (pool_id, project_id, flavor_id)"
    ")" TABLE_OPTIONS,

    /* Whose boots a pool served, or should have, and when last: their tiers are the pool's. */
    "CREATE TABLE IF NOT EXISTS pool_users ("
    " pool_id" ID ","
    " project_id" ID ","
    " flavor_id VARCHAR(255) NOT NULL,"
    " last_ms" TIME ","
    " PRIMARY KEY (pool_id, project_id, flavor_id),"
    " KEY pool_users_age (last_ms)"
    ")" TABLE_OPTIONS,

    /* Each change of a target and why: what was forecast, for how long, at which level. */
    "CREATE TABLE IF NOT EXISTS decisions ("
    " id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
    " pool_id" ID ","
    " at_ms" TIME ","
    " target BIGINT NOT NULL,"
    " previous BIGINT NOT NULL,"
    " tier ENUM('guaranteed','probabilistic','on-demand') NOT NULL,"
    " service_level DOUBLE NOT NULL,"
    " interval_ms BIGINT NOT NULL,"
    " mean DOUBLE NOT NULL,"
    " model_version INT NOT NULL,"
    " reason VARCHAR(255) NOT NULL,"
    " KEY decisions_pool (pool_id, at_ms),"
    " KEY decisions_time (at_ms)"
    ")" TABLE_OPTIONS,

    /* asked_ms is when Nova was asked to cache the image and has not answered yet; warmed_ms when
     * it said last that it is there, used_ms when an instance made of it became active there. */
    "CREATE TABLE IF NOT EXISTS image_hosts ("
    " id BIGINT NOT NULL AUTO_INCREMENT UNIQUE KEY,"
    " image_id" ID ","
    " host VARCHAR(255) NOT NULL,"
    " state ENUM('wanted','caching','warm','failed','unable') NOT NULL,"
    " reason VARCHAR(255) NOT NULL DEFAULT '',"
    " bytes BIGINT NOT NULL DEFAULT 0,"
    " failures BIGINT NOT NULL DEFAULT 0,"
    " refusals BIGINT NOT NULL DEFAULT 0,"
    " took_ms BIGINT NOT NULL DEFAULT 0,"
    " asked_ms" OPTIONAL_TIME ","
    " warmed_ms" OPTIONAL_TIME ","
    " used_ms" OPTIONAL_TIME ","
    " changed_ms" TIME ","
    " PRIMARY KEY (image_id, host),"
    " KEY image_hosts_host (host, state),"
    " KEY image_hosts_asked (asked_ms)"
    ")" TABLE_OPTIONS,

    /* Nova's compute hosts and the aggregates that they are in, as seen last.  unable_ms is when it
     * was learned that a host's driver cannot cache images. */
    "CREATE TABLE IF NOT EXISTS compute_hosts ("
    " host VARCHAR(255) NOT NULL PRIMARY KEY,"
    " up TINYINT NOT NULL,"
    " unable_ms" OPTIONAL_TIME ","
    " seen_ms" TIME
    ")" TABLE_OPTIONS,
    "CREATE TABLE IF NOT EXISTS aggregate_hosts ("
    " aggregate_id BIGINT NOT NULL,"
    " host VARCHAR(255) NOT NULL,"
    " name VARCHAR(255) NOT NULL,"
    " seen_ms" TIME ","
    " PRIMARY KEY (aggregate_id, host),"
    " KEY aggregate_hosts_host (host)"
    ")" TABLE_OPTIONS,

    "CREATE TABLE IF NOT EXISTS utilisation ("
    " metric VARCHAR(64) NOT NULL,"
    " scope ENUM('flavor','project','host') NOT NULL,"
    " scope_id VARCHAR(255) NOT NULL,"
    " resolution_s INT NOT NULL,"
    " at_ms" TIME ","
    " mean DOUBLE NOT NULL,"
    " peak DOUBLE NOT NULL,"
    " samples BIGINT NOT NULL,"
    " PRIMARY KEY (metric, scope, scope_id, resolution_s, at_ms),"
    " KEY utilisation_age (resolution_s, at_ms)"
    ")" TABLE_OPTIONS,

    /* Times at which demand is another: the operator's own, and calendars read from elsewhere,
     * of which the last good copy is kept. */
    "CREATE TABLE IF NOT EXISTS events ("
    " id" ID " PRIMARY KEY,"
    " name VARCHAR(255) NOT NULL,"
    " begin_ms" TIME ","
    " end_ms" TIME ","
    " recurrence VARCHAR(255) NOT NULL DEFAULT '',"
    " project_id" OPTIONAL_ID ","
    " flavor_id VARCHAR(255) NOT NULL DEFAULT '',"
    " series_id BIGINT NOT NULL DEFAULT 0,"
    " created_ms" TIME
    ")" TABLE_OPTIONS,
    "CREATE TABLE IF NOT EXISTS calendars ("
    " digest CHAR(64) NOT NULL PRIMARY KEY,"
    " source VARCHAR(255) NOT NULL,"
    " checked_ms" TIME ","
    " read_ms" OPTIONAL_TIME ","
    " changed_ms" OPTIONAL_TIME ","
    " occurrences BIGINT NOT NULL DEFAULT 0,"
    " failure VARCHAR(255) NOT NULL DEFAULT '',"
    " content MEDIUMBLOB NOT NULL"
    ")" TABLE_OPTIONS,

    /* The processes that work, each with its roles. */
    "CREATE TABLE IF NOT EXISTS members ("
    " id" ID " PRIMARY KEY,"
    " host VARCHAR(255) NOT NULL,"
    " pid BIGINT NOT NULL,"
    " roles VARCHAR(255) NOT NULL,"
    " late VARCHAR(255) NOT NULL DEFAULT '',"
    " version VARCHAR(64) NOT NULL,"
    " started_ms" TIME ","
    " seen_ms" TIME
    ")" TABLE_OPTIONS,
    NULL,
};

static const char *const hook_tables[] = {
    /* The services whose filter or hook has told of itself. */
    "CREATE TABLE IF NOT EXISTS hooks ("
    " service ENUM('nova','neutron','cinder') NOT NULL,"
    " host VARCHAR(255) NOT NULL,"
    " version VARCHAR(64) NOT NULL,"
    " problem VARCHAR(512) NOT NULL DEFAULT '',"
    " seen_ms" TIME ","
    " PRIMARY KEY (service, host)"
    ")" TABLE_OPTIONS,
    NULL,
};

static const char *const change_tables[] = {
    /* What is said to have changed, until the pools concerned were looked at. */
    "CREATE TABLE IF NOT EXISTS changes ("
    " subject ENUM('network','group','image','type','quality','project') NOT NULL,"
    " id" ID ","
    " noted_ms" TIME ","
    " due_ms" TIME ","
    " PRIMARY KEY (subject, id),"
    " KEY changes_due (due_ms)"
    ")" TABLE_OPTIONS,
    NULL,
};

static const char *const lead_time_tables[] = {
    /* How lead times are distributed (a struct lead_times), and their high quantile. */
    "ALTER TABLE pools"
    " ADD COLUMN IF NOT EXISTS lead_times VARBINARY(255) NOT NULL DEFAULT '',"
    " ADD COLUMN IF NOT EXISTS lead_time_high_ms" OPTIONAL_TIME,
    NULL,
};

static const char *const *const migrations[] = {
    first_tables,     /* 1 */
    forecast_tables,  /* 2 */
    hook_tables,      /* 3 */
    change_tables,    /* 4 */
    lead_time_tables, /* 5 */
};

int schema_newest(void)
{
    return (int)ARRAY_SIZE(migrations);
}

int schema_version(struct store *store, int *ret_version, struct error *error)
{
    struct error failure = { 0 };
    int64_t version = 0;
    int r = query_read_int(store, "SELECT COALESCE(MAX(version), 0) FROM schema_version",
                           NO_VALUES, &version, &failure);

    if (r < 0 && r != -ENODATA) {
        if (error)
            *error = failure;
        return r;
    }
    *ret_version = (int)version;
    return 0;
}

static int migrate(struct store *store, int version, struct error *error)
{
    for (const char *const *sql = migrations[version - 1]; *sql; sql++) {
        int r = query_run(store, *sql, NO_VALUES, NULL, error);

        if (r < 0) {
            error_wrap(error, "Migration %d of the database", version);
            return r;
        }
    }
    log_info("migrated the database version=%d", version);
    return query_run(store, "INSERT IGNORE INTO schema_version (version, applied_ms) VALUES (?, ?)",
                     VALUES(INT(version), INT(clock_now_ms())), NULL, error);
}

int schema_sync(struct store *store, struct error *error)
{
    int version = 0;
    int r = query_run(store, create_versions, NO_VALUES, NULL, error);

    if (r == 0)
        r = schema_version(store, &version, error);
    if (r < 0)
        return r;
    if (version > schema_newest())
        return error_set(error, -ENOTSUP,
                         "The database has version %d, this program knows %d at most; use the "
                         "newer larder-manage", version, schema_newest());
    while (r == 0 && version < schema_newest())
        r = migrate(store, ++version, error);
    return r;
}
