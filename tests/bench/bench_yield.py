# SPDX-License-Identifier: Apache-2.0
"""How much longer a tenant's delete of a network takes when idle ports of a pool are on it: his own network, and a shared
one. With and without take turns, so that what else the machine does weighs on both."""
import argparse
import statistics
import sys
import time

import report
from report import say
from support import larder
from support.scene import Scene

PORTS = 50


def delete(shared, count):
    """Seconds that the delete of a network took."""
    scene = Scene(shared=shared, count=count)
    try:
        began = time.monotonic()
        response = scene.owner.network.call('DELETE', '/networks/' + scene.network)
        took = time.monotonic() - began
        if response.status_code != 204:
            sys.exit('the delete of a network with %d ports was refused: %s' % (count, response.text))
        return took
    finally:
        scene.clear()


def measure(rounds):
    cases = {}
    for shared in (False, True):
        for turn in range(rounds):
            for count in (0, PORTS):
                name = '%s network, %s' % ('shared' if shared else 'own', '%d ports' % count if count else 'none')
                cases.setdefault(name, []).append(delete(shared, count))
                say('%s: %.2f s' % (name, cases[name][-1]))
    return cases


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run yield')
    parser.add_argument('-n', type=int, default=5, metavar='ROUNDS', help='deletes of each kind (5)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    with larder.restored():
        larder.empty()
        cases = measure(options.n)
    report.table('delete of a network', 'seconds', cases)
    more = {kind: statistics.median(cases['%s network, %d ports' % (kind, PORTS)])
            - statistics.median(cases['%s network, none' % kind]) for kind in ('own', 'shared')}
    found = {'yield_s': max(more.values())}
    report.write(options.json, found, {'yield_%s_s' % kind: value for kind, value in more.items()})
    sys.exit(report.verdict(found) > 0)


if __name__ == '__main__':
    main()
