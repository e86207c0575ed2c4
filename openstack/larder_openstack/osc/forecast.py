# SPDX-License-Identifier: Apache-2.0
"""openstack larder forecast list|show"""
import calendar
import shutil
import time

from osc_lib import exceptions
from osc_lib.command import command

from larder_openstack.osc import chart
from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain, Seconds

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
HEIGHT = 12


class Demand(columns.Plain):
    """A number of items, with a fraction where there are few."""

    def human_readable(self):
        return '-' if self._value is None else '%.0f' % self._value if self._value >= 100 else '%.2f' % self._value


def _quantile(level):
    return lambda forecast: next((each['demand'] for each in forecast.get('quantiles', ())
                                  if abs(each['level'] - level) < 1e-9), None)


NUMBERS = (('Mean', 'mean', Demand),) + tuple(('%g %%' % (level * 100), _quantile(level), Demand) for level in LEVELS)
LIST = (('Of', 'subject', Plain), ('ID', 'subject_id', Plain), ('Length', 'length', Seconds)) + NUMBERS + (
    ('From', 'from', Plain),)
SHOW = (('Length', 'length', Seconds), ('From', 'from', Plain)) + NUMBERS + (
    ('Made At', 'made_at', Plain), ('Model', 'model_version', Plain))


def _time(text):
    return calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))


def _clock(seconds):
    return time.strftime('%H:%M', time.gmtime(seconds))


def totals(answer, length):
    """The last day in intervals of 'length' seconds up to now, oldest first: what was seen in each; None where something
    of it was not watched."""
    until = _time(answer['slots_until'])
    bars = [0] * ((until - _time(answer['slots_from'])) // length)
    for slot in answer['slots']:
        index = len(bars) - 1 - (until - 1 - _time(slot['start'])) // length
        if index >= 0:
            bars[index] = None if slot['gap'] or bars[index] is None else bars[index] + slot['demand']
    return bars


def plot(answer, forecast, width, plain=False):
    """The chart of one forecast, as text."""
    quantiles = {level: _quantile(level)(forecast) for level, _, _ in chart.BANDS}
    quantiles = {level: demand for level, demand in quantiles.items() if demand is not None}
    length, begin = forecast['length'], _time(forecast['from'])
    bars, until = totals(answer, length), _time(answer['slots_until'])
    lines, shown, now = chart.draw(bars, quantiles, width, HEIGHT, plain)
    name = ('series ' if forecast['subject'] == 'series' else '') + forecast['subject_id']
    return '\n'.join(lines + [
        chart.axis(_clock(until - length * shown), _clock(until), now),
        '%s in each %d s (UTC), and what is forecast from %s to %s:' % (name, length, _clock(begin), _clock(begin + length)),
        chart.legend(quantiles, plain)])


class ListForecast(command.Lister):
    """List the newest forecasts: of series, flavors and resources"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        forecasts = self.app.client_manager.larder.list('forecasts', parsed_args.limit, parsed_args.marker)
        return columns.listed(forecasts, LIST)


class ShowForecast(command.Lister):
    """Show what is forecast of a pool, series, flavor or resource: with which probability how much at most"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        subject = parser.add_mutually_exclusive_group(required=True)
        subject.add_argument('--pool', metavar='<pool>', help='Of this pool (ID)')
        subject.add_argument('--series', type=int, metavar='<series>', help='Of this series (a number)')
        subject.add_argument('--flavor', metavar='<flavor>', help='Of this flavor (ID), over all zones and projects')
        subject.add_argument('--resource', metavar='<resource>',
                             help='Of VCPU, MEMORY_MB, DISK_GB, addresses, ports, volumes or gigabytes')
        parser.add_argument('--plot', action='store_true',
                            help='Draw the last day and the forecast behind it (the one of --length)')
        parser.add_argument('--length', type=int, metavar='<seconds>', help='Only the forecast for so long')
        return parser

    def take_action(self, parsed_args):
        answer = self.app.client_manager.larder.get(
            '/forecasts', pool_id=parsed_args.pool, series_id=parsed_args.series, flavor=parsed_args.flavor,
            resource=parsed_args.resource)
        forecasts = [each for each in answer['forecasts'] if parsed_args.length in (None, each['length'])]
        if not forecasts:
            raise exceptions.CommandError('There is no such forecast (yet): the first one comes at the end of the slot in '
                                          'which something was seen')
        if parsed_args.plot:
            self._plot(answer, forecasts[-1])
        return columns.listed(forecasts, SHOW)

    def _plot(self, answer, forecast):
        out = self.app.stdout
        plain = 'utf' not in (getattr(out, 'encoding', None) or 'utf-8').lower()
        out.write(plot(answer, forecast, shutil.get_terminal_size().columns, plain) + '\n')
