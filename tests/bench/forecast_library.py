# SPDX-License-Identifier: Apache-2.0
"""The classic methods as libraries have them: statsforecast's AutoETS, AutoARIMA, MSTL, ADIDA and IMAPA; Prophet.

Each is selected and fitted by its library on the last four weeks (AutoARIMA and MSTL, which take longest: two), as slots
are and on log1p: once a week before the test part, so that the errors from which conformal intervals are drawn are of
forecasts at its beginning, too, once where it begins, and once in its middle. In between parameters stay and the state
follows each slot, so every origin has a forecast of its own: ETS and ARIMA by the recursions of their models (what the
library's `forward` does, for all origins at once), MSTL by the seasonal pattern of the last fit around an ETS of what is
left, Prophet by its curve, without a trend, which it would carry on. ADIDA and IMAPA, which have nothing to fit but a
smoothing constant, are computed anew at each origin from the last week. AutoETS and AutoARIMA are without seasons (a day
of slots is longer than they take); MSTL has that of the day, Prophet also that of the week.
"""
import logging
import warnings

import numpy as np
import pandas
from scipy.signal import lfilter

warnings.filterwarnings('ignore')
logging.disable(logging.ERROR)

from prophet import Prophet    # noqa: E402, after the warnings about what it lacks are off
from statsforecast.models import ADIDA, IMAPA, AutoARIMA, AutoETS    # noqa: E402
from statsforecast.mstl import mstl    # noqa: E402

FIT_DAYS, SHORT_DAYS, WEEK_DAYS = 28, 14, 7
MONDAY = pandas.Timestamp('2020-01-06')


