# SPDX-License-Identifier: Apache-2.0
"""A fleet of tenants boots by a seeded pattern, one of them from new volumes, and nobody sets a floor: the first boots of each
find no pool and make it known, the forecasts do the rest. Part of what `quickstart` shows; demo.py calls it."""
import random
import statistics

from support import boots, cloud, larder, play

TENANTS = ('fleet1', 'fleet2', 'fleet3')
LENGTH = 150        # seconds
EVERY = (6, 9, 15)  # seconds between two requests of each tenant, on average
FROM_VOLUME = ('fleet2',)
BATCHES = (1, 1, 1, 1, 2, 3)
HOLD = 15
SEED = 4


def pattern(seed=SEED):
    """Each tenant's requests come at random (a Poisson process), some for several servers."""
    chance = random.Random(seed)
    for name, every in zip(TENANTS, EVERY):
        tenant, at = cloud.user(name), chance.expovariate(1 / every)
        while at < LENGTH:
            servers = chance.choice(BATCHES)
            more = {'min_count': servers, 'max_count': servers} if servers > 1 else {}
            root = boots.new_volume('tiny') if name in FROM_VOLUME else None
            yield play.Request(at, tenant, boots.body('quickstart', [name + '-net'], 'tiny', root, **more), servers, name)
            at += chance.expovariate(1 / every)


def outcomes(servers):
    """(server, served?) of each that came up: all of it came from pools, or not."""
    by_id = {s.boot.id: s for s in servers if s.boot.active}
    rows = cloud.rows('larder', "select instance_id, sum(outcome <> 'hit') from demand where instance_id in %s "
                      'group by instance_id', tuple(by_id) or ('',))
    return [(by_id[server], not missed) for server, missed in rows]


def run():
    """Plays the pattern; its boots are served as surely as the tier `guaranteed` says."""
    with larder.settings(bootstrap={'yield': 0}), larder.tier('guaranteed', *TENANTS):
        players = play.Play(list(pattern()), HOLD).run()
        players.wait_gone()
    return players


def show(players):
    rows = outcomes(players.servers)
    print('\n%-28s %8s %16s %16s %10s' % ('the fleet, POST to ACTIVE', 'servers', 'not served', 'served', 'saved'))
    for title, from_volume in (('boots from image', False), ('boots from a new volume', True)):
        took = {served: [server.boot.seconds for server, each in rows
                         if each == served and (server.request.word in FROM_VOLUME) == from_volume]
                for served in (True, False)}
        print('%-28s %8d %16s %16s %10s' % (title, len(took[True]) + len(took[False]), median(took[False]),
                                            median(took[True]), saved(took[False], took[True])))
    hits = sum(served for _, served in rows)
    print('\n%d of %d served, of those in the last minute %s' % (hits, len(rows), late_share(rows)))
    for reason in players.reasons():
        print('a boot failed: %s' % reason)


def median(seconds):
    return '%.1f s (%d)' % (statistics.median(seconds), len(seconds)) if seconds else '-'


def saved(without, with_):
    return '%.0f s' % (len(with_) * (statistics.median(without) - statistics.median(with_))) if without and with_ else '-'


def late_share(rows):
    late = [served for server, served in rows if server.request.at >= LENGTH - 60]
    return '%d of %d' % (sum(late), len(late))
