# SPDX-License-Identifier: Apache-2.0
"""Boots with and without Larder, interleaved in one run: POST /servers to ACTIVE, watched in Nova's database.

with      project demo, which Larder serves, from stocked pools
without   project plain, which Larder's hooks leave out
cached    plain, a volume type whose backend has Cinder's image-volume cache, warm: the best without Larder
floor     plain, a volume and a port that the caller made beforehand and named in the request
image_…   the same from an image, which has no volume: with, without, floor

All cases have the same network, flavor and image. Before each boot the machine is quiet: pools stocked, no item being
made or released, no volume on its way. What a boot sets off itself, such as restocking, goes on while it is timed,
unless --paused is given, which shows the hand-over alone. A boot with Larder that got less than all from the pools is
counted among the others and named; so is a boot without that got anything.
"""
import argparse
import statistics
import sys
import time

import report
from support import boots, cloud, larder
from report import say

IMAGE, SIZE, NETWORK, FLAVOR = 'medium', 1, 'private', 'm1.tiny'
BURST = 20
UNREST = ('creating', 'downloading', 'uploading', 'deleting', 'attaching', 'detaching', 'reserved', 'retyping')


class Case:
    """One way to boot."""

    def __init__(self, name, tenant, from_volume, type_='nfs', own=False):
        self.name = name
        self.tenant = cloud.user(tenant)
        self.from_volume = from_volume
        self.type = type_
        self.own = own              # port and volume are made beforehand
        self.with_larder = tenant == 'demo'
        self.seconds, self.bursts = [], []
        self.creates = self.hits = 0
        self.reasons = {}

    def root(self):
        return boots.new_volume(IMAGE, SIZE, volume_type=self.type) if self.from_volume else None

    def prepare(self, count):
        """The requests of `count` boots, and what was made for them."""
        if not self.own:
            return [boots.body('bench', [NETWORK], IMAGE, self.root(), FLAVOR) for _ in range(count)], [], []
        ports = [boots.make_port(self.tenant, NETWORK, name='bench')['id'] for _ in range(count)]
        volumes = self.own_volumes(count) if self.from_volume else []
        roots = [boots.own_volume(volume) for volume in volumes] or [None] * count
        requests = [boots.body('bench', [{'port': port}], IMAGE, root=root, flavor=FLAVOR)
                    for port, root in zip(ports, roots)]
        return requests, ports, volumes

    def own_volumes(self, count):
        asked = {'size': SIZE, 'name': 'bench', 'imageRef': boots.image_id(IMAGE), 'volume_type': self.type}
        volumes = [self.tenant.volume.post('/volumes', {'volume': asked})['volume']['id'] for _ in range(count)]
        for volume in volumes:
            boots.wait_volume(self.tenant, volume, 'available', 1800)
        return volumes

    def account(self, made):
        """What the hooks reported of these boots. Of a project that is left out they report nothing."""
        creates = len(made) * (1 + self.from_volume)
        if not self.with_larder:
            rows = larder.demand(self.tenant.project, {boot.request_id for boot in made})
            self.hits += larder.outcomes(rows).get('hit', 0)
            return
        self.creates += creates
        counts = larder.outcomes(larder.wait_demand('demo', {boot.request_id for boot in made}, creates))
        self.hits += counts.pop('hit', 0)
        for word, count in counts.items():
            self.reasons[word] = self.reasons.get(word, 0) + count


CASES = {
    'with': Case('from volume, with Larder', 'demo', True),
    'without': Case('from volume, without', 'plain', True),
    'cached': Case('from volume, without, cache warm', 'plain', True, 'nfs-cached'),
    'floor': Case('from volume, floor', 'plain', True, own=True),
    'image_with': Case('from image, with Larder', 'demo', False),
    'image_without': Case('from image, without', 'plain', False),
    'image_floor': Case('from image, floor', 'plain', False, own=True),
}


class Stock:
    """The pools of the boots with Larder."""

    def __init__(self, paused):
        self.paused = paused
        self.count = 0
        demo = cloud.user('demo')
        self.pools = [larder.port_pool(demo, NETWORK),
                      larder.volume_pool(demo, IMAGE, SIZE, 'nfs', NETWORK)]

    def set(self, count):
        self.count = count
        self.ready()

    def ready(self):
        if self.paused:
            for pool in self.pools:
                larder.change(pool, state='active')
        larder.stock(*[(pool, self.count) for pool in self.pools], limit=1800)
        if self.paused:
            for pool in self.pools:
                larder.change(pool, state='paused')