class Key:
    """Point forecasts of one key: {method: {length: demand of the window behind each origin}}; NaN before the first."""

    def __init__(self, y, slot_s, lengths, first):
        self.y, self.day, self.slot_s, self.lengths = y, 86400 // slot_s, slot_s, lengths
        self.lead = max(first - WEEK_DAYS * self.day - max(lengths), 3 * self.day)
        self.fits = [self.lead, first, (first + len(y)) // 2]

    def points(self):
        out = {}
        for log in (False, True):
            y = np.log1p(self.y) if log else self.y
            for name, method in (('AutoETS', self.ets), ('AutoARIMA', self.arima), ('MSTL', self.mstl), ('Prophet', self.prophet)):
                out[name + (' of log1p' if log else '')] = self.windows(lambda seen, until: method(y, seen, until), log)
        for name, model in (('ADIDA', ADIDA()), ('IMAPA', IMAPA())):
            out[name] = self.rates(model)
        return out

    def windows(self, method, log):
        """Sums the slots' forecasts; origins from one fit to the next."""
        out = {length: np.full(len(self.y), np.nan) for length in self.lengths}
        for seen, until in zip(self.fits, [*self.fits[1:], len(self.y)]):
            steps = method(seen, until)    # (origins, slots ahead)
            steps = np.expm1(np.minimum(steps, 25)) if log else steps
            for length in self.lengths:
                out[length][seen:until] = np.maximum(steps[:, :length].sum(1), 0)
        return out

    def rates(self, model):
        rate, week = np.full(len(self.y), np.nan), WEEK_DAYS * self.day
        for t in range(self.lead, len(self.y)):
            seen = self.y[max(t + 1 - week, 0):t + 1]
            rate[t] = model.forecast(seen, 1)['mean'][0] if seen.any() else 0
        return {length: rate * length for length in self.lengths}

    # Each is fitted on what origin `seen` knows, and forecasts from the origins [seen, until).

    def ets(self, y, seen, until):
        start = max(seen + 1 - FIT_DAYS * self.day, 0)
        return self.smoothed(y[start:until], seen - start)

    def smoothed(self, y, seen):
        model = AutoETS(season_length=1, model='ZZN').fit(y[:seen + 1]).model_
        alpha, beta, phi = (0 if np.isnan(v) else v for v in (model['par'][0], model['par'][1], model['par'][3]))
        trended = model['components'][1] != 'N'
        phi = phi if trended and phi else float(trended)
        state = model['states'][0]
        level, slope = state[0], state[1] if trended else 0.0
        ahead = np.cumsum(phi ** np.arange(1, max(self.lengths) + 1))
        out = np.empty((len(y), max(self.lengths)))
        for t, value in enumerate(y):
            error = value - level - phi * slope
            level, slope = level + phi * slope + alpha * error, phi * slope + beta * error
            out[t] = level + ahead * slope
        return out[seen:]

    def arima(self, y, seen, until):
        start = max(seen + 1 - SHORT_DAYS * self.day, 0)
        y, seen = y[start:until], seen - start
        if not y[:seen + 1].any():
            return np.zeros((len(y) - seen, max(self.lengths)))
        model = AutoARIMA(season_length=1, approximation=True).fit(y[:seen + 1]).model_
        p, q, _, _, _, d, _ = model['arma']
        coefs = model['coef']
        ar, ma = [coefs['ar%d' % (i + 1)] for i in range(p)], [coefs['ma%d' % (i + 1)] for i in range(q)]
        return arima_ahead(y, d, ar, invertible(ma), coefs.get('intercept', coefs.get('drift', 0.0)), max(self.lengths))[seen:]

    def mstl(self, y, seen, until):
        start = max(seen + 1 - SHORT_DAYS * self.day, 0)
        parts = mstl(y[start:seen + 1], [self.day])
        name = next(c for c in parts.columns if c.startswith('seasonal'))
        last = np.asarray(parts[name])[-self.day:]
        most = max(self.lengths)
        # The last day goes on as it was; what is before it, as decomposed.
        ahead = np.tile(last, (until + most - seen) // self.day + 2)
        season = np.concatenate([np.asarray(parts[name]), ahead])
        left = self.smoothed(y[start:until] - season[:until - start], seen - start)
        places = np.arange(seen, until)[:, None] - start + 1 + np.arange(most)
        return left + season[places]

    def prophet(self, y, seen, until):
        start = max(seen + 1 - FIT_DAYS * self.day, 0)
        times = MONDAY + pandas.to_timedelta(np.arange(start, until + max(self.lengths)) * self.slot_s, unit='s')
        model = Prophet(growth='flat', daily_seasonality=True, weekly_seasonality=True, uncertainty_samples=0)
        model.fit(pandas.DataFrame({'ds': times[:seen + 1 - start], 'y': y[start:seen + 1]}))
        said = model.predict(pandas.DataFrame({'ds': times[seen + 1 - start:]}))['yhat'].to_numpy()
        places = np.arange(until - seen)[:, None] + np.arange(max(self.lengths))
        return said[np.minimum(places, len(said) - 1)]


def points_of(task):
    return Key(*task).points()


def invertible(ma):
    """The moving average of the same autocorrelations whose errors follow from the past (Box, Jenkins 1970, 6.4.1)."""
    if not np.any(ma):
        return []
    inverse = 1 / np.roots([*ma[::-1], 1.0])
    inverse = np.where(np.abs(inverse) > 1, 1 / np.conj(inverse), inverse)
    return list(np.real(np.poly(inverse * np.where(np.abs(inverse) > 0.999, 0.999, 1)))[1:])


def arima_ahead(y, d, ar, ma, constant, most):
    """Forecasts 1 to `most` steps ahead from each origin, by conditional sums of squares (Box, Jenkins 1970, 5.1)."""
    w = np.diff(y, d, prepend=np.full(d, y[0])) - constant if d else y - constant
    errors = lfilter([1, *(-np.array(ar))], [1, *ma], w)
    said = []    # of the differences, by steps ahead
    for step in range(1, most + 1):
        value = np.zeros(len(y))
        for i, weight in enumerate(ar, 1):
            value += weight * (said[step - i - 1] if i < step else shifted(w, i - step))
        for i, weight in enumerate(ma, 1):
            if i >= step:
                value += weight * shifted(errors, i - step)
        said.append(value)
    steps = np.array(said).T + constant
    for i in range(d):
        level = np.diff(y, d - 1 - i, prepend=np.full(d - 1 - i, y[0])) if d - 1 - i else y
        steps = level[:, None] + np.cumsum(steps, axis=1)
    return steps


def shifted(values, back):
    return np.concatenate([np.zeros(back), values[:len(values) - back]])
