# SPDX-License-Identifier: Apache-2.0
"""The peers of Larder's forecasts: classic ones, and gradient boosting (LightGBM).

Each gives quantiles for every origin of the test part, as an array (origins, levels), from what was seen before each.
Classic are empirical quantiles (of the same time of the last 14 days; of the last days), a negative binomial around an
EWMA, and point forecasts with the quantiles of their last week's errors around them (split conformal, over a window that
moves with the origin), errors as they are and of log1p: EWMA, seasonal means, TSB, Croston's method, and those of
forecast_library.py. The best of them all is chosen for each row in hindsight.
"""
import lightgbm
import numpy as np

LEVELS = np.array([0.5, 0.9, 0.95, 0.99, 0.995])
TREES = {'objective': 'quantile', 'learning_rate': 0.03, 'num_leaves': 15, 'min_data_in_leaf': 60,
         'feature_fraction': 0.5, 'bagging_fraction': 0.7, 'bagging_freq': 1, 'verbose': -1, 'num_threads': 1, 'seed': 1}
ROUNDS = 150
HISTORY_DAYS = 30


class Series:
    """Demand of a key in slots; its windows of `length` slots behind each origin."""

    def __init__(self, key, slots, slot_s, length):
        self.key, self.y, self.length, self.count = key, slots, length, len(slots)
        self.day, self.hour = 86400 // slot_s, 3600 // slot_s
        self.sums = np.concatenate([[0], np.cumsum(slots)])
        self.origins = np.arange(self.count - length)
        self.z = np.full(self.count, np.nan)
        self.z[:self.count - length] = self.window(self.origins + 1)

    def window(self, start, length=None):
        length = self.length if length is None else length
        return (self.sums[np.clip(start + length, 0, self.count)] - self.sums[np.clip(start, 0, self.count)])

    def mean(self, half_life):
        """Exponentially weighted mean demand of a slot, after each."""
        keep = 0.5 ** (1 / half_life)
        out, total, weight = np.zeros(self.count), 0.0, 0.0
        for i, value in enumerate(self.y):
            total, weight = total * keep + value, weight * keep + 1
            out[i] = total / weight
        return out


# ---- classic ----

def naive(series, tests, days=14):
    windows = [series.window(tests + 1 - back * series.day) for back in range(1, days + 1)]
    return np.quantile(np.array(windows), LEVELS, axis=0).T


def recent(series, tests, slots):
    """Quantiles of the windows of the last slots: those that had ended at each origin."""
    return np.array([np.quantile(series.z[max(t - series.length - slots, 0):t - series.length + 1], LEVELS)
                     for t in tests])


def conformal(series, tests, point, log, slots):
    """A point forecast with the quantiles of its last errors around it."""
    forward, back = (np.log1p, np.expm1) if log else (np.asarray, np.asarray)
    said = forward(point)
    errors = forward(series.z) - said
    out = np.array([said[t] + np.quantile(errors[max(t - series.length - slots, 0):t - series.length + 1], LEVELS)
                    for t in tests])
    return np.maximum(back(out), 0)


