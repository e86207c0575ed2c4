# SPDX-License-Identifier: Apache-2.0
"""Larder's forecasts and pools on recorded traces, beside classic peers and gradient boosting.

Runs larder-backtest over the test part of each trace (or over a part before it, by which constants are chosen), the
peers on the same origins, and prints for each group of keys and each length the weighted quantile losses, with
block-bootstrap intervals of the ratios, and the coverage.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pickle
import subprocess
import tempfile

import numpy as np
import pandas

import forecast_library as library
import forecast_peers as peers
import report

LEVELS = peers.LEVELS
LENGTHS = {600: '10m', 3600: '1h'}
COVERED = (0.9, 0.95, 0.99)
BLOCK_S = 6 * 3600
DENSE, SPARSE = 3000, 100
DAY_S = 86400
# name, slot, where the validation and the test part begin, days between the refits of the GBDT, groups
TRACES = (('azure-vm-2017', 300, 1799700, 2099700, 1, ('dense', 'sparse', 'total')),
          ('alibaba-openb-2023', 300, 14 * DAY_S, 20 * DAY_S, 2, ('sparse', 'total')),
          ('huawei-regionless-2021', 600, 75 * DAY_S, 90 * DAY_S, 8, ('dense', 'total')))


def losses(demand, quantiles):
    away = demand[:, None] - quantiles
    return 2 * np.maximum(LEVELS * away, (LEVELS - 1) * away)


def covers(demand, quantiles):
    """A quantile is rounded up or down at random: the expectation."""
    whole = np.floor(quantiles)
    return (demand[:, None] <= whole) + ((demand[:, None] > whole) & (demand[:, None] <= whole + 1)) * (quantiles - whole)


def part_of(row, validation):
    """Where the scored part begins and ends (None: with the trace)."""
    return (row[2], row[3]) if validation else (row[3], None)


def backtest(path, slot, part, least, out):
    more = ['--until', str(part[1])] if part[1] else []
    program = os.path.join(os.environ['LARDER_BUILD_DIR'], 'larder-backtest')
    subprocess.run([program, '--slot', str(slot), '--test-from', str(part[0]), '--least', str(least), '--forecasts',
                    out + '.forecasts', '--scores', out + '.scores', *more, path], check=True, stdout=subprocess.DEVNULL)
    names = ['key', 'length', 'origin', 'demand', *LEVELS]
    forecasts = pandas.read_csv(out + '.forecasts', header=None, names=names)
    names = ['key', 'policy', 'demand', 'served', 'idle', 'hours', 'made']
    return forecasts, pandas.read_csv(out + '.scores', header=None, names=names)


def read_slots(path, slot, until):
    rows = pandas.read_csv(path)
    if until:
        rows = rows[rows['time'] < until]
    rows['slot'] = rows['time'] // slot
    count = until // slot if until else int(rows['slot'].max()) + 1
    slots = {key: np.bincount(part['slot'], part['count'], count).astype(float) for key, part in rows.groupby('key')}
    return {'total': np.bincount(rows['slot'], rows['count'], count).astype(float), **slots}


def group_keys(slots, group):
    if group == 'total':
        return ['total']
    low, high = (DENSE, np.inf) if group == 'dense' else (SPARSE, DENSE)
    return [key for key, y in slots.items() if key != 'total' and low <= y.sum() < high]


class Group:
    """One group of keys at one length: what came, and what each method said, on the same origins."""

    def __init__(self, name, length, series, first, larder, every):
        self.name, self.length, self.series, self.first, self.every = name, length, series, first, every
        self.tests = {s.key: s.origins[s.origins >= first][::every] for s in series}
        self.said = {'larder': {s.key: larder[s.key][::every] for s in series}}
        # Larder's own coverage needs no peers: of all origins.
        self.all = ({s.key: s.z[s.origins[s.origins >= first]] for s in series}, {s.key: larder[s.key] for s in series})
        self.demand = {s.key: s.z[self.tests[s.key]] for s in series}

    def name_of_peers(self):
        """By what the peers see."""
        return pickle.dumps((self.name, self.length, self.first, self.every, [s.y for s in self.series]))

    def add(self, method, quantiles):
        self.said[method] = quantiles

    def sums(self, method):
        """Mean loss over the levels of each origin, summed over the keys."""
        return sum(losses(self.demand[s.key], self.said[method][s.key]).mean(1) for s in self.series)

    def wql(self, method):
        return self.sums(method).sum() / sum(d.sum() for d in self.demand.values())

    def best(self, word):
        return min((m for m in self.said if m != 'larder' and m.startswith('GBDT') == (word == 'GBDT')), key=self.wql)

    def interval(self, method, slot, rng):
        """Of the ratio to the method: 95 % by resampling blocks of six hours."""
        block = max(BLOCK_S // slot // self.every, 1)
        ours, theirs = self.sums('larder'), self.sums(method)
        count = len(ours) // block
        ours, theirs = (x[:count * block].reshape(count, block).sum(1) for x in (ours, theirs))
        drawn = rng.integers(0, count, (1000, count))
        return np.quantile(ours[drawn].sum(1) / theirs[drawn].sum(1), (0.025, 0.975))

    def coverage_error(self):
        return max(coverage_error(*self.all, level) for level in COVERED)


def coverage_error(demand, said, level):
    """Two-sided for the keys where nothing comes more rarely than the level says, else against too little only."""
    which = list(LEVELS).index(level)
    sides = {True: [], False: []}
    for key, values in demand.items():
        sides[bool((values == 0).mean() < level)].append(covers(values, said[key])[:, which])
    both, one = (np.concatenate(part).mean() if part else level for part in (sides[True], sides[False]))
    return max(abs(both - level), level - one)


def run_trace(folder, row, work, options):
    name, slot, _, _, refit_days, words = row
    path = os.path.join(folder, name + '.csv.xz')
    part_s = part_of(row, options.validation)
    first = part_s[0] // slot
    whole = read_slots(path, slot, None)
    slots = read_slots(path, slot, part_s[1])
    least = DENSE if 'sparse' not in words else SPARSE
    report.say('larder-backtest on ' + name)
    forecasts, scores = backtest(path, slot, part_s, least, os.path.join(work, name))
    groups = []
    report.say('ETS, ARIMA, MSTL, Prophet, ADIDA, IMAPA on ' + name)
    keys = [key for word in words for key in group_keys(whole, word) if key in slots]
    points = kept(options.keep, library_points, slots, keys, slot, first - 1)
    for word in words:
        for length_s in LENGTHS:
            report.say('peers on %s %s, %s' % (name, word, LENGTHS[length_s]))
            series = [peers.Series(k, slots[k], slot, length_s // slot) for k in group_keys(whole, word) if k in slots]
            part = forecasts[forecasts['length'] == length_s]
            larder = {s.key: part.loc[part['key'] == s.key, list(LEVELS)].to_numpy() for s in series}
            group = Group('%s %s' % (name.split('-')[0], word), length_s, series, first - 1, larder, options.every)
            rows = kept(options.keep, ask_peers, group, refit_days, points)
            for method, said in rows.items():
                group.add(method, said)
            groups.append(group)
            show(group, slot)
    return groups, scores, whole, slots, first


def kept(keep, ask, *of):
    """What peers say depends on nothing of Larder's: kept, it need not be computed again."""
    name = hashlib.sha256(ask.__name__.encode())
    for module in (peers, library):
        with open(module.__file__, 'rb') as source:
            name.update(source.read())
    for part in of:
        name.update(part.name_of_peers() if isinstance(part, Group) else pickle.dumps(part))
    path = keep and os.path.join(keep, name.hexdigest() + '.pickle')
    if path and os.path.exists(path):
        return pandas.read_pickle(path)
    rows = ask(*of)
    if path:
        pandas.to_pickle(rows, path)
    return rows


