# SPDX-License-Identifier: Apache-2.0
"""A fleet of tenants boots by a seeded pattern, and nobody sets a floor: the first boots of each find no pool and make it
known, the forecasts do the rest. A tenant whom Larder leaves out boots among them, so that boots which are served and such
as are not share the machine. Part of what `quickstart` shows; demo.py calls it."""
import collections
import random
import statistics

from support import boots, cloud, larder, play

Stream = collections.namedtuple('Stream', 'tenant network from_volume every')   # seconds between two requests, on average
STREAMS = (
    Stream('fleet1', 'fleet1-net', False, 8),
    Stream('fleet2', 'fleet2-net', True, 15),
    Stream('fleet3', 'fleet3-net', False, 20),
    Stream('plain', 'private', False, 20),
    Stream('plain', 'private', True, 30),
)
LEFT_OUT = 'plain'
TENANTS = tuple(sorted({stream.tenant for stream in STREAMS} - {LEFT_OUT}))
LENGTH = 150        # seconds
BATCHES = (1, 1, 1, 1, 2, 3)
HOLD = 15
SEED = 4


def pattern(seed=SEED):
    """The requests of each stream come at random (a Poisson process), some for several servers."""
    chance = random.Random(seed)
    for stream in STREAMS:
        tenant, at = cloud.user(stream.tenant), chance.expovariate(1 / stream.every)
        while at < LENGTH:
            servers = chance.choice(BATCHES)
            more = {'min_count': servers, 'max_count': servers} if servers > 1 else {}
            root = boots.new_volume('tiny', volume_type='nfs') if stream.from_volume else None
            body = boots.body('quickstart', [stream.network], 'tiny', root, **more)
            yield play.Request(at, tenant, body, servers, stream)
            at += chance.expovariate(1 / stream.every)


def served(servers):
    """The ids of those all of whose items came from pools."""
    rows = cloud.rows('larder', "select instance_id from demand where instance_id in %s group by instance_id "
                      "having sum(outcome <> 'hit') = 0", tuple(server.boot.id for server in servers) or ('',))
    return {row[0] for row in rows}


def run():
    """Plays the pattern; its boots are served as surely as the tier `guaranteed` says. In a cloud that boots all the time
    there is no quiet moment to make things in: one worker makes them meanwhile, and leaves the other core to the boots."""
    with larder.settings(bootstrap={'yield': 0, 'workers': 1}), larder.tier('guaranteed', *TENANTS):
        players = play.Play(list(pattern()), HOLD).run()
        players.wait_gone()
    return players


def show(players):
    booted = [server for server in players.servers if server.boot.active]
    ids = served(booted)
    print('\n%-28s %8s %16s %16s %10s' % ('the fleet, POST to ACTIVE', 'servers', 'not served', 'served', 'saved'))
    for title, from_volume in (('boots from image', False), ('boots from a new volume', True)):
        took = {True: [], False: []}
        for server in booted:
            if server.request.word.from_volume == from_volume:
                took[server.boot.id in ids].append(server.boot.seconds)
        print('%-28s %8d %16s %16s %10s' % (title, len(took[True]) + len(took[False]), median(took[False]),
                                            median(took[True]), saved(took[False], took[True])))
    asked = [server for server in booted if server.request.word.tenant != LEFT_OUT]
    late = [server for server in asked if server.request.at >= LENGTH - 60]
    print('\n%s of the boots of %s were served, of those in the last minute %s; of %s none is' % (
        share(asked, ids), ', '.join(TENANTS), share(late, ids), LEFT_OUT))
    for reason in players.reasons():
        print('a boot failed: %s' % reason)


def share(servers, ids):
    return '%d of %d' % (sum(server.boot.id in ids for server in servers), len(servers))


def median(seconds):
    return '%.1f s (%d)' % (statistics.median(seconds), len(seconds)) if seconds else '-'


def saved(without, with_):
    return '%.0f s' % (len(with_) * (statistics.median(without) - statistics.median(with_))) if without and with_ else '-'