def negative_binomial(series, tests, half_life):
    """EWMA of level and variance; the gamma-Poisson's quantiles by simulation of one common sample."""
    rng = np.random.default_rng(1)
    level = series.mean(half_life)[tests] * series.length + 1e-4
    errors = np.nan_to_num((series.z - series.mean(half_life) * series.length) ** 2)
    usual = Series(series.key, errors, 86400 // series.day, 1).mean(half_life)
    variance = np.maximum(usual[tests - series.length], level * 1.0001)
    shape = level ** 2 / (variance - level)
    rows = [np.quantile(rng.poisson(rng.gamma(r, m / r, 2000)), LEVELS) for r, m in zip(shape, level)]
    return np.array(rows)


def intermittent(series, alpha, beta):
    """TSB (Teunter, Syntetos, Babai 2011): probability of demand and its size, smoothed apart."""
    chance, size = 0.1, max(series.y[:series.day].mean(), 1e-3)
    out = np.zeros(series.count)
    for i, value in enumerate(series.y):
        chance += beta * ((value > 0) - chance)
        if value > 0:
            size += alpha * (value - size)
        out[i] = chance * size * series.length
    return out


def croston(series, alpha):
    """Croston 1972 with the correction of Syntetos and Boylan 2005."""
    size, gap, since = max(series.y[:series.day].mean(), 1e-3), 1.0, 0
    out = np.zeros(series.count)
    for i, value in enumerate(series.y):
        since += 1
        if value > 0:
            size, gap, since = size + alpha * (value - size), gap + alpha * (since - gap), 0
        out[i] = (1 - alpha / 2) * size / gap * series.length
    return out


def classics(series, tests, library):
    """`library`: more point forecasts, {name: demand of the window behind each origin}."""
    week, day = 7 * series.day, series.day
    rows = {'seasonal naive': naive(series, tests)}
    for days in (1, 4, 7):
        rows['last %d days' % days] = recent(series, tests, days * day)
    for half_life in (series.hour, day // 2, 2 * day):
        rows['EWMA NB %d' % half_life] = negative_binomial(series, tests, half_life)
    season = np.mean([series.window(np.arange(series.count) + 1 - back * day) for back in range(1, 8)], axis=0)
    points = {'EWMA %d' % h: series.mean(h) * series.length for h in (series.hour, 3 * series.hour, day)}
    points.update({'TSB': intermittent(series, 0.1, 0.05), 'Croston SBA': croston(series, 0.1), 'seasonal mean': season, **library})
    for name, point in points.items():
        for log in (False, True):
            rows['%s, conformal%s' % (name, ', log1p' if log else '')] = conformal(series, tests, point, log, week)
    return rows


# ---- gradient boosting ----

def features(series):
    t = np.arange(series.count)
    columns = [np.log1p(series.mean(h) * series.length) for h in (2, 6, 12, 36, 144, 576, 2016)]
    columns += [np.log1p(np.concatenate([np.zeros(i), series.y[:series.count - i]])) for i in range(3)]
    first = -(-series.length // series.hour)
    hours = np.array([np.log1p(series.window(t + 1 - (first + i) * series.hour)) for i in range(24)])
    days = np.array([np.log1p(series.window(t + 1 - i * series.day)) for i in range(1, 15)])
    columns += [*hours[:3], hours[:6].mean(0), hours.mean(0), *days[[0, 1, 2, 6]], days[:7].mean(0), days.mean(0),
                days[:7].max(0), days[:7].std(0)]
    for period, count in ((series.day, 3), (series.hour, 3), (7 * series.day, 2)):
        for i in range(1, count + 1):
            angle = 2 * np.pi * i * ((t + 1) % period) / period
            columns += [np.sin(angle), np.cos(angle)]
    return np.array(columns).T


def boosted(train_x, train_z, test_x, category=False):
    rows = []
    for level in LEVELS:
        data = lightgbm.Dataset(train_x, train_z, categorical_feature=[train_x.shape[1] - 1] if category else 'auto')
        rows.append(lightgbm.train({**TREES, 'alpha': level}, data, ROUNDS).predict(test_x))
    return np.maximum(np.maximum.accumulate(np.expm1(np.array(rows).T), axis=1), 0)


def rows_before(series, first, step=1):
    """Origins whose windows had ended before `first`, of the last month."""
    return np.arange(max(3 * series.day, first - HISTORY_DAYS * series.day), first - series.length, step)


def adaptive(series, tests, quantiles, gain=0.02):
    """Adaptive conformal inference on the logarithm, from what had come out at each origin."""
    logs, shift, out = np.log1p(quantiles), np.zeros(len(LEVELS)), np.empty_like(quantiles)
    spread = np.maximum(logs[:, 2] - logs[:, 0], 0.1)
    for i in range(len(tests)):
        if i >= series.length:
            j = i - series.length
            shift += gain * (LEVELS - (series.z[tests[j]] <= out[j]))
        out[i] = np.expm1(np.maximum(logs[i] + shift * spread[i], 0))
    return out


def gbdt(group, first, refit_days):
    """Per key and global, each plain and conformal; fitted anew every `refit_days`: {name: {key: quantiles}}."""
    out = {'GBDT per key': {}, 'GBDT global': {}}
    made = {s.key: features(s) for s in group}
    tests = {s.key: s.origins[s.origins >= first] for s in group}
    for s in group:
        step = refit_days * s.day
        parts = []
        for start in range(first, s.count - s.length, step):
            seen, asked = rows_before(s, start), tests[s.key]
            asked = asked[(asked >= start) & (asked < start + step)]
            parts.append(boosted(made[s.key][seen], np.log1p(s.z[seen]), made[s.key][asked]))
        out['GBDT per key'][s.key] = np.concatenate(parts)
    if len(group) > 1:
        thin = max(1, len(group) // 4)
        x, z = [], []
        for number, s in enumerate(group):
            seen = rows_before(s, first, thin)
            x.append(np.c_[made[s.key][seen], np.full(len(seen), number)])
            z.append(np.log1p(s.z[seen]))
        asked = np.concatenate([np.c_[made[s.key][tests[s.key]], np.full(len(tests[s.key]), n)]
                                for n, s in enumerate(group)])
        said = boosted(np.concatenate(x), np.concatenate(z), asked, True)
        for s, part in zip(group, np.split(said, np.cumsum([len(tests[s.key]) for s in group])[:-1])):
            out['GBDT global'][s.key] = part
    else:
        del out['GBDT global']
    for name in list(out):
        out[name + ', conformal'] = {s.key: adaptive(s, tests[s.key], out[name][s.key]) for s in group}
    return out
