# SPDX-License-Identifier: Apache-2.0
"""Resident memory of a larderd that has 10 000 keys and 10 000 items, and how it grows over 100 000 claims.

Its roles are api, predictor and planner; listener and worker hold one message and one item at a time.
"""
import argparse
import time

import report
import rig
from report import say

KEYS = 10000
SETTLE = 60     # seconds: the predictor and the planner have gone over all keys


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run memory')
    parser.add_argument('--claims', type=int, default=100000, metavar='N', help='(100000)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    with rig.Daemon('api,predictor,planner') as daemon:
        return measure(options, daemon, {'LARDER_BENCH_API': daemon.url, 'LARDER_BENCH_TOKEN': rig.hook_token()})


def measure(options, daemon, api):
    empty = daemon.resident_mib()
    say('make %d keys and as many items' % KEYS)
    rig.client('fill', KEYS, 1)
    rig.client('api', KEYS, 8, KEYS, 0, **api)  # each key has been claimed once: all that grows with keys has grown
    rig.sql("UPDATE items SET state = 'ready', claim_id = '', claim_line = -1; DELETE FROM adoptions")
    say('let predictor and planner see them for %d s' % SETTLE)
    time.sleep(SETTLE)
    before = daemon.resident_mib()
    say('%d claims' % options.claims)
    rig.client('api', options.claims, 8, KEYS, 0, **api)
    after = daemon.resident_mib()
    print('\nresident: %.1f MiB at start, %.1f with the keys, %.1f after %d claims' % (empty, before, after, options.claims))
    measures = {'rss_mib': before, 'rss_growth_mib': after - before}
    report.write(options.json, measures, {'rss_empty_mib': empty, 'memory_claims': options.claims})
    return 1 if report.verdict(measures) else 0


if __name__ == '__main__':
    raise SystemExit(main())
