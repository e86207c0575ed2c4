/* SPDX-License-Identifier: Apache-2.0 */
/* Shared limits: a heap of pools by the marginal benefit of their next item; see share.h. */
#include "reserve/share.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct candidate {
    double benefit; /* of the next item, for what it takes */
    struct share *share;
};

struct sharing {
    const double *limits;
    double *left;  /* of each limit */
    bool *is_short;
    struct candidate *heap;
    size_t count; /* in the heap */
};

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void take(struct sharing *sharing, const struct share *share, int64_t items)
{
    for (size_t i = 0; i < share->use_count; i++)
        sharing->left[share->uses[i].limit] -= (double)items * share->uses[i].per_item;
}

static bool fits(const struct sharing *sharing, const struct share *share)
{
    for (size_t i = 0; i < share->use_count; i++)
        if (sharing->left[share->uses[i].limit] < share->uses[i].per_item)
            return false;
    return true;
}

static double scarcity(const struct sharing *sharing, const struct share *share)
{
    double sum = 0;

    for (size_t i = 0; i < share->use_count; i++) {
        size_t limit = share->uses[i].limit;

        if (sharing->is_short[limit] && sharing->limits[limit] > 0)
            sum += share->uses[i].per_item / sharing->limits[limit];
    }
    return sum;
}

static double benefit_of(const struct sharing *sharing, const struct share *share)
{
    double n = (double)share->granted, scarce = scarcity(sharing, share);

    if (!share->forecast || scarce <= 0)
        return 0;
    return share->weight / scarce
           * (distribution_excess(share->forecast, n)
              - distribution_excess(share->forecast, n + 1));
}

/* ---- the heap: the greatest benefit in front ---- */

static void sink(struct sharing *sharing, size_t at)
{
    struct candidate *heap = sharing->heap;

    while (true) {
        size_t child = 2 * at + 1;
        struct candidate parent = heap[at];

        if (child + 1 < sharing->count && heap[child + 1].benefit > heap[child].benefit)
            child++;
        if (child >= sharing->count || heap[child].benefit <= parent.benefit)
            return;
        heap[at] = heap[child];
        heap[child] = parent;
        at = child;
    }
}

static void drop_first(struct sharing *sharing)
{
    sharing->heap[0] = sharing->heap[--sharing->count];
    sink(sharing, 0);
}

static void hand_out(struct sharing *sharing)
{
    for (size_t i = sharing->count; i-- > 0;)
        sink(sharing, i);
    while (sharing->count) {
        struct share *share = sharing->heap[0].share;

        if (share->granted >= share->wanted || !fits(sharing, share)) {
            drop_first(sharing);
            continue;
        }
        take(sharing, share, 1);
        share->granted++;
        sharing->heap[0].benefit = benefit_of(sharing, share);
        sink(sharing, 0);
    }
}

/* ---- who competes ---- */

static void find_short(struct sharing *sharing, const struct share *shares, size_t count,
                       size_t limit_count)
{
    for (size_t i = 0; i < limit_count; i++)
        sharing->left[i] = sharing->limits[i];
    for (size_t i = 0; i < count; i++)
        take(sharing, &shares[i], most(shares[i].wanted, shares[i].floor));
    for (size_t i = 0; i < limit_count; i++) {
        sharing->is_short[i] = sharing->left[i] < 0;
        sharing->left[i] = sharing->limits[i];
    }
}

static bool is_concerned(const struct sharing *sharing, const struct share *share)
{
    for (size_t i = 0; i < share->use_count; i++)
        if (sharing->is_short[share->uses[i].limit])
            return true;
    return false;
}

static void grant_sure(struct sharing *sharing, struct share *shares, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct share *share = &shares[i];
        bool concerned = is_concerned(sharing, share);

        share->granted = concerned ? share->floor : most(share->wanted, share->floor);
        take(sharing, share, share->granted);
        if (concerned)
            sharing->heap[sharing->count++] = (struct candidate){ .share = share };
    }
    for (size_t i = 0; i < sharing->count; i++)
        sharing->heap[i].benefit = benefit_of(sharing, sharing->heap[i].share);
}

int share_out(struct share *shares, size_t count, const double *limits, size_t limit_count,
              struct error *error)
{
    autofree double *left = calloc(limit_count + 1, sizeof(*left));
    autofree bool *is_short = calloc(limit_count + 1, sizeof(*is_short));
    autofree struct candidate *heap = calloc(count + 1, sizeof(*heap));
    struct sharing sharing = { .limits = limits, .left = left, .is_short = is_short,
                               .heap = heap };

    if (!left || !is_short || !heap)
        return error_set(error, -ENOMEM, "no memory to share limits among %zu pools", count);
    find_short(&sharing, shares, count, limit_count);
    grant_sure(&sharing, shares, count);
    hand_out(&sharing);
    return 0;
}
