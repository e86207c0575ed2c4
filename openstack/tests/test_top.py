# SPDX-License-Identifier: Apache-2.0
"""openstack larder top and member list: what is counted, what is shown, on a terminal and in a pipe."""
import contextlib
import datetime
import os
import pty
import re
import subprocess
import sys
import textwrap
import time
import types
import unittest
import urllib.parse
from unittest import mock

from larder_openstack.osc import member, top, watched
from tests import test_osc

NOW = 1_800_000_000.0


def at(age):
    return datetime.datetime.fromtimestamp(NOW - age, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def row(id_, age, outcome='hit', pool='p1', kind='port', seconds=0.1, reason=None):
    return {'id': id_, 'at': at(age), 'kind': kind, 'outcome': outcome, 'pool_id': pool, 'seconds': seconds,
            'reason': reason if reason or outcome == 'hit' else 'no-item'}


def pool(id_='p1', kind='port', lead_time=2.0, target=3, **items):
    key = {'project_id': 'demo', 'network_id': 'net1'} if kind == 'port' else {'image_id': 'image1', 'size': 1}
    return {'id': id_, 'kind': kind, 'state': 'active', 'target': target, 'goal': target, 'lead_time': lead_time,
            'items': dict({'wanted': 0, 'creating': 1, 'ready': 2, 'claimed': 0, 'releasing': 0, 'failed': 0}, **items),
            'key': key}


class WatchedTest(unittest.TestCase):
    def test_each_row_is_counted_once_and_leaves_the_window(self):
        demand = watched.Demand(60)
        first = [row(3, 5), row(2, 20, 'miss'), row(1, 100)]
        demand.update(first, NOW)
        self.assertEqual([2, 3], [each['id'] for each in demand.rows])
        demand.update([row(4, 0)] + first, NOW)
        self.assertEqual([2, 3, 4], [each['id'] for each in demand.rows])
        demand.update([], NOW + 57)
        self.assertEqual([4], [each['id'] for each in demand.rows])

    def test_reading_ends_at_what_is_known(self):
        demand = watched.Demand(600)
        demand.update([row(5, 1)], NOW)

        def endless():
            yield row(6, 0)
            yield row(5, 1)
            raise AssertionError('it reads on')
        demand.update(endless(), NOW)
        self.assertEqual([5, 6], [each['id'] for each in demand.rows])

    def lines(self, pools, rows):
        demand = watched.Demand(600)
        demand.update(sorted(rows, key=lambda each: -each['id']), NOW)
        made = watched.lines(pools, demand)
        return made, watched.Total(made, demand)

    def test_a_port_saves_what_a_miss_took(self):
        (line,), total = self.lines([pool()], [row(1, 9, 'miss', seconds=1.1), row(2, 8, 'miss', seconds=1.3),
                                               row(3, 7, seconds=0.2), row(4, 6, seconds=5.0)])
        self.assertEqual((2, 2, 0.4), (line.hits, line.misses, line.per_minute))
        self.assertAlmostEqual(1.0, line.saved)     # the slow one saved nothing, and costs nothing
        self.assertEqual(0.5, total.share)

    def test_a_volume_saves_its_lead_time(self):
        (line,), total = self.lines([pool(kind='volume', lead_time=30.0)],
                                    [row(1, 9, 'miss', kind='volume', seconds=0.4), row(2, 8, kind='volume', seconds=1.0)])
        self.assertAlmostEqual(29.0, line.saved)
        self.assertAlmostEqual(29.0, total.saved)

    def test_misses_without_a_pool_are_misses_all_the_same(self):
        _, total = self.lines([], [row(1, 1, 'miss', pool=None, reason='no-claim')])
        self.assertEqual((0, 1, 0.0), (total.hits, total.misses, total.share))
        self.assertEqual([('no-claim', 1)], total.reasons.most_common())

    def test_the_busiest_first_and_the_idle_not_at_all(self):
        idle = pool('idle', target=0, creating=0, ready=0)
        made, _ = self.lines([pool('a'), pool('b'), idle], [row(1, 1, pool='b')])
        self.assertEqual(['b', 'a'], [line.id for line in made])


class TopTest(test_osc.CommandCase):
    def setUp(self):
        super().setUp()
        self.asked = []
        self.app.client_manager.sdk_connection = mock.Mock()
        connection = self.app.client_manager.sdk_connection
        connection.network.get_network.side_effect = lambda id_: self.asked.append(id_) or types.SimpleNamespace(name=None)
        connection.identity.get_project.side_effect = RuntimeError('forbidden')
        now = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
        self.bodies = {
            'demand': [dict(row(2, 0), at=now), dict(row(1, 0, 'miss', seconds=2.0), at=now)],
            'pools': [pool()],
            'forecasts': [{'length': 3600, 'mean': 30.0}, {'length': 300, 'mean': 2.54}],
            'members': [{'id': 'm1', 'host': 'h', 'pid': 7, 'state': 'up', 'roles': ['api', 'worker'], 'late_roles': [],
                         'version': '1', 'started_at': at(9), 'seen_at': at(1)},
                        {'id': 'm2', 'host': 'h', 'pid': 8, 'state': 'late', 'roles': ['planner'],
                         'late_roles': ['planner'], 'version': '1', 'started_at': at(9), 'seen_at': at(1)}],
        }

        def answer(method, path, body):
            name = urllib.parse.urlsplit(path).path.rsplit('/', 1)[1]
            return 200, {name: self.bodies[name], 'links': []}
        self.server.answer = answer

    def test_members(self):
        text = self.run_command(member.ListMember)
        self.assertRegex(text, r'm1 +\| h +\| 7 +\| up +\| api, worker +\| - ')
        self.assertRegex(text, r'm2 .* late +\| planner +\| planner ')

    def test_batch(self):
        text = self.run_command(top.Top, '-n', '2', '-d', '0.1')
        looks = text.rstrip('\n').split('\n\n')
        self.assertEqual(4, len(looks))     # two looks of a head and a table
        self.assertIn('1 of 2 processes up', looks[0])
        self.assertIn('1 hits, 1 misses, 50% served, 1.9s saved', looks[0])
        self.assertIn('Items: 2 ready of 3 wanted, 1 in the making', looks[0])
        self.assertIn('Misses: no-item 1', looks[0])
        heading, line = looks[1].splitlines()
        self.assertEqual(heading.split(), list(top.HEADINGS))
        self.assertEqual(['port', 'demo', 'net1', '-', 'active', '0.2', '2.5', '3', '3', '2', '1', '1', '1', '50%', '1.9s'],
                         line.split())

    def test_names_are_asked_for_once(self):
        self.run_command(top.Top, '-n', '3', '-d', '0.1')
        self.assertEqual(['net1'], self.asked)

    def test_long_names_keep_the_columns(self):
        text = top.row_text(('port', 'p' * 50, 'n' * 50, 'probabilistic', 'draining') + ('1',) * 10)
        self.assertEqual(len(top.row_text(top.HEADINGS)) + len('SAVED'), len(text) + len('SAVED'))

    def test_the_wide_unknown_is_a_dash(self):
        self.bodies['pools'] = [pool(kind='volume', lead_time=None)]
        self.bodies['demand'] = []
        self.assertIn('0 hits, 0 misses, - served, - saved', self.run_command(top.Top, '-n', '1'))


TERMINAL = textwrap.dedent('''
    import sys
    from larder_openstack.osc import top
    class View:
        count = 0
        def look(self, now):
            self.count += 1
            return ['look %d' % self.count, top.row_text(top.HEADINGS)] + ['pool %d' % n for n in range(200)]
    top.watch(View(), top.Screen(sys.stdout), None, 0.2)
    print('ended')
''')


class ScreenTest(unittest.TestCase):
    """The terminal is a real one, at the other side of a pseudo-terminal."""

    def read_until(self, fd, wanted, limit=20):
        seen, end = '', time.monotonic() + limit
        while wanted not in seen:
            self.assertLess(time.monotonic(), end, 'no %r in %r' % (wanted, seen[-500:]))
            with contextlib.suppress(OSError):
                seen += os.read(fd, 65536).decode()
        return seen

    def test_it_is_painted_anew_and_q_ends_it(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([sys.executable, '-B', '-c', TERMINAL], stdin=theirs, stdout=theirs,
                                   env=dict(os.environ, COLUMNS='60', LINES='20'))
        self.addCleanup(os.close, ours)
        self.addCleanup(process.kill)
        os.close(theirs)
        seen = self.read_until(ours, 'look 2')
        self.assertIn(top.OTHER_SCREEN, seen)
        first = seen[seen.index(top.HOME):seen.index('look 2')]
        self.assertIn('pool 16', first)
        self.assertNotIn('pool 17', first)      # 20 lines, the last one free
        self.assertLessEqual(max(len(re.sub(r'\033\[[?0-9]*[A-Za-z]', '', line.rstrip('\r')))
                                 for line in first.split('\n')), 60)
        os.write(ours, b'q')
        rest = self.read_until(ours, 'ended')
        self.assertIn(top.SHOW_CURSOR + top.OWN_SCREEN, rest)
        self.assertEqual(0, process.wait(10))


if __name__ == '__main__':
    unittest.main()
