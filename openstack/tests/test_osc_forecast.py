# SPDX-License-Identifier: Apache-2.0
"""The commands for series and forecasts, and the chart in the terminal."""
import json
import os
import unittest
import urllib.parse
from unittest import mock

from osc_lib import exceptions

from larder_openstack.osc import chart, forecast, series
from tests import test_osc

LEVELS = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


def one(length, *demands, subject='flavor', subject_id='m1.small'):
    return {'id': '%s:%d:%s' % (subject, length, subject_id), 'subject': subject, 'subject_id': subject_id, 'length': length,
            'from': '2026-01-31T12:00:00Z', 'made_at': '2026-01-31T12:00:31Z', 'model_version': 3, 'mean': 4.5,
            'variance': 6.0, 'quantiles': [{'level': level, 'demand': demand} for level, demand in zip(LEVELS, demands)]}


def slot(at, demand, gap=False):
    return {'start': '2026-01-31T%s:00Z' % at, 'demand': demand, 'requests': 1, 'gap': gap}


ANSWER = {'slot': 300, 'slots_from': '2026-01-30T12:00:00Z', 'slots_until': '2026-01-31T12:00:00Z', 'links': [],
          'slots': [slot('10:55', 2), slot('11:00', 3), slot('11:30', 5), slot('11:55', 2)],
          'forecasts': [one(600, 1, 2, 3, 4, 5, 6), one(3600, 4, 6, 8, 10, 16, 20)]}


class ForecastTest(test_osc.CommandCase):
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.server.requests[-1][1]).query))

    def test_series(self):
        self.answer({'series': [{'id': 7, 'kind': 'capacity', 'flavor_id': 'm1', 'availability_zone': 'nova'}], 'links': []})
        self.assertEqual('7 capacity m1\n', self.run_command(
            series.ListSeries, '--kind', 'capacity', '-f', 'value', '-c', 'ID', '-c', 'Kind', '-c', 'Flavor'))
        self.assertEqual({'kind': 'capacity', 'limit': '1000'}, self.query())
        self.answer({'series': {'id': 7, 'kind': 'port', 'slot': 300, 'slots': [slot('11:00', 3)]}})
        self.assertIn('demand=3 requests=1', self.run_command(series.ShowSeries, '7'))
        self.assertEqual('/v1/series/7', self.server.requests[-1][1])

    def test_show(self):
        self.answer(ANSWER)
        for arguments, expected in ((['--flavor', 'm1 x&y'], {'flavor': 'm1 x&y'}), (['--series', '7'], {'series_id': '7'}),
                                    (['--pool', 'p'], {'pool_id': 'p'}), (['--resource', 'VCPU'], {'resource': 'VCPU'})):
            rows = json.loads(self.run_command(forecast.ShowForecast, *arguments, '-f', 'json'))
            self.assertEqual(expected, self.query())
            self.assertEqual([(600, 5), (3600, 16)], [(row['Length'], row['99 %']) for row in rows])
        self.assertEqual('60m00s', self.run_command(forecast.ShowForecast, '--flavor', 'x', '--length', '3600').split('|')[13]
                         .strip())
        with self.assertRaisesRegex(exceptions.CommandError, 'no such forecast'):
            self.run_command(forecast.ShowForecast, '--flavor', 'x', '--length', '7')
        for arguments in ([], ['--flavor', 'x', '--pool', 'p'], ['--series', 'x']):
            with self.assertRaises(SystemExit):
                self.run_command(forecast.ShowForecast, *arguments)

    def test_list(self):
        self.answer(ANSWER)
        self.assertEqual('m1.small 4.5 10\n', self.run_command(
            forecast.ListForecast, '-f', 'value', '-c', 'ID', '-c', 'Mean', '-c', '95 %', '--limit', '2').splitlines(True)[1])

    def test_plot_fills_the_terminal_and_no_more(self):
        self.answer(ANSWER)
        for width in (20, 40, 80, 200):
            with mock.patch.dict(os.environ, COLUMNS=str(width)):
                drawn = self.run_command(forecast.ShowForecast, '--flavor', 'x', '--plot').splitlines()[:forecast.HEIGHT]
            self.assertLessEqual(max(map(len, drawn)), width)
            self.assertGreater(max(map(len, drawn)), width - 27)

    def test_plot_shows_bars_band_and_clock(self):
        text = forecast.plot(ANSWER, ANSWER['forecasts'][1], 40)
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith('20 ┤'))
        self.assertIn('█' * chart.BAND_WIDTH, lines[11])
        self.assertTrue(lines[11].endswith('██████'))
        self.assertIn('12:00', lines[12])
        self.assertIn('m1.small in each 3600 s (UTC), and what is forecast from 12:00 to 13:00', text)
        self.assertIn('░ 99 %: 16', text)
        text.encode('utf-8')
        forecast.plot(ANSWER, ANSWER['forecasts'][1], 40, plain=True).encode('ascii')

    def test_totals(self):
        """Bars end where the forecast begins, whatever the clock says; a gap is not a zero."""
        self.assertEqual([0] * 22 + [2, 10], forecast.totals(ANSWER, 3600))
        self.assertEqual([2, 3, 0, 0, 5, 0, 2], forecast.totals(ANSWER, 600)[-7:])
        gap = dict(ANSWER, slots=[slot('10:55', 0, True), slot('11:00', 3)])
        self.assertEqual([None, 3], forecast.totals(gap, 3600)[-2:])
        self.assertEqual('?', chart.draw([None], {0.5: 1}, 20, 4)[0][-1].replace('█', '')[3])


class ChartTest(unittest.TestCase):
    def test_scale(self):
        for bars, top in (([0], '1'), ([1], '1'), ([3], '4'), ([17], '20'), ([99], '100'), ([450], '500'), ([0.3], '1')):
            self.assertEqual(top, chart.draw(bars, {}, 30, 5)[0][0].split()[0])

    def test_bars_in_eighths(self):
        lines, shown, _ = chart.draw([8, 4, 1, 0], {}, 15, 1)
        self.assertEqual((4, '█▄▁'), (shown, lines[0].split('┤')[1]))
        self.assertEqual(3, chart.draw(list(range(50)), {}, 14, 4)[1])


if __name__ == '__main__':
    unittest.main()
