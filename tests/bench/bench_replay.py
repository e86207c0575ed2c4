# SPDX-License-Identifier: Apache-2.0
"""Two hours of the Azure trace (tests/data), the busiest keys, played as real image boots at ten times speed.

Each key of the trace becomes a network of project demo, and so a pool of ports. A batch of the trace is one request for
several servers; it arrives somewhere in its bin of 300 s. The trace is scaled to what this machine can boot by keeping each
server with the same probability: what is left of a batch is a batch still. Nothing is set by hand: pools come into being by
the first miss, and their targets by the forecasts.

replay_hit_rate   share of the servers, of those asked for after the first 20 minutes of the trace, whose port came from a pool
replay_double     items that were handed out twice, ports that two servers have, servers with two ports
replay_failed     servers that did not become ACTIVE
"""
import argparse
import collections
import csv
import os
import random
import statistics

import report
from report import say
from support import boots, cloud, larder, play

TRACE = os.path.join(cloud.HERE, '..', 'data', 'azure-vm-2017-2h.csv')
BIN, KEYS, SPEED = 300, 20, 10
LEARNING = 20 * 60      # seconds of the trace that do not count
MOST = 20               # servers of one request: Nova's own default quota of servers is 10, a tenant's rarely more than this
PATIENCE = 900          # seconds; a boot that takes longer has failed
HOLD = 20               # seconds that a server lives
PREFIX = 'replay'


def read_trace(path):
    """(time, key, servers) of the busiest keys."""
    with open(path) as f:
        rows = [(int(row['time']), row['key'], int(row['count']))
                for row in csv.DictReader(line for line in f if not line.startswith('#'))]
    servers = collections.Counter()
    for _, key, count in rows:
        servers[key] += count
    busiest = {key for key, _ in servers.most_common(KEYS)}
    return [row for row in rows if row[1] in busiest]


def scaled(rows, wanted, chance):
    """The same rows with about `wanted` servers in all, at their moments, as (time, key, servers)."""
    share = wanted / sum(count for _, _, count in rows)
    for at, key, count in rows:
        left = sum(chance.random() < share for _ in range(count))
        at += chance.random() * BIN
        while left > 0:
            yield at, key, min(left, MOST)
            left -= MOST


def make_networks(keys):
    """A network for each key; there are those of an earlier run already."""
    admin, demo = cloud.admin(), cloud.user('demo')
    made = {n['name']: n['id'] for n in admin.network.get('/networks', project_id=demo.project_id)['networks']}
    found = {}
    for number, key in enumerate(sorted(keys)):
        name = '%s-%s' % (PREFIX, key)
        if name not in made:
            made[name] = demo.network.post('/networks', {'network': {'name': name}})['network']['id']
            demo.network.post('/subnets', {'subnet': {'network_id': made[name], 'ip_version': 4, 'name': name,
                                                      'cidr': '10.%d.0.0/20' % (100 + number)}})
        found[key] = made[name]
    return found


def schedule(options):
    rows = list(scaled(read_trace(TRACE), options.servers, random.Random(options.seed)))
    networks = make_networks({key for _, key, _ in rows})
    demo = cloud.user('demo')
    for at, key, count in rows:
        if at >= options.minutes * 60:
            continue
        more = {'min_count': count, 'max_count': count} if count > 1 else {}
        body = boots.body(PREFIX, [{'uuid': networks[key]}], 'tiny', **more)
        yield play.Request(at / SPEED, demo, body, count, key)


def demand_of(players):
    """Outcome by server: one port each."""
    wanted = {s.boot.id: s for s in players.servers}
    rows = cloud.rows('larder', "select instance_id, outcome, reason from demand where kind = 'port' and instance_id in %s",
                      tuple(wanted))
    return [(wanted[server], outcome, reason) for server, outcome, reason in rows]


