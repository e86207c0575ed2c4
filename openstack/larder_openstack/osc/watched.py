# SPDX-License-Identifier: Apache-2.0
"""What `openstack larder top` shows, without how: pools with their demand, and what that comes to. Nothing here knows a
terminal or a clock; the time is an argument."""
import collections
import datetime

PAGES = 10      # of 1000 rows of demand, at most, that are read at once


def seconds_of(text):
    """2026-01-31T12:00:00Z as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()


class Demand:
    """The creates of the last `window` seconds; each is read once."""

    def __init__(self, window):
        self.window = window
        self.rows = collections.deque()     # oldest first
        self.last_id = 0

    def update(self, newest_first, now):
        """Takes rows, newest first, until one that it knows, or one that is too old."""
        fresh = []
        for row in newest_first:
            if row['id'] <= self.last_id or seconds_of(row['at']) < now - self.window:
                break
            fresh.append(row)
        self.rows.extend(reversed(fresh))
        if fresh:
            self.last_id = fresh[0]['id']
        while self.rows and seconds_of(self.rows[0]['at']) < now - self.window:
            self.rows.popleft()

    def of(self, pool_id):
        return [row for row in self.rows if row['pool_id'] == pool_id]


def ordinary_seconds(pool, rows):
    """What a boot waits for this resource when no pool has it: a port until Neutron has made it, as the misses took; a
    volume until it is there, which is what making one for the pool takes. None: not known yet."""
    took = [row['seconds'] for row in rows if row['outcome'] == 'miss' and row['seconds'] > 0]
    if pool['kind'] == 'port' and took:
        return sum(took) / len(took)
    return pool['lead_time']


class Line:
    """One pool as it is now."""

    def __init__(self, pool, rows, all_rows, window):
        self.pool = pool
        self.id = pool['id']
        self.kind = pool['kind']
        self.state = pool['state']
        self.tier = pool.get('tier') or '-'
        self.hits = sum(row['outcome'] == 'hit' for row in rows)
        self.misses = len(rows) - self.hits
        self.per_minute = 60.0 * len(rows) / window
        self.target = pool['target']
        self.goal = pool['goal']
        self.ready = pool['items']['ready']
        self.making = pool['items']['wanted'] + pool['items']['creating']
        self.saved = self._saved(rows, all_rows)

    def _saved(self, rows, all_rows):
        same_kind = [row for row in all_rows if row['kind'] == self.kind]
        ordinary = ordinary_seconds(self.pool, rows if self.misses else same_kind)
        if ordinary is None:
            return 0.0
        return sum(max(0.0, ordinary - row['seconds']) for row in rows if row['outcome'] == 'hit')


def lines(pools, demand):
    """Pools with the most demand first; those that nobody wants and that hold nothing are left out."""
    made = [Line(pool, demand.of(pool['id']), demand.rows, demand.window) for pool in pools]
    made = [line for line in made if line.per_minute or line.goal or line.ready or line.making]
    return sorted(made, key=lambda line: (-line.per_minute, -line.goal, line.id))


class Total:
    """All pools together; creates that lead to no pool are misses too."""

    def __init__(self, made, demand):
        self.hits = sum(row['outcome'] == 'hit' for row in demand.rows)
        self.misses = len(demand.rows) - self.hits
        self.per_minute = 60.0 * len(demand.rows) / demand.window
        self.ready = sum(line.ready for line in made)
        self.goal = sum(line.goal for line in made)
        self.making = sum(line.making for line in made)
        self.saved = sum(line.saved for line in made)
        self.reasons = collections.Counter(row['reason'] for row in demand.rows if row['outcome'] == 'miss')

    @property
    def share(self):
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None
