/* SPDX-License-Identifier: Apache-2.0 */
/* Demand: rows that are added and read, never changed. */
#include "store/demand.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/metric.h"
#include "store/gap.h"
#include "store/query.h"

#define HOOKS_NOTED_MS 60000

static const char *const outcome_names[] = { "hit", "miss" };

const char *outcome_name(enum outcome outcome)
{
    return choice_name(outcome_names, ARRAY_SIZE(outcome_names), (int)outcome);
}

#define REASON_CHOICES                                                                             \
    "no-claim|no-right|no-item|draining|unreachable|timeout|breaker-open|off|stale|quota|failed|"  \
    "observe|not-eligible|other"

static DEFINE_COUNTER(demands, "larder_demand_total",
                      "Creates of resources for boots: hits came from a pool, misses did not.",
                      { "kind", KIND_CHOICES }, { "outcome", OUTCOME_CHOICES });
static DEFINE_COUNTER(misses, "larder_misses_total", "Misses, by reason.",
                      { "kind", KIND_CHOICES }, { "reason", REASON_CHOICES });

void demand_count(enum kind kind, enum outcome outcome, const char *reason)
{
    char word[32];

    metric_count(&demands, (int)kind, (int)outcome);
    if (outcome == OUTCOME_HIT)
        return;
    snprintf(word, sizeof(word), "%.*s", (int)strcspn(reason, ":"), reason);
    metric_count_word(&misses, (int)kind, word);
}

/* That the hooks of a kind are there, and report.  Boots do not queue up for one row: each process
 * notes it once a minute. */
static int note_hooks(struct store *store, const struct demand *demand, struct error *error)
{
    static _Atomic int64_t noted_ms[KINDS];
    _Atomic int64_t *noted = &noted_ms[demand->kind];
    char source[SOURCE_SIZE];
    int r;

    if (demand->at_ms - atomic_load(noted) < HOOKS_NOTED_MS)
        return 0;
    snprintf(source, sizeof(source), SOURCE_HOOKS, kind_name(demand->kind));
    r = watch_note(store, source, demand->at_ms, error);
    if (r == 0)
        atomic_store(noted, demand->at_ms);
    return r;
}

int demand_add(struct store *store, const struct demand *demand, struct error *error)
{
    char words[sizeof(demand->reason)];
    int r = note_hooks(store, demand, error);

    if (r < 0)
        return r;
    words_copy(words, sizeof(words), demand->reason);
    return query_run(store, "INSERT INTO demand (at_ms, kind, outcome, pool_id, project_id,"
                     " request_id, instance_id, reason, seconds)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     VALUES(INT(demand->at_ms), TEXT(kind_name(demand->kind)),
                            TEXT(outcome_name(demand->outcome)), TEXT(demand->pool_id),
                            TEXT(demand->project_id), TEXT(demand->request_id),
                            TEXT(demand->instance_id), TEXT(words), FLOAT(demand->seconds)), NULL,
                     error);
}

static const struct column demand_columns[] = {
    INT_COLUMN(struct demand, id),
    INT_COLUMN(struct demand, at_ms),
    CHOICE_COLUMN(struct demand, kind, ITEM_KIND_CHOICES),
    CHOICE_COLUMN(struct demand, outcome, OUTCOME_CHOICES),
    TEXT_COLUMN(struct demand, pool_id),
    TEXT_COLUMN(struct demand, project_id),
    TEXT_COLUMN(struct demand, request_id),
    TEXT_COLUMN(struct demand, instance_id),
    TEXT_COLUMN(struct demand, reason),
    FLOAT_COLUMN(struct demand, seconds),
};
static const struct row_type demand_type = ROW_TYPE(struct demand, demand_columns);

int demand_list(struct store *store, const char *pool_id, const char *project_id, int64_t before,
                size_t most, struct demand *ret_demand, size_t *ret_count, struct error *error)
{
    const char *pool = pool_id ? pool_id : "", *project = project_id ? project_id : "";

    return query_read(store, "SELECT id, at_ms, kind, outcome, pool_id, project_id, request_id,"
                      " instance_id, reason, seconds FROM demand WHERE (? = 0 OR id < ?)"
                      " AND (? = '' OR pool_id = ?) AND (? = '' OR project_id = ?)"
                      " ORDER BY id DESC LIMIT ?",
                      VALUES(INT(before), INT(before), TEXT(pool), TEXT(pool), TEXT(project),
                             TEXT(project), INT(most)), &demand_type, ret_demand, most, ret_count,
                      error);
}