def doubles(servers):
    """What must never be, however the boots went; looked for before the servers are deleted, and in the rows after."""
    twice = cloud.rows('larder', "select item_id from adoptions where state <> 'returned' group by item_id having count(*) > 1")
    same = cloud.rows('larder', "select resource_id from adoptions where state = 'done' group by resource_id"
                                " having count(distinct instance_id) > 1")
    two = cloud.rows('larder', "select instance_id from adoptions where kind = 'port' and state = 'done' and instance_id in %s"
                               " group by instance_id having count(*) > 1", tuple(servers) or ('',))
    return len(twice) + len(same) + len(two)


def rate(outcomes):
    return sum(outcome == 'hit' for _, outcome, _ in outcomes) / len(outcomes) if outcomes else 0.0


def show(outcomes, players):
    print('\n%-10s %8s %8s %8s %8s' % ('key', 'servers', 'hits', 'misses', 'hit rate'))
    for key in sorted({s.request.word for s, _, _ in outcomes}):
        of = [row for row in outcomes if row[0].request.word == key]
        hits = sum(outcome == 'hit' for _, outcome, _ in of)
        print('%-10s %8d %8d %8d %8.2f' % (key, len(of), hits, len(of) - hits, rate(of)))
    reasons = collections.Counter(reason for _, outcome, reason in outcomes if outcome == 'miss')
    print('\nmisses: %s' % (', '.join('%s %d' % pair for pair in reasons.most_common()) or 'none'))
    for reason in collections.Counter(players.reasons()).most_common(5):
        print('failed: %s (%d)' % reason)


def seconds_by_outcome(outcomes, outcome):
    took = [s.boot.seconds for s, of, _ in outcomes if of == outcome and s.boot.active and s.request.servers == 1]
    return statistics.median(took) if took else None


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run replay')
    parser.add_argument('--servers', type=int, default=200, metavar='N', help='servers in all, about (200)')
    parser.add_argument('--minutes', type=int, default=120, metavar='N', help='of the trace, from its beginning (120)')
    parser.add_argument('--seed', type=int, default=1, help='of the thinning and of the moments within a bin (1)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    boots.sweep(PREFIX)
    # The clock of everything that goes by minutes, ten times as fast; and a cloud that boots all the time leaves no quiet
    # moment to make things in.
    faster = {'bootstrap': {'yield': 0}, 'predict': {'slot': BIN // SPEED, 'grace': 3}, 'reserve': {'review': 3, 'idle_age': 1800 // SPEED}}
    with larder.settings(**faster), larder.tier('guaranteed', 'demo'):
        return replay(options)


def replay(options):
    requests = list(schedule(options))
    say('%d requests for %d servers on %d networks in %.0f s' % (
        len(requests), sum(r.servers for r in requests), len({r.word for r in requests}), options.minutes * 60 / SPEED))
    players = play.Play(requests, HOLD, PATIENCE)

    def tell(seconds):
        pools = larder.item_pools()
        say('minute %3d of the trace: %d servers, %d failed; %d pools, %d ready of %d wanted' % (
            seconds * SPEED / 60, len(players.servers), players.failed, len(pools),
            sum(p['items']['ready'] for p in pools), sum(p['goal'] for p in pools)))
    players.run(60, tell)
    players.wait_gone()
    outcomes = demand_of(players)
    counted = [row for row in outcomes if row[0].request.at * SPEED >= LEARNING]
    show(counted, players)
    measures = {'replay_hit_rate': rate(counted), 'replay_double': doubles({s.boot.id for s in players.servers}),
                'replay_failed': players.failed}
    more = {'replay_servers': len(players.servers), 'replay_counted': len(counted), 'replay_late_s': players.late,
            'replay_hit_boot_s': seconds_by_outcome(outcomes, 'hit'),
            'replay_miss_boot_s': seconds_by_outcome(outcomes, 'miss')}
    print('\n' + '  '.join('%s %s' % (name, value if value is None else round(value, 2)) for name, value in more.items()))
    missed = report.verdict(measures)
    report.write(options.json, measures, more)
    return 1 if missed else 0


if __name__ == '__main__':
    raise SystemExit(main())