def calm(limit=900):
    """No volume is on its way and no server has a task."""
    def look():
        busy = cloud.rows('nova', 'select uuid from instances where deleted = 0 and task_state is not null')
        return not busy and not boots.volumes(*UNREST)
    cloud.wait_for('a quiet cloud', look, limit)
    time.sleep(1)


def once(case, stock, count, counted=True):
    """`count` boots of a case at the same time; notes how long each and all took."""
    requests, ports, volumes = case.prepare(count)
    stock.ready()
    calm()
    made = boots.post_at_once([(case.tenant, request) for request in requests])
    boots.wait_active(made, limit=1800, step=boots.STEP if count == 1 else 0.05)
    if counted:
        note(case, made)
    boots.delete(made, limit=900)
    for port in ports:
        case.tenant.network.delete('/ports/' + port)
    for volume in volumes:
        case.tenant.volume.delete('/volumes/' + volume)


def note(case, made):
    case.account(made)
    if len(made) == 1:
        case.seconds.append(made[0].seconds)
    else:
        case.bursts.append(max(boot.active for boot in made) - min(boot.started for boot in made))


def measure(stock, rounds, bursts, burst_cases=('with', 'floor', 'without')):
    if rounds:
        stock.set(2)
        for name, case in CASES.items():
            say('warm up: %s' % case.name)
            once(case, stock, 1, counted=False)
    for number in range(rounds):
        for case in CASES.values():
            once(case, stock, 1)
        say('round %d of %d: %s' % (number + 1, rounds, '  '.join(
            '%s %.2f' % (name, case.seconds[-1]) for name, case in CASES.items())))
    if bursts:
        stock.set(BURST)
    for number in range(bursts):
        for name in burst_cases:
            once(CASES[name], stock, BURST)
            say('burst %d of %d, %s: %.1f' % (number + 1, bursts, CASES[name].name, CASES[name].bursts[-1]))


def measures():
    found = {}
    with_, without = CASES['with'], CASES['without']
    if with_.seconds:
        found['bfv_ratio'] = report.ratio(with_.seconds, without.seconds)
        found['bfv_cached_ratio'] = report.ratio(with_.seconds, CASES['cached'].seconds)
        found['bfv_floor_ratio'] = report.ratio(with_.seconds, CASES['floor'].seconds)
        found['image_ratio'] = report.ratio(CASES['image_with'].seconds, CASES['image_without'].seconds)
    if with_.bursts:
        found['burst_ratio'] = report.ratio(with_.bursts, without.bursts)
        found['burst_floor_ratio'] = report.ratio(with_.bursts, CASES['floor'].bursts)
    return found


def show():
    """Prints the tables; the same as members for the JSON."""
    report.table('one boot', 'seconds', {case.name: case.seconds for case in CASES.values()})
    report.table('%d boots at once, to the last ACTIVE' % BURST, 'seconds',
                 {case.name: case.bursts for case in CASES.values()})
    print()
    flat = {}
    if CASES['image_floor'].seconds:
        flat['image_floor_ratio'] = report.ratio(CASES['image_floor'].seconds, CASES['image_without'].seconds)
        print('image boots, floor ÷ without: %.3f, below which no image_ratio can be' % flat['image_floor_ratio'])
    for name, case in CASES.items():
        for word, values in (('', case.seconds), ('burst_', case.bursts)):
            if values:
                measured = {'median_s': statistics.median(values), 'min_s': min(values), 'max_s': max(values),
                            'n': len(values)}
                flat.update({'%s%s_%s' % (word, name, what): value for what, value in measured.items()})
        if case.with_larder:
            flat.update({name + '_hits': case.hits, name + '_creates': case.creates})
            print('%s: %d of %d ports and volumes came from the pools %s' % (
                case.name, case.hits, case.creates, case.reasons or ''))
        elif case.hits:
            print('%s: %d CAME FROM THE POOLS: this was no boot without Larder' % (case.name, case.hits))
    return flat


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run boot')
    parser.add_argument('-n', type=int, default=20, metavar='BOOTS', help='boots of each case (20)')
    parser.add_argument('--bursts', type=int, default=3, metavar='N', help='bursts of each case (3)')
    parser.add_argument('--json', metavar='FILE')
    parser.add_argument('--paused', action='store_true', help='no restocking while a boot is timed')
    options = parser.parse_args()
    with larder.restored():
        boots.sweep('bench')
        say('look for the pools')
        measure(Stock(options.paused), options.n, options.bursts)
    flat = show()
    found = measures()
    report.write(options.json, found, flat)
    sys.exit(report.verdict(found) > 0)


if __name__ == '__main__':
    main()
