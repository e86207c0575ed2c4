/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over the tables; see figures.h. */
#include "store/figures.h"

#include "store/query.h"

/* As pool_goal() has it. */
#define GOAL "IF(state = 'active', LEAST(GREATEST(target, floor), ceiling), 0)"

static const struct column pool_columns[] = {
    TEXT_COLUMN(struct pool_sum, kind),
    TEXT_COLUMN(struct pool_sum, tier),
    TEXT_COLUMN(struct pool_sum, state),
    INT_COLUMN(struct pool_sum, pools),
    INT_COLUMN(struct pool_sum, target),
    INT_COLUMN(struct pool_sum, goal),
};
static const struct row_type pool_type = ROW_TYPE(struct pool_sum, pool_columns);

int figures_pools(struct store *store, struct pool_sum *ret_sums, size_t most, size_t *ret_count,
                  struct error *error)
{
    return query_read(store, "SELECT kind, tier, state, COUNT(*), CAST(SUM(target) AS SIGNED),"
                      " CAST(SUM(" GOAL ") AS SIGNED) FROM pools GROUP BY kind, tier, state"
                      " LIMIT ?", VALUES(INT(most)), &pool_type, ret_sums, most, ret_count, error);
}

static const struct column item_columns[] = {
    TEXT_COLUMN(struct item_sum, kind),
    TEXT_COLUMN(struct item_sum, tier),
    TEXT_COLUMN(struct item_sum, state),
    INT_COLUMN(struct item_sum, items),
};
static const struct row_type item_type = ROW_TYPE(struct item_sum, item_columns);

int figures_items(struct store *store, struct item_sum *ret_sums, size_t most, size_t *ret_count,
                  struct error *error)
{
    return query_read(store, "SELECT p.kind, p.tier, i.state, COUNT(*) FROM items i"
                      " JOIN pools p ON p.id = i.pool_id WHERE i.state IN ('wanted', 'creating',"
                      " 'ready', 'claimed', 'releasing') GROUP BY p.kind, p.tier, i.state LIMIT ?",
                      VALUES(INT(most)), &item_type, ret_sums, most, ret_count, error);
}

static const struct column figure_columns[] = {
    TEXT_COLUMN(struct pool_figure, id),
    TEXT_COLUMN(struct pool_figure, kind),
    TEXT_COLUMN(struct pool_figure, tier),
    INT_COLUMN(struct pool_figure, target),
    INT_COLUMN(struct pool_figure, goal),
    INT_COLUMN(struct pool_figure, lead_time_ms),
    INT_COLUMN(struct pool_figure, ready),
};
static const struct row_type figure_type = ROW_TYPE(struct pool_figure, figure_columns);

int figures_each_pool(struct store *store, size_t most, struct pool_figure *ret_figures,
                      size_t *ret_count, struct error *error)
{
    return query_read(store, "SELECT p.id, p.kind, p.tier, p.target, p.goal, p.lead_time_ms,"
                      " (SELECT COUNT(*) FROM items i WHERE i.pool_id = p.id"
                      "  AND i.state = 'ready') FROM (SELECT id, kind, tier, target, lead_time_ms, "
                      GOAL " AS goal FROM pools ORDER BY goal DESC, id LIMIT ?) p",
                      VALUES(INT(most)), &figure_type, ret_figures, most, ret_count, error);
}
