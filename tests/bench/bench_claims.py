# SPDX-License-Identifier: Apache-2.0
"""How fast the API hands items out, beside bare transactions on the same MariaDB.

A pair is a claim and an adoption, each a request of its own, answered when it is durable
(innodb_flush_log_at_trx_commit = 1). Bare, it is two compare-and-swap updates by key, each its own transaction. As many
clients do either, by turns, in one run; then as many pairs as in all rounds come at half the rate that the API reached.
"""
import argparse
import statistics

import report
import rig
from report import say

POOLS = 40


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run claims')
    parser.add_argument('--pairs', type=int, default=3000, metavar='N', help='of each round (3000)')
    parser.add_argument('--rounds', type=int, default=5, metavar='N', help='(5)')
    parser.add_argument('--clients', type=int, default=8, metavar='N', help='at a time (8)')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    rig.sql('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    with rig.Daemon('api') as daemon:
        return measure(options, {'LARDER_BENCH_API': daemon.url, 'LARDER_BENCH_TOKEN': rig.hook_token()})


def rate(seen):
    return seen['pairs'] / seen['seconds']


def measure(options, api):
    say('stock %d pools' % POOLS)
    rig.client('fill', POOLS, options.pairs * (2 * options.rounds + 1) // POOLS)
    rig.client('api', options.pairs // 2, options.clients, POOLS, 0, **api)
    fast, bare = [], []
    for number in range(options.rounds):
        fast.append(rig.client('api', options.pairs, options.clients, POOLS, 0, **api))
        bare.append(rig.client('bare', options.pairs, options.clients))
        say('round %d of %d: %.0f pairs/s, bare %.0f' % (number + 1, options.rounds, rate(fast[-1]), rate(bare[-1])))
    half = statistics.median(map(rate, fast)) / 2
    calm = rig.client('api', options.pairs * options.rounds, options.clients, POOLS, half, **api)
    report.table('pairs per second, %d clients' % options.clients, '1/s',
                 {'claims and adoptions': list(map(rate, fast)), 'bare transactions': list(map(rate, bare))})
    print('\nat %.0f pairs/s: claim %.1f ms (p99 %.1f), adoption %.1f ms (p99 %.1f)' % (
        half, calm['claim_ms_p50'], calm['claim_ms_p99'], calm['adoption_ms_p50'], calm['adoption_ms_p99']))
    missed = sum(seen['missed'] for seen in fast + [calm])
    if missed:
        print('%d ADOPTIONS FOUND NO ITEM' % missed)
    measures = {'claims_share': report.ratio(list(map(rate, fast)), list(map(rate, bare))),
                'claim_ms_p99': calm['claim_ms_p99']}
    report.write(options.json, measures, {'claims_per_s': statistics.median(map(rate, fast)), 'claims_missed': missed,
                                          'claim_ms_p50': calm['claim_ms_p50'], 'adoption_ms_p99': calm['adoption_ms_p99']})
    return 1 if report.verdict(measures) or missed else 0


if __name__ == '__main__':
    raise SystemExit(main())
