# SPDX-License-Identifier: Apache-2.0
"""A fleet of tenants boots by a seeded pattern, and nobody sets a floor: the first boots of each find no pool and make it
known, the forecasts do the rest. Part of what `quickstart` shows; demo.py calls it."""
import random
import statistics

from support import boots, cloud, larder, play

TENANTS = ('fleet1', 'fleet2', 'fleet3')
LENGTH = 150        # seconds
EVERY = (6, 9, 15)  # seconds between two requests of each tenant, on average
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
            yield play.Request(at, tenant, boots.body('quickstart', [name + '-net'], 'tiny', **more), servers, name)
            at += chance.expovariate(1 / every)


def outcomes(servers):
    """(server, served?) of each that came up: its port came from a pool or not."""
    by_id = {s.boot.id: s for s in servers if s.boot.active}
    rows = cloud.rows('larder', "select instance_id, outcome from demand where kind = 'port' and instance_id in %s",
                      tuple(by_id) or ('',))
    return [(by_id[server], outcome == 'hit') for server, outcome in rows]


def run():
    """Plays the pattern; its boots are served as surely as the tier `guaranteed` says."""
    with larder.settings(bootstrap={'yield': 0}), larder.tier('guaranteed', *TENANTS):
        players = play.Play(list(pattern()), HOLD).run()
        players.wait_gone()
    return players


def show(players):
    rows = outcomes(players.servers)
    print('\n%-28s %8s %14s %14s' % ('boots of the fleet', 'servers', 'median, POST', 'slowest'))
    medians = {}
    for title, wanted in (('served from the pools', True), ('not served', False)):
        took = [server.boot.seconds for server, served in rows if served == wanted]
        if took:
            medians[wanted] = statistics.median(took)
            print('%-28s %8d %12.1f s %12.1f s' % (title, len(took), medians[wanted], max(took)))
    hits = sum(served for _, served in rows)
    print('\n%d of %d served, of those in the last minute %s' % (hits, len(rows), late_share(rows)))
    if len(medians) == 2:
        print('%.0f s saved: %d boots, each %.1f s sooner' % (
            hits * (medians[False] - medians[True]), hits, medians[False] - medians[True]))
    for reason in players.reasons():
        print('a boot failed: %s' % reason)


def late_share(rows):
    late = [served for server, served in rows if server.request.at >= LENGTH - 60]
    return '%d of %d' % (sum(late), len(late))
