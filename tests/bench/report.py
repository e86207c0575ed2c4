# SPDX-License-Identifier: Apache-2.0
"""What a benchmark prints and writes: a table of cases, the measures with their bars, and a flat JSON object."""
import json
import statistics
import time

BARS = {    # measure: at most
    'bfv_ratio': 0.25, 'bfv_cached_ratio': 0.60, 'bfv_floor_ratio': 1.00, 'image_ratio': 0.75,
    'burst_ratio': 0.35, 'burst_floor_ratio': 1.10,
    'yield_s': 3,
    'attacks_through': 0,
    'filter_ms_p50': 5, 'filter_ms_p99': 20, 'hook_down_ms_p99': 120, 'hook_open_ms_p99': 1,
    'wql_ratio': 0.90, 'wql_ratio_worst': 0.98, 'wql_gbdt_ratio_worst': 0.97, 'coverage_error_10m': 0.005,
    'coverage_error_1h': 0.01, 'hit_rate_high': 0.995, 'idle_ratio': 0.75, 'refit_ms': 20, 'bytes_per_series': 8192,
    'plan_s_10k': 2, 'bus_lost': 0,
    'replay_double': 0, 'replay_failed': 0,
    'claim_ms_p99': 15, 'rss_mib': 48, 'rss_growth_mib': 1,
}
LEAST = {'hit_rate_low': 0.989, 'forecasts_per_s': 20000, 'bus_share': 0.4, 'replay_hit_rate': 0.9,
         'claims_share': 0.5, 'attacks_tried': 40}    # measure: at least
BEGAN = time.monotonic()


def say(text):
    print('%7.1fs  %s' % (time.monotonic() - BEGAN, text), flush=True)


def percentile(values, percent):
    """The smallest value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def table(title, unit, cases):
    """cases: {name: values}."""
    print('\n%-34s %4s %9s  %s' % (title, 'n', 'median', 'min–max, ' + unit))
    for name, values in cases.items():
        if values:
            median = statistics.median(values)
            print('%-34s %4d %9.3f  %.3f–%.3f' % (name, len(values), median, min(values), max(values)))


def ratio(numerator, denominator):
    return statistics.median(numerator) / statistics.median(denominator)


def verdict(measures):
    """Prints the measures beside their bars; how many bars are missed."""
    print('\n%-20s %9s %7s' % ('measure', 'value', 'bar'))
    missed = 0
    for name, value in measures.items():
        bar = LEAST.get(name, BARS.get(name))
        short = value < bar if name in LEAST else value > bar
        missed += short
        print('%-20s %9.3f %7.2f  %s' % (name, value, bar, 'MISSED' if short else 'met'))
    print('\n%d bars met, %d missed' % (len(measures) - missed, missed))
    return missed


def write(path, measures, more):
    if path:
        with open(path, 'w') as f:
            json.dump({**measures, **more}, f, indent=1)
            f.write('\n')
