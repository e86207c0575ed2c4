# SPDX-License-Identifier: Apache-2.0
"""One planning pass over 10 000 series: runs the program that measures it, pinned to one core, and prints what it saw.

The database is a server of its own and has the other cores.
"""
import argparse
import json
import os
import statistics
import subprocess

import report

CASES = (('first', 'first pass: all targets are new'), ('slot', 'all forecasts are new (a slot later)'),
         ('idle', 'nothing is new'))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', metavar='FILE', help='write the measures there')
    arguments = parser.parse_args()
    program = os.path.join(os.environ['LARDER_BUILD_DIR'], 'tests/bench/plan')
    core = str(max(os.sched_getaffinity(0)))
    report.say('one planning pass on core ' + core)
    seen = json.loads(subprocess.run(['taskset', '-c', core, program], check=True, stdout=subprocess.PIPE).stdout)
    report.table('pass over %d pools' % seen['pools'], 'seconds',
                 {title: [one['seconds'] for one in seen[name]] for name, title in CASES})
    for name, title in CASES:
        print('%-40s cpu %.3f s, targets changed %d' % (
            title, statistics.median(one['cpu'] for one in seen[name]),
            statistics.median(one['changed'] for one in seen[name])))
    measures = {'plan_s_10k': statistics.median(one['seconds'] for one in seen['slot'])}
    more = {'plan_s_10k_' + name: statistics.median(one['seconds'] for one in seen[name]) for name in ('first', 'idle')}
    report.write(arguments.json, measures, more)
    return 1 if report.verdict(measures) else 0


if __name__ == '__main__':
    raise SystemExit(main())