def library_points(slots, keys, slot, first):
    """{key: {method: {length in slots: point forecasts}}}"""
    tasks = [(slots[key], slot, [length // slot for length in LENGTHS], first) for key in keys]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        return dict(zip(keys, pool.map(library.points_of, tasks)))


def ask_peers(group, refit_days, points):
    rows = {}
    for series in group.series:
        said = {name: part[series.length] for name, part in points[series.key].items()}
        for method, quantiles in peers.classics(series, group.tests[series.key], said).items():
            rows.setdefault(method, {})[series.key] = quantiles
    for method, said in peers.gbdt(group.series, group.first, refit_days).items():
        rows[method] = {key: quantiles[::group.every] for key, quantiles in said.items()}
    return rows


def show(group, slot):
    rng = np.random.default_rng(1)
    print('\n%s over %s: larder %.4f, coverage error %.4f' % (group.name, LENGTHS[group.length], group.wql('larder'),
                                                             group.coverage_error()))
    for word in ('classic', 'GBDT'):
        method = group.best(word)
        low, high = group.interval(method, slot, rng)
        print('  %-36s %.4f  ratio %.3f (%.3f–%.3f)' % (method, group.wql(method),
                                                        group.wql('larder') / group.wql(method), low, high), flush=True)


# ---- pools ----

def static_idle(demand, share):
    """Average idle of the least static pool that serves this share; the clock is that of larder-backtest."""
    low, high = 0, 1
    while play(demand, high)[0] < share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if play(demand, middle)[0] >= share else (middle, high)
    return play(demand, high)[1]


def play(demand, size):
    ready, coming, served, idle = size, [0.0] * (len(demand) + 3), 0.0, 0.0
    for i, value in enumerate(demand):
        taken = min(value, ready)
        served += taken
        idle += ready - taken / 2
        ready += coming[i] - taken
        coming[i + 2] += taken
    return served / max(demand.sum(), 1), idle / len(demand)


def pools(scores, slots, keys, first):
    rows = scores[(scores['policy'] == 'larder') & scores['key'].isin(keys)]
    share = rows['served'].sum() / rows['demand'].sum()
    worst = (rows['served'] / rows['demand']).min()
    idle = (rows['idle'] / rows['hours']).sum()
    static = sum(static_idle(slots[key][first:], share) for key in keys)
    return share, worst, idle / static


# ---- doubled demand ----

def doubled_error(folder, work, validation):
    """Coverage over an hour in the two days after the demand of Azure's dense keys doubles."""
    name, slot = TRACES[0][:2]
    first_s, until_s = part_of(TRACES[0], validation)
    rows = pandas.read_csv(os.path.join(folder, name + '.csv.xz'))
    rows.loc[rows['time'] >= first_s, 'count'] *= 2
    path = os.path.join(work, 'doubled.csv')
    rows.to_csv(path, index=False)
    forecasts, _ = backtest(path, slot, (first_s, until_s), 2 * DENSE, os.path.join(work, 'doubled'))
    part = forecasts[(forecasts['length'] == 3600) & (forecasts['origin'] < (first_s + 2 * DAY_S) // slot) &
                     (forecasts['key'] != 'total')]
    demand = {key: rows['demand'].to_numpy() for key, rows in part.groupby('key')}
    said = {key: rows[list(LEVELS)].to_numpy() for key, rows in part.groupby('key')}
    return max(coverage_error(demand, said, level) for level in COVERED)


def main():
    parser = argparse.ArgumentParser(prog='tests/bench/run forecast')
    parser.add_argument('--traces', metavar='DIR', default=os.path.join(os.path.dirname(__file__), '../../../shared/data'))
    parser.add_argument('--every', type=int, default=1, metavar='N',
                        help='compare losses on each N-th origin only, the same for all (1)')
    parser.add_argument('--validation', action='store_true',
                        help='score the part before the test part, and look at nothing of the latter')
    parser.add_argument('--keep', metavar='DIR', help='keep what the peers say here, and take it from here the next time')
    parser.add_argument('--json', metavar='FILE')
    options = parser.parse_args()
    speed = json.loads(subprocess.run([os.path.join(os.environ['LARDER_BUILD_DIR'], 'tests/bench/forecast')], check=True,
                                      stdout=subprocess.PIPE).stdout)
    groups, hits, more = [], [], {}
    with tempfile.TemporaryDirectory() as work:
        for row in TRACES:
            found, scores, whole, slots, first = run_trace(options.traces, row, work, options)
            groups += found
            word = {'azure-vm-2017': 'dense', 'alibaba-openb-2023': 'total'}.get(row[0])
            if word:
                share, worst, idle = pools(scores, slots, group_keys(whole, word), first)
                print('\n%s %s: hit rate %.4f (worst key %.4f), idle %.3f of the static pool' % (row[0], word, share, worst,
                                                                                              idle), flush=True)
                hits.append(share)
                more['idle_ratio_' + row[0].split('-')[0]] = idle
        report.say('demand doubles')
        doubled = doubled_error(options.traces, work, options.validation)
    found = measures(groups, hits, more, doubled, speed)
    report.write(options.json, found, more)
    raise SystemExit(report.verdict(found) > 0)


def measures(groups, hits, more, doubled, speed):
    classic = [g.wql('larder') / g.wql(g.best('classic')) for g in groups]
    trees = [g.wql('larder') / g.wql(g.best('GBDT')) for g in groups]
    for group, one, two in zip(groups, classic, trees):
        word = '%s_%s' % (group.name.replace(' ', '_'), LENGTHS[group.length])
        more.update({'wql_' + word: group.wql('larder'), 'wql_ratio_' + word: one, 'wql_gbdt_ratio_' + word: two})
    errors = {length: max(g.coverage_error() for g in groups if g.length == length) for length in LENGTHS}
    more['coverage_error_1h_plain'], more['coverage_error_1h_doubled'] = errors[3600], doubled
    return {'wql_ratio': float(np.exp(np.mean(np.log(classic)))), 'wql_ratio_worst': max(classic),
            'wql_gbdt_ratio_worst': max(trees), 'coverage_error_10m': errors[600],
            'coverage_error_1h': max(errors[3600], doubled), 'hit_rate_low': min(hits), 'hit_rate_high': max(hits),
            'idle_ratio': more['idle_ratio_azure'], **speed}


if __name__ == '__main__':
    main()
