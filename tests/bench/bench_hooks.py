# SPDX-License-Identifier: Apache-2.0
"""What Larder adds to a boot, in process: the filter over 1 000 host states with the daemon at work, and both hooks
with the daemon stopped, hung (SIGSTOP), and left alone by an open breaker. Each in a fresh process."""
import argparse
import json
import subprocess
import sys
import tempfile
import os

import report
from support import boots, cloud, larder
from report import percentile, say

HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = ('neutron', 'cinder')
PORTS, VOLUMES = 90, 3
FIRST = 10
# Claims that nobody adopts come back soon, so that each pass finds something to claim.
LIFETIME = 10
PAUSE = 0.2


def run(script, *words):
    done = subprocess.run([sys.executable, os.path.join(HERE, script), *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit('%s %s failed:\n%s' % (script, ' '.join(map(str, words)), done.stderr[-3000:]))
    return json.loads(done.stdout.splitlines()[-1])


def hook(service, calls):
    """Milliseconds that `calls` calls take in a new process with a new breaker."""
    with tempfile.TemporaryDirectory() as state_dir:
        return run('hook_call.py', service, calls, state_dir)


def measure_filter(calls, cases):
    demo = cloud.user('demo')
    with larder.settings(claim={'lifetime': LIFETIME}):
        larder.stock((larder.port_pool(demo, 'private'), PORTS), (larder.volume_pool(demo), VOLUMES))
        say('%d passes of the scheduler' % calls)
        seen = run('filter_call.py', calls, PAUSE, cloud.ids('network')['private'], boots.image_id('tiny'),
                   cloud.ids('flavor')['m1.tiny'])
        claims = {row['request_id']: row for row in larder.listing('claims', project_id=demo.project_id)}
    held = sum(any(line['set_aside'] for line in claims[r]['lines']) for r in seen['requests'] if r in claims)
    print('%d of %d requests have a claim; the last of them hold items: %d' % (
        sum(r in claims for r in seen['requests']), len(seen['requests']), held))
    cases.update({'filter: LarderFilter by itself': seen['larder'], 'filter: a pass without it': seen['without'],
                  'filter: a pass with it': seen['with']})
    if not all(r in claims for r in seen['requests']):
        say('NOT EVERY PASS LED TO A CLAIM: the time of the filter is not that of its work')
    return {'filter_ms_p50': percentile(seen['larder'], 50), 'filter_ms_p99': percentile(seen['larder'], 99)}


def measure_hooks(calls, cases):
    worst, opened = [], []
    for word, state in (('stopped', larder.stopped), ('hung', larder.hung)):
        for service in SERVICES:
            with state():
                say('hook of %s, daemon %s' % (service, word))
                values = hook(service, FIRST + calls)
            cases['hook: %s, %s, first ten' % (service, word)] = values[:FIRST]
            cases['hook: %s, %s, breaker open' % (service, word)] = values[FIRST:]
            worst += values[:FIRST]
            opened += values[FIRST:]
    for service in SERVICES:
        cases['hook: %s, daemon at work, no claim' % service] = hook(service, 200)[1:]
    return {'hook_down_ms_p99': max(worst), 'hook_open_ms_p99': percentile(opened, 99)}


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run hooks')
    parser.add_argument('-n', type=int, default=200, metavar='CALLS',
                        help='scheduling passes, and calls with the breaker open (200)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    cases, found = {}, {}
    with larder.restored():
        found.update(measure_filter(options.n, cases))
        found.update(measure_hooks(options.n, cases))
    report.table('what is added to one create or pass', 'milliseconds', cases)
    flat = {}
    for name, values in cases.items():
        word = name.replace(': ', '_').replace(', ', '_').replace(' ', '_')
        flat.update({word + '_p50_ms': percentile(values, 50), word + '_p99_ms': percentile(values, 99)})
    report.write(options.json, found, flat)
    sys.exit(report.verdict(found) > 0)


if __name__ == '__main__':
    main()
